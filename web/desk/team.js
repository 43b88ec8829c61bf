// The menu: team, tickets (tickets.js), canned replies, audit log, shortcuts, logout.

import { call, get, post } from "./api.js";
import { ask, show, toast } from "./dialogs.js";
import { clock, make } from "./dom.js";
import { ticketsButton } from "./tickets.js";

export function menu(desk, place) {
  const { texts } = desk;
  const entry = (name, work) => make("button", { type: "button", "data-menu": name, onclick: work }, texts.menus[name]);
  place.append(
    entry("team", () => team(desk)),
    ticketsButton(desk),
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
  const isAdmin = desk.me.role === "admin";
  const groups = (one) => one.groups.map((group) => texts.groups[group]).join("、");
  const rows = found.agents.map((one) => [
    one.name,
    texts.status[one.status],
    groups(one),
    ...(oversees ? [load(one), texts.roles[one.role]] : []),
    ...(isAdmin ? [adminButtons(desk, one, () => dialog)] : []),
  ]);
  const heads = [texts.name, texts.status_label, texts.group, ...(oversees ? [texts.load, texts.role] : []), ...(isAdmin ? [texts.manage] : [])];
  const add = isAdmin ? make("button", { type: "button", class: "main", onclick: () => addAgent(desk, dialog) }, texts.add_agent) : null;
  const dialog = show(texts.menus.team, texts, table(heads, rows), ...(add ? [add] : []));
}

/** How many talks an agent has of how many they can have; full is marked. */
function load(one) {
  const words = `${one.load} / ${one.capacity}`;
  return one.load >= one.capacity ? make("strong", { class: "full" }, words) : words;
}

function adminButtons(desk, one, dialog) {
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
    make("button", { type: "button", "data-act": "change", onclick: () => changeAgent(desk, one, dialog()) }, texts.change_agent),
    make("button", { type: "button", onclick: revoke }, texts.revoke),
    one.id === desk.me.id ? null : make("button", { type: "button", onclick: toggle }, one.is_active ? texts.stop_agent : texts.start_agent),
  );
}

/** What a person at the desk is: name, role (nobody changes their own), groups, how many talks at once. */
function fields(desk, one) {
  const { texts, about } = desk;
  const options = (names, words) => names.map((name) => [name, words[name]]);
  return [
    { name: "name", label: texts.name, required: true, most: 40, value: one.name },
    ...(one.id === desk.me.id ? [] : [{ name: "role", label: texts.role, options: options(about.roles, texts.roles), value: one.role }]),
    { name: "groups", label: texts.group, checks: options(about.groups, texts.groups), value: one.groups },
    { name: "capacity", label: texts.capacity, type: "number", required: true, value: one.capacity },
  ];
}

async function addAgent(desk, dialog) {
  const { texts } = desk;
  const values = await ask(
    texts.add_agent,
    [
      { name: "login", label: texts.login_name, required: true },
      { name: "password", label: texts.new_password, type: "password", required: true },
      ...fields(desk, { name: "", role: "agent", groups: ["any"], capacity: 5 }),
    ],
    texts,
  );
  await keepAgent(desk, dialog, values, (body) => post("/agents", body));
}

async function changeAgent(desk, one, dialog) {
  const values = await ask(`${desk.texts.change_agent} ${one.name}`, fields(desk, one), desk.texts);
  await keepAgent(desk, dialog, values, (body) => call("PATCH", `/agents/${one.id}`, body));
}

/** Keep what was filled in, and show the team as it is then. */
async function keepAgent(desk, dialog, values, work) {
  if (!values || !(await desk.try(() => work({ ...values, capacity: Number(values.capacity) })))) return;
  toast(desk.texts.done);
  dialog.close();
  await team(desk);
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
  const none = boxes.length ? [] : [make("p", { class: "soft" }, texts.none)];
  const dialog = show(texts.menus.canned, texts, ...none, ...boxes, add);
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
