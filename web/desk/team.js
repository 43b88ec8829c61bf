// The menu: team, tickets, canned replies, audit log, shortcuts, logout.

import { call, get, post } from "./api.js";
import { ask, show, toast } from "./dialogs.js";
import { clock, make } from "./dom.js";

export function menu(desk, place) {
  const { texts } = desk;
  const entry = (name, work) => make("button", { type: "button", "data-menu": name, onclick: work }, texts.menus[name]);
  place.append(
    entry("team", () => team(desk)),
    entry("tickets", () => tickets(desk)),
    entry("canned", () => canned(desk)),
    ...(desk.oversees ? [entry("audit", () => audit(desk))] : []),
    entry("keys", () => shortcuts(desk)),
    entry("logout", async () => {
      desk.outbox.clear();
      await desk.try(() => post("/logout"));
      location.assign("/desk/login");
    }),
  );
}

function table(heads, rows) {
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads.map((one) => make("th", { scope: "col" }, one)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((one) => make("td", {}, one ?? ""))))),
  );
}

async function team(desk) {
  const found = await desk.try(() => get("/agents"));
  if (!found) return;
  desk.team = found.agents;
  const { texts, oversees } = desk;
  const groups = (one) => one.groups.map((group) => texts.groups[group]).join("、");
  const rows = found.agents.map((one) => [
    one.name,
    texts.status[one.status],
    groups(one),
    ...(oversees ? [`${one.load} / ${one.capacity}`, texts.roles[one.role]] : []),
    ...(desk.me.role === "admin" ? [adminButtons(desk, one)] : []),
  ]);
  const heads = [texts.name, texts.status_label, texts.group, ...(oversees ? [texts.load, texts.role] : []), ...(desk.me.role === "admin" ? [""] : [])];
  const add =
    desk.me.role === "admin" ? make("button", { type: "button", class: "main", onclick: () => addAgent(desk) }, texts.add_agent) : null;
  show(texts.menus.team, texts, table(heads, rows), ...(add ? [add] : []));
}

function adminButtons(desk, one) {
  const { texts } = desk;
  const revoke = async () => {
    if (await desk.try(() => post(`/agents/${one.id}/revoke`))) toast(texts.done);
  };
  const toggle = async (event) => {
    const done = await desk.try(() => call("PATCH", `/agents/${one.id}`, { is_active: !one.is_active }));
    if (!done) return;
    one.is_active = !one.is_active;
    event.target.textContent = one.is_active ? texts.stop_agent : texts.start_agent;
  };
  return make(
    "span",
    { class: "row" },
    make("button", { type: "button", onclick: revoke }, texts.revoke),
    one.id === desk.me.id ? null : make("button", { type: "button", onclick: toggle }, one.is_active ? texts.stop_agent : texts.start_agent),
  );
}

async function addAgent(desk) {
  const { texts, about } = desk;
  const values = await ask(
    texts.add_agent,
    [
      { name: "login", label: texts.login_name, required: true },
      { name: "name", label: texts.name, required: true },
      { name: "password", label: texts.new_password, type: "password", required: true },
      { name: "role", label: texts.role, options: about.roles.map((one) => [one, texts.roles[one]]) },
      { name: "group", label: texts.group, options: about.groups.map((one) => [one, texts.groups[one]]) },
    ],
    texts,
  );
  if (!values) return;
  const { group, ...rest } = values;
  if (await desk.try(() => post("/agents", { ...rest, groups: [group] }))) toast(texts.done);
}

async function tickets(desk) {
  const found = await desk.try(() => get("/tickets"));
  if (!found) return;
  const { texts } = desk;
  const boxes = found.tickets.map((one) => {
    const phone = make("span", {}, one.phone || texts.none);
    const reveal = async () => {
      const seen = await desk.try(() => post(`/tickets/${one.id}/phone`));
      if (seen) phone.textContent = seen.phone;
    };
    const settle = async () => {
      const values = await ask(texts.settle, [{ name: "outcome", label: texts.outcome, long: true }], texts);
      if (values && (await desk.try(() => post(`/tickets/${one.id}/settle`, values)))) box.remove();
    };
    const box = make(
      "div",
      { class: "box" },
      make("div", { class: "soft" }, `${clock(one.created_at)} · ${texts.reasons[one.reason] || one.reason}`),
      make("div", {}, one.text),
      make("div", {}, `${texts.phone} `, phone),
      make(
        "div",
        { class: "row" },
        one.phone ? make("button", { type: "button", onclick: reveal }, texts.reveal) : null,
        make("button", { type: "button", onclick: settle }, texts.settle),
      ),
    );
    return box;
  });
  show(texts.menus.tickets, texts, ...(boxes.length ? boxes : [make("p", { class: "empty" }, texts.none)]));
}

async function canned(desk) {
  const found = await desk.try(() => get("/canned"));
  if (!found) return;
  const { texts } = desk;
  const boxes = found.replies.map((one) => {
    const drop = async () => {
      if (await desk.try(() => call("DELETE", `/canned/${one.id}`, {}))) box.remove();
    };
    const box = make(
      "div",
      { class: "box" },
      make("strong", {}, `/${one.shortcut} ${one.title}`),
      make("div", {}, one.text),
      one.shared && !desk.oversees ? null : make("div", { class: "row" }, make("button", { type: "button", onclick: drop }, texts.drop)),
    );
    return box;
  });
  const add = make("button", { type: "button", class: "main", onclick: () => addCanned(desk, dialog) }, texts.add_canned);
  const dialog = show(texts.menus.canned, texts, ...boxes, add);
}

async function addCanned(desk, dialog) {
  const { texts } = desk;
  const fields = [
    { name: "shortcut", label: texts.shortcut, required: true, most: 20 },
    { name: "title", label: texts.canned_title, required: true, most: 60 },
    { name: "text", label: texts.canned_text, required: true, long: true, most: 1000 },
  ];
  const values = await ask(texts.add_canned, fields, texts);
  if (values && (await desk.try(() => post("/canned", { ...values, shared: desk.oversees })))) {
    dialog.close();
    canned(desk);
  }
}

async function audit(desk) {
  const found = await desk.try(() => get("/audit?limit=100"));
  if (!found) return;
  const { texts } = desk;
  const rows = found.lines.map((one) => [clock(one.at), one.agent, texts.audits[one.action] || one.action, one.subject]);
  show(texts.menus.audit, texts, table([texts.at, texts.agent, texts.what, texts.subject], rows));
}

function shortcuts(desk) {
  const rows = Object.entries(desk.texts.shortcuts).map(([key, what]) => [make("kbd", {}, key), what]);
  show(desk.texts.menus.keys, desk.texts, table([desk.texts.key, desk.texts.what], rows));
}
