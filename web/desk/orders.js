// The customer's orders and after-sale cases, with what the agent may do to them: the bot's own services do it.

import { of, post } from "./api.js";
import { ask, toast } from "./dialogs.js";
import { clock, fresh, make, yuan } from "./dom.js";

const ACTIONS = ["cancel", "change_address", "note", "schedule", "urge"]; // where the order says that they are possible
const KINDS = ["return", "exchange", "refund"];
const OVER = ["done", "rejected", "withdrawn"];

/** The node of an order. */
export function orderBox(desk, order) {
  const { texts } = desk;
  const parcel = order.parcels[0];
  const act = (name, work) => make("button", { type: "button", "data-act": name, onclick: work }, texts.order_acts[name]);
  const kinds = KINDS.filter((one) => order.can.includes(one));
  const buttons = [
    ...ACTIONS.filter((one) => order.can.includes(one)).map((one) => act(one, () => change(desk, order, one))),
    parcel ? act("investigate", () => change(desk, order, "investigate")) : null,
    kinds.length ? act("case", () => openCase(desk, order, kinds)) : null,
    make("button", { type: "button", onclick: () => desk.talk.say({ card: { type: "orders", codes: [order.number] } }) }, texts.send_card),
  ];
  return make(
    "div",
    { class: "box order", "data-order": order.number },
    make("strong", {}, order.lines.map((one) => `${one.name} ${one.spec} ×${one.quantity}`).join("；") || order.number),
    make("div", {}, `${texts.order_state[order.state]} · ${yuan(order.total_fen)} · ${clock(order.created_at)}`),
    make("div", { class: "soft" }, order.number),
    make("div", { class: "soft" }, order.receiver),
    order.note ? make("div", {}, `${texts.note}：${order.note}`) : null,
    parcel ? make("div", {}, `${parcel.courier} ${parcel.number}　${parcel.last || ""}`) : null,
    desk.talk.mine ? make("div", { class: "row" }, ...buttons) : null,
  );
}

async function change(desk, order, action) {
  const { texts, current } = desk;
  const fields = {
    cancel: [{ name: "text", label: texts.cancel_why, required: true, most: 100 }],
    note: [{ name: "text", label: texts.order_note, required: true }],
    schedule: [{ name: "text", label: texts.schedule_when, required: true, most: 60 }],
    urge: [],
    investigate: [],
    change_address: ["province", "city", "district", "street", "name", "phone"].map((one) => ({
      name: one,
      label: texts.address[one],
      required: !["name", "phone"].includes(one),
    })),
  }[action];
  const values = await ask(`${texts.order_acts[action]} ${order.number}`, fields, texts);
  if (!values) return;
  const body = action === "change_address" ? { address: values } : { ...values };
  await done(desk, current, `/orders/${encodeURIComponent(order.number)}/${action}`, body);
}

async function openCase(desk, order, kinds) {
  const { texts, current } = desk;
  const values = await ask(
    `${texts.order_acts.case} ${order.number}`,
    [
      { name: "line", label: texts.product, options: order.lines.map((one) => [one.id, `${one.name} ${one.spec} ×${one.quantity}`]) },
      { name: "kind", label: texts.case_kind, options: kinds.map((one) => [one, texts.case_kinds[one]]) },
      { name: "reason", label: texts.case_reason, options: Object.entries(texts.case_reasons) },
      { name: "text", label: texts.case_text, long: true, most: 500 },
    ],
    texts,
  );
  if (!values) return;
  const { line, kind, reason, text } = values;
  await done(desk, current, `/orders/${encodeURIComponent(order.number)}/cases/open`, { kind, reason, text, line_id: Number(line) });
}

/** Post a change of the talk's customer for whom it was asked; then the panel shows how things stand now. */
async function done(desk, senderId, path, body) {
  if (!(await desk.try(() => post(of(senderId, path), { ...body, client_id: fresh() })))) return;
  toast(desk.texts.done);
  if (senderId === desk.current) await desk.side.open(senderId);
}

/** The node of an after-sale case. */
export function caseBox(desk, one) {
  const { texts } = desk;
  const withdraw = async () => {
    const senderId = desk.current;
    if (!(await ask(`${texts.withdraw} ${one.number}`, [], texts))) return;
    const path = of(senderId, `/cases/${encodeURIComponent(one.number)}/withdraw`);
    if ((await desk.try(() => post(path))) && senderId === desk.current) await desk.side.open(senderId);
  };
  return make(
    "div",
    { class: "box", "data-case": one.number },
    make("strong", {}, `${texts.case_kinds[one.kind]} · ${texts.case_states[one.state]}`),
    make("div", {}, `${one.product} ${yuan(one.amount_fen)}`),
    make("div", { class: "soft" }, `${one.number} · ${clock(one.created_at)}`),
    desk.talk.mine && !OVER.includes(one.state)
      ? make("div", { class: "row" }, make("button", { type: "button", onclick: withdraw }, texts.withdraw))
      : null,
  );
}
