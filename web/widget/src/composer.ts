// Where a customer writes: a growing field, pictures by button, camera, paste and drop, emoji, voice, type-ahead.

import { filled, icon, iconButton, make } from "./dom.js";
import { emojiSheet } from "./emoji.js";
import { ACCEPT, isPicture, type PictureStore } from "./pictures.js";
import { keep, recall } from "./storage.js";
import { Suggestions } from "./suggest.js";
import type { Texts } from "./texts.js";
import type { Suggestion } from "./types.js";
import { Voice, type VoiceMode } from "./voice.js";

const MOST_PICTURES = 6;
const DRAFT = "xiaoer:draft";

export interface ComposerNeeds {
  texts: Texts;
  pictures: string;
  store: PictureStore;
  voice: VoiceMode;
  send(text: string, files: File[]): void; // called once for each message
  typing(): void; // the customer is writing
  suggest(text: string): Promise<Suggestion[]>;
}

export class Composer {
  readonly element: HTMLElement;
  readonly field: HTMLTextAreaElement;
  private files: File[] = [];
  private chooser: HTMLInputElement;
  private camera: HTMLInputElement;
  private previews: HTMLElement;
  private notice: HTMLElement;
  private button: HTMLButtonElement;
  private sheet: HTMLElement;
  private emoji: HTMLButtonElement;
  private suggestions: Suggestions;
  private spokenFrom: string | null = null; // what stood in the field before somebody spoke

  constructor(private needs: ComposerNeeds) {
    const { texts } = needs;
    this.field = make("textarea", { rows: 1, placeholder: texts.input, "aria-label": texts.input_label, maxlength: 4000, enterkeyhint: "send" });
    this.chooser = make("input", { type: "file", accept: ACCEPT, multiple: true, hidden: true });
    this.camera = make("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
    this.previews = make("div", { class: "previews", hidden: true });
    this.notice = make("div", { class: "notice", role: "alert", hidden: true });
    this.button = make("button", { type: "button", class: "send", "aria-label": texts.send, onclick: () => this.send() }, icon("send"));
    this.sheet = emojiSheet(texts, (one) => this.insert(one));
    this.emoji = iconButton("smile", "tool", texts.emoji, () => this.showEmoji(this.sheet.hidden));
    this.emoji.setAttribute("aria-expanded", "false");
    this.suggestions = new Suggestions(this.field, {
      texts, pictures: needs.pictures, ask: needs.suggest, choose: (one) => this.choose(one),
    });
    const voice = new Voice(needs.voice, {
      texts, store: needs.store, notice: (text) => this.say(text), heard: (text, final) => this.heard(text, final),
    });
    const touch = matchMedia("(pointer: coarse)").matches;
    const tools = make("div", { class: "tools-row" },
      this.emoji,
      iconButton("picture", "tool attach", texts.picture, () => this.chooser.click()),
      touch ? iconButton("camera", "tool", texts.camera, () => this.camera.click()) : null,
      voice.button);
    this.element = make("div", { class: "composer" }, this.suggestions.list, this.suggestions.spoken, this.notice, this.previews, tools,
      make("div", { class: "writing" }, this.field, this.button), this.sheet, this.chooser, this.camera);
    this.field.value = recall(DRAFT, "session") || "";
    this.listen();
    this.update();
  }

  private listen(): void {
    this.field.addEventListener("input", () => {
      this.update();
      this.suggestions.changed();
      this.needs.typing();
    });
    this.field.addEventListener("keydown", (event) => {
      if (this.suggestions.key(event)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      // While an input method composes, Enter takes a candidate; keyCode 229 is what Safari says then.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("blur", () => this.suggestions.close());
    this.field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files || [])];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    for (const input of [this.chooser, this.camera]) {
      input.addEventListener("change", () => {
        this.add([...(input.files || [])]);
        input.value = "";
      });
    }
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.sheet.hidden) return;
      event.stopPropagation();
      this.showEmoji(false);
      this.emoji.focus();
    });
  }

  focus(): void {
    this.field.focus({ preventScroll: true });
  }

  /** Take pictures from the chooser, the camera, the clipboard or a drop. */
  add(files: File[]): void {
    const { texts } = this.needs;
    const good = files.filter(isPicture);
    const many = this.files.length + good.length > MOST_PICTURES;
    this.say(good.length < files.length ? texts.picture_bad : many ? filled(texts.picture_too_many, { count: MOST_PICTURES }) : "");
    this.files = [...this.files, ...good].slice(0, MOST_PICTURES);
    this.update();
    this.focus();
  }

  /** Show a short notice above the field, or none. */
  say(text: string): void {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  private send(): void {
    const text = this.field.value.trim();
    if (!text && !this.files.length) return;
    const files = this.files;
    this.empty();
    this.needs.send(text, files);
    this.focus();
  }

  private choose(one: Suggestion): void {
    this.empty();
    this.needs.send(one.say, []);
    this.focus();
  }

  private empty(): void {
    this.field.value = "";
    this.files = [];
    this.spokenFrom = null;
    this.suggestions.close();
    this.showEmoji(false);
    this.say("");
    this.update();
  }

  private insert(text: string): void {
    this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
    this.update();
  }

  private heard(text: string, final: boolean): void {
    this.spokenFrom ??= this.field.value;
    this.field.value = this.spokenFrom + text;
    if (final) this.spokenFrom = null;
    this.update();
    if (final) this.focus();
  }

  private showEmoji(on: boolean): void {
    this.sheet.hidden = !on;
    this.emoji.setAttribute("aria-expanded", String(on));
    if (on) this.sheet.querySelector<HTMLElement>("[tabindex='0']")?.focus({ preventScroll: true });
  }

  private update(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 120)}px`;
    keep(DRAFT, this.field.value || null, "session");
    this.button.disabled = !this.field.value.trim() && !this.files.length;
    for (const image of this.previews.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.previews.hidden = !this.files.length;
    this.previews.replaceChildren(...this.files.map((file, place) => this.preview(file, place)));
  }

  private preview(file: File, place: number): HTMLElement {
    const remove = iconButton("close", "remove", this.needs.texts.picture_remove, () => {
      this.files = this.files.filter((_, other) => other !== place);
      this.update();
      this.focus();
    });
    const image = make("img", { src: URL.createObjectURL(file), alt: file.name });
    image.addEventListener("error", () => image.replaceWith(make("span", { class: "unseeable" }, file.name))); // HEIC
    return make("div", { class: "preview" }, image, remove);
  }
}
