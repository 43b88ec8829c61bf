// One message as a row of the log.

import { cards, sayButtons } from "./cards.js";
import type { Context } from "./context.js";
import { filled, iconButton, linked, make, pictureAddress } from "./dom.js";
import { form } from "./forms.js";
import { clock, momentOf } from "./moments.js";
import { agentName, type Message } from "./types.js";

export type Side = "in" | "out" | "agent" | "sys";

/** Who speaks in a message. */
export function sideOf(message: Message): Side {
  if (message.direction === "in" || message.direction === "sys") return message.direction;
  const person = message.direction === "agent" || agentName(message.agent) || agentName(message.custom?.agent);
  return person ? "agent" : "out";
}

/** The row of a message; own pictures that are still on their way are put in by the caller. */
export function row(message: Message, context: Context, pictures: HTMLElement[] = []): HTMLElement {
  const { texts } = context;
  const side = sideOf(message);
  const name = agentName(message.agent) || agentName(message.custom?.agent);
  const custom = message.custom && typeof message.custom === "object" ? message.custom : null;
  const card = custom && (form(custom, context) || cards(custom, context));
  const text = typeof message.text === "string" ? message.text : "";
  if (side === "sys") {
    const line = make("div", { class: "row from-sys" }, text ? make("p", { class: "notice-line" }, ...linked(text)) : null);
    if (card) line.append(make("div", { class: "stack" }, card));
    return line;
  }
  const speaker = { in: texts.you, out: texts.bot, agent: name || texts.agent }[side];
  const stack = make("div", { class: "stack" },
    make("span", { class: side === "agent" ? "speaker" : "unseen" }, side === "agent" ? speaker : `${speaker}：`),
    text ? bubble(text, message, context) : null,
    ...pictures,
    ...(Array.isArray(message.attachments) ? message.attachments : []).map((id) => upload(String(id), context)),
    shopPicture(message.image, context),
    card,
    side === "in" ? null : sayButtons(message.buttons, context, "replies", "reply"));
  const look = side === "in" ? "from-me" : side === "agent" ? "from-bot from-agent" : "from-bot";
  const element = make("div", { class: `row ${look}` }, stack);
  if (typeof message.id === "number") element.dataset.id = String(message.id);
  return element;
}

function bubble(text: string, message: Message, context: Context): HTMLElement {
  const { texts } = context;
  const copy = iconButton("copy", "copy", texts.copy, async () => {
    if (!(await toClipboard(text))) return;
    copy.classList.add("done");
    copy.setAttribute("aria-label", texts.copied);
    setTimeout(() => {
      copy.classList.remove("done");
      copy.setAttribute("aria-label", texts.copy);
    }, 1500);
  });
  const when = momentOf(message.at);
  return make("div", { class: "line" },
    make("div", { class: "bubble" }, ...linked(text)),
    make("span", { class: "tools" }, copy, make("time", { datetime: when.toISOString() }, clock(when, texts))));
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { readonly: true, class: "unseen" });
    field.value = text;
    document.body.append(field); // pages without HTTPS have no clipboard: the old way
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function shopPicture(path: unknown, context: Context): HTMLElement | null {
  const address = pictureAddress(path, context.pictures);
  return address ? framed(make("img", { class: "picture", src: address, alt: "", loading: "lazy" }), context) : null;
}

function upload(id: string, context: Context): HTMLElement {
  const image = make("img", { class: "picture", alt: context.texts.picture_alt });
  const frame = framed(image, context);
  const fail = () => frame.replaceWith(make("div", { class: "bubble gone" }, context.texts.picture_gone));
  context.store.show(id).then((address) => (address ? (image.src = address) : fail()), fail);
  return frame;
}

/** A picture that a click shows large. */
export function framed(image: HTMLImageElement, context: Context): HTMLButtonElement {
  return make("button", { type: "button", class: "zoom", "aria-label": context.texts.picture_view,
    onclick: () => image.src && context.view(image.src, image.alt) }, image);
}

/** A picture that is going up, with its progress; the setter takes 0 to 1. */
export function rising(file: File, context: Context): { element: HTMLElement; progress: (part: number) => void } {
  const image = make("img", { class: "picture", src: URL.createObjectURL(file), alt: context.texts.picture_alt });
  image.addEventListener("error", () => image.replaceWith(make("span", { class: "picture unseeable" }, file.name)));
  const bar = make("progress", { max: 100, value: 0, "aria-label": file.name });
  const label = make("span", { class: "percent" });
  const element = make("div", { class: "rising" }, framed(image, context), bar, label);
  const progress = (part: number) => {
    bar.value = Math.round(part * 100);
    label.textContent = filled(context.texts.uploading, { percent: bar.value });
    element.classList.toggle("up", part >= 1);
  };
  progress(0);
  return { element, progress };
}
