// <xiaoer-chat server="http://localhost:5005" token="…" open theme="auto|light|dark">
// A chat window in a shadow DOM. See README.md, "The widget", for attributes and events.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { filled, icon, make, randomId } from "./dom.js";
import { Log } from "./log.js";
import { PictureStore } from "./pictures.js";

const here = (name) => new URL(name, import.meta.url).href;

async function parts() {
  const [texts, style] = await Promise.all([
    fetch(here("texts.zh.json")).then((answer) => answer.json()),
    fetch(here("widget.css")).then((answer) => answer.text()),
  ]);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  return { texts, sheet };
}
const loaded = parts();

export class XiaoerChat extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const { texts, sheet } = await loaded;
    if (!this.isConnected) return;
    root.adoptedStyleSheets = [sheet];
    this.texts = texts;
    this.unread = 0;
    this.pending = 0; // own messages whose answer is not in yet
    const server = (this.getAttribute("server") || location.origin).replace(/\/$/, "");
    this.connection = new Connection(server, this.getAttribute("token"));
    this.store = new PictureStore(server, () => this.connection);
    this.log = new Log({
      texts, store: this.store, say: (text) => this.say(text),
      pictures: this.getAttribute("pictures") || here("../pictures/"),
    });
    this.composer = new Composer(texts, (text, files) => this.say(text, files));
    this.build(root);
    this.listen();
    this.connection.open();
    this.toggle(this.hasAttribute("open") && !matchMedia("(max-width: 600px)").matches, false);
  }

  disconnectedCallback() {
    this.connection?.close();
    this.store?.forget();
  }

  build(root) {
    const { texts } = this;
    this.badge = make("span", { class: "unread", hidden: true });
    this.launcher = make("button", { type: "button", class: "launcher", "aria-label": texts.open, "aria-haspopup": "dialog",
      onclick: () => this.toggle(true) }, icon("chat"), this.badge);
    this.status = make("div", { class: "status" }, texts.subtitle_connecting);
    const name = this.getAttribute("name") || texts.title;
    const head = make("header", {},
      make("div", { class: "face", "aria-hidden": "true" }, texts.bot.slice(-1)),
      make("div", { class: "who" }, make("h2", { id: "title" }, name), this.status),
      make("button", { type: "button", class: "close", "aria-label": texts.close, onclick: () => this.toggle(false) }, icon("close")));
    this.banner = make("div", { class: "banner", role: "status", hidden: true });
    this.panel = make("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
      head, this.banner, this.log.list, this.log.jump, this.composer.element, make("div", { class: "drop" }, texts.drop));
    root.append(this.launcher, this.panel);
  }

  listen() {
    const on = (type, work) => this.connection.addEventListener(type, (event) => work(event.detail));
    on("state", (state) => this.setState(state));
    on("session", (session) => this.setSession(session));
    on("fresh", () => this.log.clear());
    on("ready", () => this.log.isEmpty && !this.shadowRoot.querySelector(".welcome") && this.log.welcome());
    on("message", (message) => this.show(message));
    on("fate", (fate) => this.setFate(fate));
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.toggle(false);
    });
    this.panel.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.panel.classList.add("dropping");
    });
    this.panel.addEventListener("dragleave", (event) => {
      if (!this.panel.contains(event.relatedTarget)) this.panel.classList.remove("dropping");
    });
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      this.panel.classList.remove("dropping");
      this.composer.add([...event.dataTransfer.files]);
    });
  }

  /** Open or close the window; focus goes in, and back to the button. */
  toggle(open = this.panel.hidden, moveFocus = true) {
    this.panel.hidden = !open;
    this.launcher.hidden = open;
    if (open) {
      this.setUnread(0);
      this.log.toBottom();
      if (moveFocus) this.composer.focus();
    } else if (moveFocus) {
      this.launcher.focus();
    }
  }

  /** Say something as the customer, with pictures or without. */
  async say(text, files = []) {
    const id = randomId();
    let attachments = [];
    this.setPending(1);
    if (files.length) {
      try {
        attachments = await Promise.all(files.map((file) => this.store.put(file)));
      } catch (error) {
        this.composer.say(error.message || this.texts.picture_failed);
        this.composer.files = files;
        this.composer.field.value ||= text;
        this.composer.update();
        this.setPending(-1);
        return;
      }
    }
    this.setPending(-1); // the fate of the message counts from here
    this.log.showOwn(id, text, attachments);
    this.again = { ...this.again, [id]: () => this.connection.send(id, text, attachments) };
    this.again[id]();
  }

  show(message) {
    this.log.show(message);
    if (message.direction === "agent") this.setSession({ speaker: "agent" });
    if (this.panel.hidden && !message.old && message.direction !== "in") this.setUnread(this.unread + 1);
  }

  setFate({ id, state }) {
    this.log.fate(id, state, this.again?.[id]);
    this.setPending(state === "sending" ? 1 : -1);
  }

  setPending(change) {
    this.pending = Math.max(0, this.pending + change);
    this.log.typing(this.pending > 0 && this.speaker !== "agent");
  }

  setState(state) {
    this.state = state;
    this.setStatus();
  }

  setSession({ token, speaker }) {
    if (speaker) this.speaker = speaker;
    if (token) {
      this.banner.hidden = token !== "bad";
      this.banner.textContent = token === "bad" ? this.texts.token_bad : "";
    }
    this.setStatus();
  }

  setStatus() {
    const { texts, speaker } = this;
    const online = speaker === "agent" ? texts.subtitle_agent : speaker === "waiting" ? texts.subtitle_waiting : texts.subtitle_online;
    this.status.textContent = { connecting: texts.subtitle_connecting, offline: texts.subtitle_offline, online }[this.state] || "";
    this.status.dataset.state = this.state;
  }

  setUnread(count) {
    this.unread = count;
    this.badge.hidden = !count;
    this.badge.textContent = count > 99 ? "99+" : String(count);
    this.launcher.setAttribute("aria-label", count ? filled(this.texts.open_unread, { count }) : this.texts.open);
  }
}

customElements.define("xiaoer-chat", XiaoerChat);
