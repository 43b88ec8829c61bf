// <xiaoer-chat>: a chat window in a shadow DOM. README.md, "The widget", tells its attributes, API and events.

import css from "../widget.css";
import { Chat } from "./chat.js";
import { optionsFrom, written, type Options } from "./options.js";

/** Where the widget's file came from; pictures are beside it. */
export const SCRIPT = (document.currentScript as HTMLScriptElement | null)?.src || null;

export class XiaoerChat extends HTMLElement {
  /** Options of a page that makes the element by script; attributes count when there are none. */
  options: Options | null = null;
  chat: Chat | null = null;

  connectedCallback(): void {
    if (this.chat) return;
    const options = (this.options ||= optionsFrom(written(this), SCRIPT));
    if (options.theme !== "auto") this.setAttribute("theme", options.theme);
    this.setAttribute("position", options.position);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const root = this.shadowRoot || this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.chat = new Chat(root, options);
  }

  disconnectedCallback(): void {
    this.chat?.end();
    this.chat = null;
    this.shadowRoot?.replaceChildren();
  }
}
