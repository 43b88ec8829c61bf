// Cards that ask something: a rating after a talk with a person, and a message for later.

import type { Context } from "./context.js";
import { filled, icon, make } from "./dom.js";
import { keep, recall } from "./storage.js";
import type { Custom } from "./types.js";

interface Receipt {
  ok?: boolean;
  error?: string;
}

/** The node of a form that a `custom` payload asks for; null when it asks for none. */
export function form(custom: Custom, context: Context): HTMLElement | null {
  if (custom.type === "rating") return rating(custom, context);
  if (custom.type === "leave_message") return leaveMessage(context);
  return null;
}

/** A reply of the form: thanks instead of the form, or what went wrong below it. */
async function submit(card: HTMLFormElement, event: string, body: object, thanks: string, context: Context): Promise<boolean> {
  const button = card.querySelector<HTMLButtonElement>(".primary");
  const problem = card.querySelector<HTMLElement>(".problem");
  if (button) button.disabled = true;
  const receipt = await context.connection.request<Receipt>(event, body);
  if (receipt?.ok) {
    card.replaceChildren(thanked(thanks));
    return true;
  }
  if (button) button.disabled = false;
  if (problem) problem.textContent = receipt?.error ? String(receipt.error) : context.texts.not_sent;
  return false;
}

function thanked(text: string): HTMLElement {
  return make("p", { class: "thanks", role: "status" }, icon("check"), text);
}

function rating(custom: Custom, context: Context): HTMLElement {
  const { texts } = context;
  const key = `xiaoer:rated:${custom.handoff_id}`;
  const card = make("form", { class: "form", "aria-label": texts.rating_title });
  if (recall(key)) {
    card.append(thanked(texts.rating_thanks));
    return card;
  }
  const name = `rating-${Math.random().toString(36).slice(2)}`;
  const word = make("span", { class: "word", "aria-hidden": "true" });
  const comment = make("textarea", { rows: 2, maxlength: 500, placeholder: texts.rating_comment, "aria-label": texts.rating_comment });
  const send = make("button", { type: "submit", class: "primary", disabled: true }, texts.rating_send);
  const stars = make("div", { class: "stars", role: "radiogroup", "aria-label": texts.rating_title });
  texts.rating_stars.forEach((words, place) => {
    const value = place + 1;
    const radio = make("input", { type: "radio", name, value, "aria-label": filled(texts.rating_star, { count: value, word: words }) });
    radio.addEventListener("change", () => {
      word.textContent = words;
      send.disabled = false;
      stars.querySelectorAll("label").forEach((label, other) => label.classList.toggle("lit", other <= place));
    });
    stars.append(make("label", {}, radio, icon("star")));
  });
  card.append(make("p", { class: "form-title" }, texts.rating_title), stars, word, comment, send, problemLine());
  card.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = Number(card.querySelector<HTMLInputElement>("input:checked")?.value);
    const body = { handoff_id: custom.handoff_id, rating: value, comment: comment.value.trim() || null };
    if (!(await submit(card, "rate_talk", body, texts.rating_thanks, context))) return;
    keep(key, String(value));
    context.emit("rated", { handoff_id: custom.handoff_id, rating: value });
  });
  return card;
}

function leaveMessage(context: Context): HTMLElement {
  const { texts } = context;
  const text = make("textarea", { rows: 3, maxlength: 1000, required: true, placeholder: texts.leave_text, "aria-label": texts.leave_text });
  const phone = make("input", { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: 20, placeholder: texts.leave_phone,
    "aria-label": texts.leave_phone });
  const card = make("form", { class: "form", "aria-label": texts.leave_title },
    make("p", { class: "form-title" }, texts.leave_title), text, phone,
    make("button", { type: "submit", class: "primary" }, texts.leave_send), problemLine());
  card.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { text: text.value.trim(), phone: phone.value.trim() || null };
    if (body.text) void submit(card, "leave_message", body, texts.leave_thanks, context);
  });
  return card;
}

function problemLine(): HTMLElement {
  return make("p", { class: "problem", role: "alert" });
}
