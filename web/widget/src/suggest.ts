// Type-ahead: what the customer may be about to ask, below the text as it is typed.

import { icon, filled, make, pictureAddress } from "./dom.js";
import type { Texts } from "./texts.js";
import type { Suggestion } from "./types.js";

const PAUSE_MS = 120;
const LONGEST_TEXT = 24; // who has written more knows what to ask
const ICONS: Record<string, string> = { product: "tag", category: "list", order: "box", question: "ask" };

interface Needs {
  texts: Texts;
  pictures: string;
  ask(text: string): Promise<Suggestion[]>;
  choose(one: Suggestion): void;
}

/** The list of suggestions of a field. The field keeps the focus; the list is told to it by aria-activedescendant. */
export class Suggestions {
  readonly list: HTMLElement;
  readonly spoken: HTMLElement;
  private found: Suggestion[] = [];
  private active = -1;
  private timer = 0;
  private asked = 0;

  constructor(
    private field: HTMLTextAreaElement,
    private needs: Needs,
  ) {
    this.list = make("ul", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": needs.texts.suggestions, hidden: true });
    this.spoken = make("div", { class: "unseen", role: "status" });
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "suggestions");
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  }

  /** The text has changed: ask after a short pause. */
  changed(): void {
    clearTimeout(this.timer);
    const text = this.field.value.trim();
    if (!text || text.length > LONGEST_TEXT || text.includes("\n")) return this.close();
    const ticket = ++this.asked;
    this.timer = window.setTimeout(async () => {
      const found = await this.needs.ask(text);
      if (ticket === this.asked && this.field.value.trim() === text) this.show(found);
    }, PAUSE_MS);
  }

  /** A key of the field; true when it was for the list. */
  key(event: KeyboardEvent): boolean {
    if (this.list.hidden || event.isComposing || event.keyCode === 229) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (this.field.value.includes("\n")) return false;
      const count = this.found.length;
      const from = this.active < 0 && event.key === "ArrowUp" ? count : this.active;
      this.mark((from + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
      return true;
    }
    if (event.key === "Escape") {
      this.close();
      return true;
    }
    if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      if (this.active < 0) return false;
      this.choose(this.active);
      return true;
    }
    return false;
  }

  close(): void {
    this.asked += 1;
    clearTimeout(this.timer);
    this.found = [];
    this.list.hidden = true;
    this.list.replaceChildren();
    this.spoken.textContent = "";
    this.mark(-1);
  }

  private show(found: Suggestion[]): void {
    this.found = found.filter((one) => one && typeof one.title === "string" && typeof one.say === "string");
    if (!this.found.length) return this.close();
    this.list.replaceChildren(...this.found.map((one, place) => this.option(one, place)));
    this.list.hidden = false;
    this.spoken.textContent = filled(this.needs.texts.suggestion_count, { count: this.found.length });
    this.mark(-1);
  }

  private option(one: Suggestion, place: number): HTMLElement {
    const { texts, pictures } = this.needs;
    const address = pictureAddress(one.picture, pictures);
    const kinds: Record<string, string> = texts.kinds;
    const states: Record<string, string> = texts.order_states;
    const image = address ? make("img", { src: address, alt: "", loading: "lazy" }) : null;
    const face = make("span", { class: "face-of", "aria-hidden": "true" }, image || icon(ICONS[one.kind] || "ask"));
    image?.addEventListener("error", () => image.replaceWith(icon("tag")));
    const detail = [one.state && (states[one.state] || ""), one.detail].filter(Boolean).join(" · ");
    return make("li", { role: "option", id: `suggestion-${place}`, "aria-selected": "false", onclick: () => this.choose(place) },
      face,
      make("span", { class: "what" }, make("span", { class: "suggestion-title" }, one.title),
        detail ? make("span", { class: "detail" }, detail) : null),
      make("span", { class: "kind" }, typeof one.price_fen === "number" ? yuan(one.price_fen) : kinds[one.kind] || ""));
  }

  private mark(place: number): void {
    this.active = place;
    this.list.querySelectorAll("[role=option]").forEach((one, other) => one.setAttribute("aria-selected", String(other === place)));
    if (place < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `suggestion-${place}`);
  }

  private choose(place: number): void {
    const one = this.found[place];
    this.close();
    if (one) this.needs.choose(one);
  }
}

/** 12345 → ¥123.45, 12300 → ¥123. */
function yuan(fen: number): string {
  return `¥${fen % 100 ? (fen / 100).toFixed(2) : fen / 100}`;
}
