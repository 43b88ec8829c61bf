// The operators' dashboard: tabs, a form for each, one chart, one table; a click on a number opens its rows.

import { MONEY, at, day, draw, filled, make, readers, save, table, texts, worth, yuan } from "./parts.js";
import { pages } from "./service.js";

const CHARTS = ["today", "sales", "forecast", "service"];
const PLAN = ["name", "spec", "buy", "buy_fen", "order_by", "arrives", "sku", "advice", "partner", "free", "incoming", "per_day", "safety_stock", "reorder_point", "abc", "xyz"];
let tab = "today";
let last = "";
let asked = 0;

const select = (name, options, label) =>
  make("select", { name, ariaLabel: label || name }, ...Object.entries(options).map(([value, text]) => make("option", { value }, text)));
const date = (name, value) => make("label", {}, texts[`${name}_day`], make("input", { type: "date", name, value, required: true }));

function span(name) {
  const [year, month] = day().split("-").map(Number);
  const first = (shift) => new Date(Date.UTC(year, month - 1 + shift, 1)).toISOString().slice(0, 10);
  const end = new Date(Date.UTC(year, month - 1, 0)).toISOString().slice(0, 10);
  const spans = { today: [day(), day()], yesterday: [day(1), day(1)], week: [day(6), day()], month: [day(29), day()],
    this_month: [first(0), day()], last_month: [first(-1), end], year: [day(364), day()] };
  return spans[name];
}

function dates() {
  const quick = select("quick", { "": texts.span, ...texts.spans }, texts.span);
  const from = date("from", day(29));
  const to = date("to", day());
  quick.addEventListener("change", () => {
    if (!quick.value) return;
    [from.lastChild.value, to.lastChild.value] = span(quick.value);
    show();
  });
  return [quick, from, to];
}

function code() {
  const list = make("datalist", { id: "codes" });
  const field = make("input", { name: "code", placeholder: texts.code, ariaLabel: texts.code });
  field.setAttribute("list", "codes");
  fetch("/dashboard/api/goods").then((answer) => (answer.ok ? answer.json() : { rows: [] }))
    .then((found) => list.append(...found.rows.map((one) => make("option", { value: one.code }, one.name))));
  return [field, list];
}

const FORMS = {
  today: () => [],
  sales: () => [...dates(), select("metric", texts.metrics), select("group", texts.groups)],
  stock: () => [select("kind", texts.kinds)],
  plan: () => [select("kind", texts.plan_kinds), make("input", { name: "budget", inputMode: "numeric", placeholder: texts.budget, ariaLabel: texts.budget })],
  forecast: () => [select("kind", texts.series), ...code()],
  quality: () => [],
};

/** What the server answers; null when it refuses or fails, undefined when another page was opened meanwhile. */
async function load(name, values) {
  const turn = ++asked;
  last = `/dashboard/api/${name}?` + new URLSearchParams(values);
  at("note").textContent = texts.loading;
  const answer = await fetch(last).catch(() => null);
  const found = await answer?.json().catch(() => null);
  if (turn !== asked) return undefined;
  if (answer?.status === 401) location.assign("/desk/login?next=/dashboard/");
  at("note").textContent = answer?.ok ? "" : texts[found?.error] || texts.failed;
  return answer?.ok ? found : null;
}

/** The rows behind a number, in place of what is shown, with a way back. */
async function behind(name, values, title) {
  const found = await load(name, values);
  if (!found) return;
  draw(null);
  at("tiles").replaceChildren(make("button", { type: "button", className: "back", onclick: show }, `‹ ${texts.back}`));
  at("table").replaceChildren();
  table(found.rows, null, { heading: `${title} · ${texts.rows_behind}` });
}

const service = pages({ at, date, day, draw, load, make, select, table, texts, again: () => show() });
Object.assign(FORMS, service.forms);
readers.push(service.cell);

const tile = (title, value, small, onclick) =>
  make("button", { type: "button", className: "tile", onclick }, title, make("b", {}, value), make("small", {}, small));
const axes = (names) => ({ xAxis: { type: "category", data: names }, yAxis: { type: "value" } });

