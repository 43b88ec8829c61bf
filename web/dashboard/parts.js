// What the dashboard's pages are made of: elements, values as people read them, tables, charts.

export const texts = await (await fetch("/dashboard/files/texts.zh.json")).json();
export const at = (id) => document.getElementById(id);
export const RATES = ["conversion", "refund_rate"];
export const MONEY = ["sales", "average", "refunded", "spent"];
const LEFT = ["key", "number", "created_at", "state", "city", "channel", "code", "name", "spec", "sku", "category", "supplier", "order_by", "arrives", "abc", "xyz", "advice", "partner", "rows", "day", "from", "to", "case_kind", "case_reason", "reason", "group", "agent", "intent", "example", "sender_id", "started_at", "outcome", "intents", "reasons", "close_reason", "text", "error", "at", "ended_at", "origin", "weekday"];
const WORDS = { advice: texts.advice, state: texts.states, case_kind: texts.case_kinds, case_reason: texts.case_reasons, channel: texts.channels };
let plot = null;

/** The shop's today (Shanghai, by the server's clock), so many days back, as YYYY-MM-DD. */
export const day = (back = 0) => new Date(Date.parse(document.body.dataset.day) - back * 864e5).toISOString().slice(0, 10);
export const yuan = (fen) => "¥" + (fen / 100).toLocaleString("zh-CN", fen % 100 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : {});
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function make(name, attributes = {}, ...inside) {
  const node = Object.assign(document.createElement(name), attributes);
  node.append(...inside);
  return node;
}

export function worth(metric, value) {
  if (RATES.includes(metric)) return (100 * value).toFixed(1) + "%";
  return MONEY.includes(metric) ? yuan(value) : Number(value).toLocaleString("zh-CN", { maximumFractionDigits: 2 });
}

/** Readers of values that other pages bring: (key, value) → text, or undefined where it is none of theirs. */
export const readers = [];

function cell(key, value) {
  for (const read of readers) {
    const said = read(key, value);
    if (said !== undefined) return said;
  }
  if (value === null || value === undefined) return "";
  if (key.endsWith("_fen")) return yuan(value);
  if (WORDS[key]) return WORDS[key][value] ?? value;
  if (key === "name" && texts.quality[value]) return texts.quality[value];
  if (typeof value === "number") return value.toLocaleString("zh-CN", { maximumFractionDigits: 2 });
  return Array.isArray(value) ? value.join("、") : String(value);
}

/** A table of rows (the columns that have a heading); `first` names the columns that come first; `open` is called
 *  with the row that is clicked, `picks[column]` with the row whose number in that column is. */
export function table(rows, open, { heading = "", first = [], picks = {} } = {}) {
  at("table").replaceChildren();
  if (!rows.length) return void (at("note").textContent = texts.empty);
  const keys = [...new Set([...first, ...Object.keys(rows[0])])].filter((key) => texts.columns[key] && key in rows[0]);
  const side = (key) => (LEFT.includes(key) ? key : "number");
  const inside = (row, key) => {
    const words = cell(key, row[key]);
    if (!picks[key] || !row[key]) return words;
    const pick = (event) => {
      event.stopPropagation();
      picks[key](row);
    };
    return make("button", { type: "button", className: "pick", name: key, onclick: pick, onkeydown: (event) => event.stopPropagation() }, words);
  };
  const body = rows.map((row) => {
    const act = open ? { tabIndex: 0, onclick: () => open(row), onkeydown: (event) => event.key === "Enter" && open(row) } : {};
    return make("tr", act, ...keys.map((key) => make("td", { className: side(key) }, inside(row, key))));
  });
  const head = make("tr", {}, ...keys.map((key) => make("th", { className: side(key), scope: "col" }, texts.columns[key])));
  const count = filled(rows.length === 500 ? texts.most : texts.shown, { count: rows.length });
  at("table").replaceChildren(
    make("p", { className: "count" }, [heading, count].filter(Boolean).join(" · ")),
    make("div", { className: "wide" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body))),
  );
}

/** Draw a chart, or none; `pick` is called with the name on the axis that is clicked, and with what ECharts tells of it. */
export function draw(option, pick) {
  plot?.dispose();
  plot = null;
  at("chart").hidden = !option;
  if (!option) return;
  plot = echarts.init(at("chart"));
  const grid = { left: 12, right: 16, top: 40, bottom: 12, containLabel: true };
  plot.setOption({ color: ["#1d4fd8", "#c2570c"], grid, tooltip: { trigger: "axis", confine: true }, animation: false, ...option });
  if (pick) plot.on("click", (event) => pick(event.name, event));
}

/** The chart as a picture, under the page's name. */
export function save(name) {
  if (plot) make("a", { href: plot.getDataURL({ backgroundColor: "#fff", pixelRatio: 2 }), download: `${name}.png` }).click();
}

addEventListener("resize", () => plot?.resize());
