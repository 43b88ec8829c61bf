// Where a customer writes: a growing field, pictures by button, paste and drop.

import { filled, icon, make } from "./dom.js";
import { isPicture } from "./pictures.js";

const MOST_PICTURES = 6;

export class Composer {
  /** @param texts the widget's texts; @param onSend(text, files) is called once for each message */
  constructor(texts, onSend) {
    this.texts = texts;
    this.onSend = onSend;
    this.files = [];
    this.field = make("textarea", {
      rows: 1, placeholder: texts.input, "aria-label": texts.input_label, maxlength: 4000, enterkeyhint: "send",
    });
    this.chooser = make("input", { type: "file", accept: "image/jpeg,image/png,image/webp,image/gif", multiple: true, hidden: true });
    this.previews = make("div", { class: "previews", hidden: true });
    this.notice = make("div", { class: "notice", role: "alert", hidden: true });
    this.button = make("button", { type: "button", class: "send", "aria-label": texts.send, onclick: () => this.send() }, icon("send"));
    const attach = make("button", { type: "button", class: "attach", "aria-label": texts.picture, onclick: () => this.chooser.click() },
      icon("picture"));
    this.element = make("div", { class: "composer" }, this.notice, this.previews,
      make("div", { class: "writing" }, attach, this.field, this.button), this.chooser);
    this.listen();
    this.update();
  }

  listen() {
    this.field.addEventListener("input", () => this.update());
    this.field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter takes a candidate; keyCode 229 is what Safari says then.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files || [])];
      if (files.length) {
        event.preventDefault();
        this.add(files);
      }
    });
    this.chooser.addEventListener("change", () => {
      this.add([...this.chooser.files]);
      this.chooser.value = "";
    });
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Take pictures from the chooser, the clipboard or a drop. */
  add(files) {
    const good = files.filter(isPicture);
    const problem = good.length < files.length ? this.texts.picture_bad
      : this.files.length + good.length > MOST_PICTURES ? filled(this.texts.picture_too_many, { count: MOST_PICTURES }) : "";
    this.say(problem);
    this.files = [...this.files, ...good].slice(0, MOST_PICTURES);
    this.update();
    this.focus();
  }

  /** Show a short notice above the field, or none. */
  say(text) {
    this.notice.textContent = text || "";
    this.notice.hidden = !text;
  }

  send() {
    const text = this.field.value.trim();
    if (!text && !this.files.length) return;
    const files = this.files;
    this.field.value = "";
    this.files = [];
    this.say("");
    this.update();
    this.onSend(text, files);
    this.focus();
  }

  update() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 120)}px`;
    this.button.disabled = !this.field.value.trim() && !this.files.length;
    for (const image of this.previews.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.previews.hidden = !this.files.length;
    this.previews.replaceChildren(...this.files.map((file, place) => this.preview(file, place)));
  }

  preview(file, place) {
    const remove = make("button", { type: "button", "aria-label": this.texts.picture_remove, onclick: () => {
      this.files = this.files.filter((_, other) => other !== place);
      this.update();
      this.focus();
    } }, icon("cross"));
    return make("div", { class: "preview" }, make("img", { src: URL.createObjectURL(file), alt: file.name }), remove);
  }
}
