// The window's frame: launcher, head, open and closed, drop of files, focus, the phone's keyboard.

import { filled, icon, iconButton, make } from "./dom.js";
import { keep, recall } from "./storage.js";
import type { Texts } from "./texts.js";
import type { LineState } from "./types.js";

const OPEN = "xiaoer:open";
const PHONE = "(max-width: 600px)";

interface Needs {
  body: HTMLElement[];
  drop(files: File[]): void;
  toggled(open: boolean): void;
  focus(): void;
}

export class Panel {
  readonly element: HTMLElement;
  readonly launcher: HTMLButtonElement;
  private badge = make("span", { class: "unread", hidden: true });
  private status: HTMLElement;
  private unread = 0;
  private state: LineState = "connecting";
  private phone = matchMedia(PHONE);
  private fit = () => this.fitScreen();

  constructor(
    root: ShadowRoot,
    private texts: Texts,
    title: string,
    private needs: Needs,
  ) {
    this.launcher = make("button", { type: "button", class: "launcher", "aria-label": texts.open, "aria-haspopup": "dialog",
      onclick: () => this.toggle(true) }, icon("chat"), this.badge);
    this.status = make("div", { class: "status" }, texts.subtitle_connecting);
    const head = make("div", { class: "head" },
      make("div", { class: "face", "aria-hidden": "true" }, icon("chat")),
      make("div", { class: "who" }, make("h2", { id: "title" }, title), this.status),
      iconButton("close", "close", texts.close, () => this.toggle(false)));
    this.element = make("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
      head, ...needs.body, make("div", { class: "drop", "aria-hidden": "true" }, texts.drop));
    root.append(this.launcher, this.element);
    this.listen();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Open as the page before left it, or as the options say; a phone's screen is never taken unasked. */
  begin(open: boolean): void {
    const before = recall(OPEN, "session");
    if (before === null ? open && !this.phone.matches : before === "1") this.toggle(true, false);
  }

  end(): void {
    window.visualViewport?.removeEventListener("resize", this.fit);
    document.documentElement.style.removeProperty("overflow");
  }

  /** Open or close the window; focus goes in, and back to the button. */
  toggle(open = this.element.hidden, byHand = true): void {
    if (open === this.isOpen) return;
    this.element.hidden = !open;
    this.launcher.hidden = open;
    this.fitScreen();
    if (byHand) keep(OPEN, open ? "1" : "0", "session");
    if (open) {
      this.setUnread(0);
      if (byHand) this.needs.focus();
    } else if (byHand) {
      this.launcher.focus();
    }
    this.needs.toggled(open);
  }

  addUnread(): void {
    this.setUnread(this.unread + 1);
  }

  setState(state: LineState | null, speaker: string): void {
    if (state) this.state = state;
    const { texts } = this;
    const online = speaker === "agent" ? texts.subtitle_agent : speaker === "waiting" ? texts.subtitle_waiting : texts.subtitle_online;
    this.status.textContent = { connecting: texts.subtitle_connecting, offline: texts.subtitle_offline, online }[this.state];
    this.status.dataset.state = this.state;
  }

  private setUnread(count: number): void {
    this.unread = count;
    this.badge.hidden = !count;
    this.badge.textContent = count > 99 ? "99+" : String(count);
    this.launcher.setAttribute("aria-label", count ? filled(this.texts.open_unread, { count }) : this.texts.open);
  }

  private listen(): void {
    const { element } = this;
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.toggle(false);
      if (event.key === "Tab" && this.phone.matches) this.keepFocus(event);
    });
    element.addEventListener("dragover", (event) => {
      if (!event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      element.classList.add("dropping");
    });
    element.addEventListener("dragleave", (event) => {
      if (!element.contains(event.relatedTarget as Node | null)) element.classList.remove("dropping");
    });
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("dropping");
      this.needs.drop([...(event.dataTransfer?.files || [])]);
    });
    window.visualViewport?.addEventListener("resize", this.fit);
    this.phone.addEventListener("change", this.fit);
  }

  /** On a phone the window is the screen: the focus stays in it, and so does scrolling. */
  private keepFocus(event: KeyboardEvent): void {
    const all = [...this.element.querySelectorAll<HTMLElement>("button, textarea, input, a, [tabindex='0']")].filter(
      (one) => one.tabIndex >= 0 && one.getClientRects().length && !(one as HTMLButtonElement).disabled,
    );
    const root = this.element.getRootNode() as ShadowRoot;
    const edge = event.shiftKey ? all[0] : all[all.length - 1];
    if (root.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all[all.length - 1] : all[0])?.focus();
  }

  private fitScreen(): void {
    const full = this.isOpen && this.phone.matches;
    this.element.setAttribute("aria-modal", String(full));
    if (full) document.documentElement.style.setProperty("overflow", "hidden");
    else document.documentElement.style.removeProperty("overflow");
    const height = window.visualViewport?.height; // without the phone's keyboard
    if (full && height) this.element.style.setProperty("height", `${height}px`);
    else this.element.style.removeProperty("height");
  }
}
