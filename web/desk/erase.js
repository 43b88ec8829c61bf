// A person or a talk is forgotten for good: an admin's action, confirmed by words that name what goes and what stays.

import { of, post } from "./api.js";
import { ask, toast } from "./dialogs.js";
import { filled, make } from "./dom.js";

/** The buttons of the side panel, for admins alone: of a known customer, and of any talk. */
export function eraseButtons(desk, senderId, customer) {
  if (desk.me.role !== "admin") return [];
  const { texts } = desk;
  const button = (what, work) =>
    make("button", { type: "button", class: "danger", "data-erase": what, onclick: work }, texts.erase[what].act);
  return [
    make("h3", {}, texts.erase.title),
    make(
      "div",
      { class: "row" },
      customer ? button("customer", () => eraseCustomer(desk, senderId, customer)) : null,
      button("talk", () => eraseTalk(desk, senderId)),
    ),
  ];
}

async function eraseTalk(desk, senderId) {
  if (await sure(desk, "talk")) await done(desk, senderId, () => post(of(senderId, "/erase")));
}

async function eraseCustomer(desk, senderId, customer) {
  if (!(await sure(desk, "customer", customer.name))) return;
  const path = `/customers/${customer.id}/erase`;
  await done(desk, senderId, async () => {
    try {
      return await post(path);
    } catch (error) {
      if (error.name !== "wrong_state" || !error.facts.count) throw error;
      return (await sureOfOrders(desk, error.facts.count)) ? post(path, { open_orders: true }) : null;
    }
  });
}

function sure(desk, what, name = "") {
  const { erase } = desk.texts;
  const list = (head, lines) => [make("p", {}, make("strong", {}, head)), make("ul", { class: "plain" }, ...lines.map((one) => make("li", {}, one)))];
  const words = make("div", {}, ...list(erase.goes, erase[what].goes), ...list(erase.stays, erase[what].stays), make("p", {}, erase.for_good));
  return ask(filled(erase[what].ask, { name }), [], desk.texts, { okay: erase[what].act, kind: "danger", words });
}

function sureOfOrders(desk, count) {
  const { erase } = desk.texts;
  const words = make("p", {}, filled(erase.open_orders, { count }));
  return ask(erase.open_orders_title, [], desk.texts, { okay: erase.nevertheless, kind: "danger", words });
}

async function done(desk, senderId, work) {
  desk.erasing = senderId; // its own news may come before its answer
  const gone = await desk.try(work);
  desk.erasing = null;
  if (!gone) return;
  toast(desk.texts.erase.done);
  if (desk.current === senderId) desk.leave();
  desk.forget(senderId);
  await desk.refresh();
  desk.draw();
}
