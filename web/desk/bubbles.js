// Messages and notes as nodes. Nothing of them is ever read as markup.

import { of } from "./api.js";
import { clock, linked, make } from "./dom.js";

/** The node of a message. */
export function bubble(message, senderId, texts, nameOf) {
  const { direction } = message;
  const cards = Array.isArray(message.custom?.items) ? message.custom.items : [];
  const pictures = Array.isArray(message.attachments) ? message.attachments : [];
  const text = message.text || (cards.length ? "" : plain(message, texts));
  if (direction === "sys") {
    return make("div", { class: "message sys", "data-id": message.id }, make("span", {}, text));
  }
  return make(
    "div",
    { class: `message ${direction}${message.pending ? " pending" : ""}`, "data-id": message.id ?? null },
    make("span", { class: "by" }, `${nameOf(message)} ${message.at ? clock(message.at) : ""}`),
    text ? make("div", { class: "bubble" }, ...linked(text)) : null,
    ...pictures.filter((one) => /^[0-9a-f]{32}$/.test(one)).map((one) => picture(one, senderId, texts)),
    cards.length ? make("ul", { class: "cards" }, ...cards.map(card)) : null,
    direction === "in" && message.anger >= 2 ? make("span", { class: "angry" }, texts.angry) : null,
  );
}

function plain(message, texts) {
  if (message.custom?.type === "rating") return texts.rating_card;
  return typeof message.custom?.text === "string" ? message.custom.text : "";
}

function picture(id, senderId, texts) {
  const source = `/desk/api${of(senderId, `/pictures/${id}`)}`;
  return make(
    "a",
    { href: source, target: "_blank", rel: "noopener", class: "picture" },
    make("img", { src: source, alt: texts.picture, loading: "lazy" }),
  );
}

function card(item) {
  const path = typeof item.picture === "string" && /^[\w./-]+$/.test(item.picture) ? item.picture : null;
  return make(
    "li",
    { class: "card" },
    path ? make("img", { src: `/pictures/${path}`, alt: "", loading: "lazy" }) : null,
    make(
      "div",
      {},
      make("strong", {}, String(item.title ?? "")),
      item.badge ? make("em", {}, String(item.badge)) : null,
      item.subtitle ? make("div", {}, String(item.subtitle)) : null,
      ...(Array.isArray(item.lines) ? item.lines : []).map((line) => make("div", {}, String(line))),
      item.price ? make("div", { class: "price" }, String(item.price)) : null,
    ),
  );
}

/** The node of a note or a whisper. */
export function noteNode(note, texts) {
  return make(
    "div",
    { class: `message note ${note.kind}`, "data-note": note.id },
    make("span", { class: "by" }, `${texts.note_kinds[note.kind] || ""} · ${note.agent} ${clock(note.at)}`),
    make("div", { class: "bubble" }, note.text),
  );
}
