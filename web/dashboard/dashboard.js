// The operators' dashboard: tabs, a form for each, one chart, one table; a click on a number opens its rows.

import { pages } from "./service.js";

const texts = await (await fetch("/dashboard/files/texts.zh.json")).json();
const at = (id) => document.getElementById(id);
const day = (back) => new Date(Date.now() + 8 * 3600e3 - back * 864e5).toISOString().slice(0, 10);
const RATES = ["conversion", "refund_rate"];
const MONEY = ["sales", "average", "refunded", "spent"];
let plot = null;
let tab = "today";
let last = "";

function make(name, attributes = {}, ...inside) {
  const node = Object.assign(document.createElement(name), attributes);
  node.append(...inside);
  return node;
}

const yuan = (fen) => "¥" + (fen / 100).toLocaleString("zh-CN", { maximumFractionDigits: 2 });

function worth(metric, value) {
  if (RATES.includes(metric)) return (100 * value).toFixed(1) + "%";
  return MONEY.includes(metric) ? yuan(value) : Number(value).toLocaleString("zh-CN");
}

function cell(key, value) {
  if (key.endsWith("_fen")) return yuan(value);
  if (key === "advice") return texts.advice[value] || "";
  const said = service.cell(key, value);
  if (said !== undefined) return said;
  if (key === "name" && texts.quality[value]) return texts.quality[value];
  return Array.isArray(value) ? value.join("、") : value === null ? "" : String(value);
}

const select = (name, options) =>
  make("select", { name }, ...Object.entries(options).map(([value, label]) => make("option", { value }, label)));
const date = (name, value) => make("input", { type: "date", name, value });
const FORMS = {
  today: () => [],
  sales: () => [date("from", day(29)), date("to", day(0)), select("metric", texts.metrics), select("group", texts.groups)],
  stock: () => [select("kind", texts.kinds)],
  plan: () => [make("input", { name: "budget", inputMode: "numeric", placeholder: texts.budget })],
  forecast: () => [select("kind", texts.series), make("input", { name: "code", placeholder: texts.code })],
  quality: () => [],
};

async function load(name, values) {
  last = `/dashboard/api/${name}?` + new URLSearchParams(values);
  at("note").textContent = texts.loading;
  const answer = await fetch(last);
  if (answer.status === 401) location.assign("/desk/login?next=/dashboard/");
  at("note").textContent = answer.ok ? "" : texts.failed;
  return answer.ok ? answer.json() : null;
}

function draw(option) {
  if (plot) plot.dispose();
  at("chart").classList.toggle("drawn", Boolean(option)); // echarts measures the place: it must be there first
  plot = option ? echarts.init(at("chart")) : null;
  if (plot) plot.setOption({ grid: { left: 80, right: 20 }, tooltip: { trigger: "axis" }, animation: false, ...option });
}

function table(rows, open) {
  at("table").replaceChildren();
  if (!rows.length) return void (at("note").textContent = texts.empty);
  const keys = Object.keys(rows[0]).filter((key) => texts.columns[key]);
  const body = rows.map((row) => {
    const line = make("tr", open ? { tabIndex: 0, onclick: () => open(row), onkeydown: (e) => e.key === "Enter" && open(row) } : {});
    line.append(...keys.map((key) => make("td", {}, cell(key, row[key]))));
    return line;
  });
  const head = make("tr", {}, ...keys.map((key) => make("th", {}, texts.columns[key])));
  at("table").append(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

const service = pages({ at, date, day, draw, load, make, select, table, texts, again: () => show() });
Object.assign(FORMS, service.forms);

async function orders(values) {
  const found = await load("rows", values);
  if (found) table(found.rows);
}

const SHOW = {
  today(found) {
    const tiles = found.figures.map((one) =>
      make("button", { className: "tile", onclick: () => orders({ from: day(0), to: day(0) }) }, texts.metrics[one.metric],
        make("b", {}, worth(one.metric, one.value)), make("small", {}, `${texts.yesterday} ${worth(one.metric, one.before || 0)}`)));
    const more = [["low", "stock"], ["out", "stock"], ["cases", null]].map(([key, to]) =>
      make("button", { className: "tile", onclick: () => to && open(to, { kind: key }) }, texts[key], make("b", {}, String(found[key]))));
    at("tiles").replaceChildren(...tiles, ...more);
  },
  sales(found, values) {
    const time = ["day", "week", "month"].includes(values.group);
    const rows = time ? found.rows : found.rows.slice(0, 30);
    const scale = MONEY.includes(values.metric) ? 100 : 1;
    draw({
      xAxis: { type: "category", data: rows.map((one) => one.key) },
      yAxis: { type: "value" },
      series: [{ type: time ? "line" : "bar", name: texts.metrics[values.metric], data: rows.map((one) => one.value / scale) }],
    });
    const span = { from: values.from, to: values.to };
    const into = { day: (one) => ({ from: one.key, to: one.key }), city: (one) => ({ ...span, city: one.key }), channel: (one) => ({ ...span, channel: one.key }) };
    table(found.rows.map((one) => ({ key: one.key, value: worth(values.metric, one.value), raw: one })), (one) => orders((into[values.group] || (() => span))(one.raw)));
  },
  stock: (found) => table(found.rows, (one) => open("forecast", { kind: "sku", code: one.code })),
  plan: (found) => table(found.rows, (one) => open("forecast", { kind: "sku", code: one.sku })),
  forecast(found) {
    const days = [...found.past.map((one) => one.day), ...found.rows.map((one) => one.day)];
    const gap = found.past.map(() => null);
    const line = (name, data, more = {}) => ({ type: "line", name, data, showSymbol: false, ...more });
    draw({
      legend: {}, xAxis: { type: "category", data: days }, yAxis: { type: "value" },
      series: [
        line(texts.past, found.past.map((one) => one.value)),
        line(texts.expected, [...gap, ...found.rows.map((one) => one.value)]),
        line("low", [...gap, ...found.rows.map((one) => one.low)], { stack: "band", lineStyle: { opacity: 0 } }),
        line(texts.band, [...gap, ...found.rows.map((one) => one.high - one.low)], { stack: "band", lineStyle: { opacity: 0 }, areaStyle: { opacity: 0.25 } }),
      ],
    });
    table(found.rows);
  },
  quality: (found) => table(found.rows),
  ...service.show,
};

async function show() {
  const values = Object.fromEntries(new FormData(at("tools")));
  draw(null);
  at("tiles").replaceChildren();
  at("table").replaceChildren();
  const found = await load(tab, values);
  if (found) SHOW[tab](found, values);
}

function open(name, values = {}) {
  tab = name;
  for (const one of at("tabs").children) one.toggleAttribute("aria-current", one.name === name);
  const csv = make("button", { type: "button", onclick: () => location.assign(last + "&format=csv") }, texts.csv);
  const png = make("button", { type: "button", onclick: () => plot && make("a", { href: plot.getDataURL({ backgroundColor: "#fff" }), download: `${tab}.png` }).click() }, texts.png);
  at("tools").replaceChildren(...FORMS[name](), make("button", { type: "submit" }, texts.show), csv, png);
  for (const [key, value] of Object.entries(values)) if (at("tools").elements[key]) at("tools").elements[key].value = value;
  show();
}

at("tabs").append(...Object.entries(texts.tabs).map(([name, label]) => make("button", { name, onclick: () => open(name) }, label)));
at("tools").addEventListener("submit", (event) => { event.preventDefault(); show(); });
open("today");
