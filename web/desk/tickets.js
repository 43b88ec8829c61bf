// Messages that customers left when nobody could take their talk: how many there are, and the list to work through.

import { get, post } from "./api.js";
import { ask, show } from "./dialogs.js";
import { clock, make } from "./dom.js";

/** The menu's button with the number of open tickets; `desk.countTickets` asks for it anew. */
export function ticketsButton(desk) {
  const { texts } = desk;
  const count = make("span", { class: "count", hidden: true });
  desk.countTickets = async () => {
    const found = await get("/tickets").catch(() => null);
    if (!found) return; // the next event, or the next time that the line is back, asks again
    count.hidden = !found.tickets.length;
    count.textContent = String(found.tickets.length);
  };
  return make("button", { type: "button", "data-menu": "tickets", onclick: () => tickets(desk) }, texts.menus.tickets, count);
}

async function tickets(desk) {
  const found = await desk.try(() => get("/tickets"));
  if (!found) return;
  const { texts } = desk;
  const boxes = found.tickets.map((one) => box(desk, one));
  show(texts.menus.tickets, texts, ...(boxes.length ? boxes : [make("p", { class: "empty" }, texts.none)]));
}

function box(desk, one) {
  const { texts } = desk;
  const phone = make("span", {}, one.phone || texts.none);
  const reveal = async () => {
    const seen = await desk.try(() => post(`/tickets/${one.id}/phone`));
    if (seen) phone.textContent = seen.phone;
  };
  const settle = async () => {
    const values = await ask(texts.settle, [{ name: "outcome", label: texts.outcome, long: true }], texts);
    if (values && (await desk.try(() => post(`/tickets/${one.id}/settle`, values)))) node.remove();
  };
  const node = make(
    "div",
    { class: "box" },
    make("div", { class: "soft" }, `${clock(one.created_at)} · ${texts.reasons[one.reason] || one.reason} · ${texts.groups[one.skill_group] || one.skill_group}`),
    make("div", {}, one.text),
    make("div", {}, `${texts.phone} `, phone),
    make(
      "div",
      { class: "row" },
      one.phone ? make("button", { type: "button", onclick: reveal }, texts.reveal) : null,
      make("button", { type: "button", onclick: settle }, texts.settle),
    ),
  );
  return node;
}