const SHOW = {
  today(found) {
    const now = { from: day(), to: day() };
    const figures = found.figures.map((one) =>
      tile(texts.metrics[one.metric], worth(one.metric, one.value), filled(texts.change, { value: worth(one.metric, one.before || 0) }),
        () => behind("rows", { ...now, metric: one.metric }, texts.metrics[one.metric])));
    at("tiles").replaceChildren(...figures,
      tile(texts.low, String(found.low), "", () => open("stock", { kind: "low" })),
      tile(texts.out, String(found.out), "", () => open("stock", { kind: "out" })),
      tile(texts.cases, String(found.cases), "", () => behind("cases", {}, texts.cases)));
    const pick = (key) => behind("rows", { from: key, to: key, metric: "sales" }, key);
    draw({ title: { text: texts.trend, textStyle: { fontSize: 14 } }, ...axes(found.rows.map((one) => one.key)),
      series: [{ type: "line", areaStyle: { opacity: 0.1 }, name: texts.metrics.sales, data: found.rows.map((one) => one.value / 100) }] }, pick);
  },
  sales(found, values) {
    const time = ["day", "week", "month"].includes(values.group);
    const rows = time ? found.rows : found.rows.slice(0, 20);
    const scale = MONEY.includes(values.metric) ? 100 : 1;
    const into = (key) => behind("rows", { ...values, key }, texts.channels[key] || key);
    const named = (key) => (values.group === "channel" && texts.channels[key]) || key;
    const sum = `${texts.metrics[values.metric]} ${worth(values.metric, found.value)}`;
    at("tiles").replaceChildren(tile(texts.metrics[values.metric], worth(values.metric, found.value),
      filled(texts.change, { value: worth(values.metric, found.before || 0) }), () => behind("rows", { ...values, group: "" }, sum)));
    const chart = time ? axes(rows.map((one) => one.key))
      : { xAxis: { type: "value" }, yAxis: { type: "category", inverse: true, data: rows.map((one) => named(one.key)), axisLabel: { width: 110, overflow: "truncate" } } };
    draw({ ...chart, series: [{ type: time ? "line" : "bar", name: texts.metrics[values.metric], data: rows.map((one) => one.value / scale) }] },
      (name) => into(rows.find((one) => named(one.key) === name)?.key ?? name));
    table(found.rows.map((one) => ({ key: named(one.key), value: worth(values.metric, one.value), raw: one.key })), (one) => into(one.raw), { heading: sum });
  },
  stock: (found) => table(found.rows, (one) => open("forecast", { kind: "sku", code: one.code })),
  plan: (found) => table(found.rows, (one) => open("forecast", { kind: "sku", code: one.sku }),
    { heading: found.total_fen === undefined ? "" : filled(texts.total, { sum: yuan(found.total_fen) }), first: PLAN }),
  forecast(found) {
    const gap = found.past.map(() => null);
    const line = (name, data, more = {}) => ({ type: "line", name, data, showSymbol: false, ...more });
    const hidden = { stack: "band", lineStyle: { opacity: 0 }, tooltip: { show: false } };
    draw({
      legend: { data: [texts.past, texts.expected, texts.band] }, ...axes([...found.past, ...found.rows].map((one) => one.day)),
      series: [
        line(texts.past, found.past.map((one) => one.value)),
        line(texts.expected, [...gap, ...found.rows.map((one) => one.value)], { lineStyle: { type: "dashed" } }),
        line("low", [...gap, ...found.rows.map((one) => one.low)], hidden),
        line(texts.band, [...gap, ...found.rows.map((one) => one.high - one.low)], { ...hidden, itemStyle: { color: "#f0b27a" }, areaStyle: { color: "#f0b27a", opacity: 0.35 } }),
      ],
    });
    table(found.rows);
  },
  quality: (found) => table(found.rows, (one) => one.count && behind("quality", { check: one.name }, texts.quality[one.name])),
  ...service.show,
};

async function show() {
  const values = Object.fromEntries(new FormData(at("tools")));
  const name = tab === "plan" && values.kind === "moves" ? "moves" : tab;
  const found = await load(name, values);
  if (found === undefined) return;
  draw(null);
  at("tiles").replaceChildren();
  at("table").replaceChildren();
  if (found) SHOW[tab](found, values);
}

function open(name, values = {}) {
  tab = name;
  for (const one of at("tabs").children) one.name === name ? one.setAttribute("aria-current", "page") : one.removeAttribute("aria-current");
  const csv = make("button", { type: "button", onclick: () => location.assign(last + "&format=csv") }, texts.csv);
  const png = CHARTS.includes(name) ? [make("button", { type: "button", onclick: () => save(name) }, texts.png)] : [];
  at("tools").replaceChildren(...FORMS[name](), make("button", { type: "submit", className: "main" }, texts.show), csv, ...png);
  for (const [key, value] of Object.entries(values)) if (at("tools").elements[key]) at("tools").elements[key].value = value;
  show();
}

at("tabs").append(...Object.entries(texts.tabs).map(([name, label]) => make("button", { type: "button", name, onclick: () => open(name) }, label)));
at("tools").addEventListener("submit", (event) => { event.preventDefault(); show(); });
open("today");
