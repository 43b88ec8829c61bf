// A picture shown large, above everything; Esc or a click closes it and gives the focus back.

import { iconButton, make } from "./dom.js";
import type { Texts } from "./texts.js";

export class Viewer {
  readonly element: HTMLDialogElement;
  private image = make("img", { alt: "" });

  constructor(texts: Texts) {
    const close = iconButton("close", "viewer-close", texts.picture_close, () => this.element.close());
    this.element = make("dialog", { class: "viewer", "aria-label": texts.picture_view }, this.image, close);
    this.element.addEventListener("click", (event) => event.target !== this.image && this.element.close());
    this.element.addEventListener("keydown", (event) => event.stopPropagation()); // Esc is for the picture, not the chat
  }

  show(address: string, name: string): void {
    this.image.src = address;
    this.image.alt = name;
    if (!this.element.open) this.element.showModal();
  }
}
