// The pages about service: the report with the talks behind each number, what nobody could answer, dead letters.

const SECONDS = ["wait_s", "first_s", "handling_s"];
const SHARES = ["negative", "containment", "score"];
const MOMENTS = ["started_at", "created_at", "at", "ended_at"];
const DESK = "/desk/#";

const time = (value) => new Date(value).toLocaleString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

/** Seconds as m:ss. */
export function length(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function pages({ at, date, day, draw, load, make, select, table, texts, again }) {
  /** A value as people read it; undefined where it is none of ours. */
  function cell(key, value) {
    const of = (names) => [].concat(value).map((one) => names[one] || one).join("、");
    if (value === null || value === "") return "—";
    if (SECONDS.includes(key)) return length(value);
    if (SHARES.includes(key)) return (100 * value).toFixed(1) + "%";
    if (MOMENTS.includes(key)) return time(value);
    if (key === "anger" || key === "rating") return Number(value).toFixed(1).replace(/\.0$/, "");
    if (key === "weekday") return "周" + texts.weekdays[value - 1];
    if (key === "outcome") return of(texts.outcomes);
    if (key === "reason" || key === "reasons") return of(texts.reasons);
    if (key === "group") return of(texts.skill);
    if (key === "close_reason") return of(texts.closes);
    if (key === "origin") return of(texts.origins);
    return undefined;
  }

  const values = () => Object.fromEntries(new FormData(at("tools")));

  /** The talks behind a number; a line leads to the talk at the desk. */
  async function behind(kind, value = "") {
    const { from, to } = values();
    const found = await load("service_talks", { from, to, kind, value });
    if (!found) return;
    table(found.rows, (row) => open(DESK + encodeURIComponent(row.sender_id), "_blank", "noopener"));
    at("table").prepend(make("h2", {}, `${texts.behind}（${found.count}）`));
    at("table").scrollIntoView({ block: "nearest" });
  }

  function tile(name, value, kind, which = "") {
    return make("button", { className: "tile", onclick: () => behind(kind, which) }, texts.tiles[name],
      make("b", {}, cell(name, value) ?? String(value)));
  }

  function overview(found) {
    const { containment: bot, people } = found;
    at("tiles").replaceChildren(
      tile("containment", bot.containment, "contained"), tile("talks", bot.talks, "talks"),
      ...["confirmed", "assumed", "taken_back", "handed"].map((name) => tile(name, bot[name], "outcome", name)),
      tile("handoffs", people.handoffs, "handoffs"), tile("accepted", people.accepted, "accepted"),
      tile("left", people.left, "close", "left"), tile("timeout", people.timeout, "close", "timeout"),
      ...SECONDS.map((name) => tile(name, people[name], "accepted")), tile("rating", people.rating, "rated"),
    );
    const names = ["confirmed", "assumed", "taken_back", "handed"];
    draw({
      legend: {}, xAxis: { type: "category", data: found.rows.map((row) => row.day) }, yAxis: { type: "value" },
      series: names.map((name) => ({ type: "bar", stack: "all", name: texts.outcomes[name], data: found.rows.map((row) => row[name]) })),
    });
    table(found.rows, (row) => behind("day", row.day));
  }

  function bars(rows, key, kind, id = key) {
    const first = rows.slice(0, 20);
    draw({
      xAxis: { type: "category", data: first.map((row) => cell(key, row[key]) ?? row[key]), axisLabel: { interval: 0, rotate: first.length > 6 ? 30 : 0 } },
      yAxis: { type: "value" },
      series: [{ type: "bar", name: texts.columns[kind === "intent" ? "talks" : "handoffs"], data: first.map((row) => row.handoffs ?? row.talks) }],
    });
    table(rows, (row) => behind(kind, row[id]));
  }

  function mood(found) {
    draw({
      legend: {}, xAxis: { type: "category", data: found.rows.map((row) => row.day) },
      yAxis: [{ type: "value", max: 100, name: "%" }, { type: "value", max: 3 }],
      series: [
        { type: "line", name: texts.columns.negative, data: found.rows.map((row) => Math.round(1000 * row.negative) / 10) },
        { type: "line", name: texts.columns.anger, yAxisIndex: 1, data: found.rows.map((row) => Math.round(100 * row.anger) / 100) },
      ],
    });
    table(found.rows, (row) => behind("mood_day", row.day));
  }

  function hours(found) {
    const most = Math.max(1, ...found.rows.map((row) => row.messages));
    draw({
      tooltip: { trigger: "item" }, xAxis: { type: "category", data: [...Array(24).keys()] },
      yAxis: { type: "category", inverse: true, data: texts.weekdays.map((name) => "周" + name) },
      visualMap: { min: 0, max: most, orient: "horizontal", left: "center", bottom: 0 },
      series: [{ type: "heatmap", data: found.rows.map((row) => [row.hour, row.weekday - 1, row.messages]) }],
    });
    table([...found.rows].sort((a, b) => b.messages - a.messages), (row) => behind("hour", `${row.weekday}-${row.hour}`));
  }

  const PARTS = {
    overview,
    reasons: (found) => bars(found.rows, "reason", "reason"),
    groups: (found) => bars(found.rows, "group", "group"),
    agents: (found) => bars(found.rows, "agent", "agent", "agent_id"),
    intents: (found) => bars(found.rows, "intent", "intent"),
    mood,
    hours,
  };

  /** Change something; the page is loaded again when it was done. */
  async function post(path, body) {
    const headers = { "Content-Type": "application/json", "X-Xiaoer-Desk": "1" };
    at("note").textContent = texts.loading;
    const answer = await fetch(`/dashboard/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) await again();
    at("note").textContent = answer.ok ? said.said || texts.revived : said.said || texts.failed;
  }

  function unanswered(found) {
    table([]);
    at("note").textContent = found.rows.length ? "" : texts.empty;
    at("table").append(...found.rows.map((group) => {
      const act = (body) => post(`unanswered/${group.number}`, body);
      const name = make("input", { placeholder: texts.name, pattern: "[A-Za-z0-9_-]{1,40}", required: true, ariaLabel: texts.name });
      const words = make("textarea", { placeholder: texts.answer, rows: 2, required: true, ariaLabel: texts.answer });
      const form = make("form", { onsubmit: (event) => { event.preventDefault(); act({ action: "take", faq: name.value, answer: words.value }); } },
        name, words, make("button", {}, texts.makeFaq));
      const wish = group.target ? `${texts.proposals[group.kind]}：${group.target}（${cell("score", group.score)}）` : texts.proposals.new;
      const buttons = [make("button", { type: "button", onclick: () => act({ action: "drop" }) }, texts.drop)];
      if (group.target) buttons.unshift(make("button", { type: "button", onclick: () => act({ action: "take" }) }, texts.take));
      return make("section", { className: "group" }, make("h2", {}, `${group.keywords.join(" ")} · ${group.messages}`),
        make("ul", {}, ...group.texts.map((text) => make("li", {}, text))), make("p", {}, wish, ...buttons), form);
    }));
  }

  function letters(found) {
    table(found.rows);
    for (const [number, line] of [...at("table").querySelectorAll("tbody tr")].entries())
      line.append(make("td", {}, make("button", { onclick: () => post(`letters/${found.rows[number].id}/revive`, {}) }, texts.revive)));
    const states = { waiting: texts.queued, sent: texts.sent, held: texts.held, dead: texts.dead };
    at("tiles").replaceChildren(...found.counts.map(({ channel, ...counts }) => make("div", { className: "tile" }, channel,
      make("b", {}, String(counts.dead || 0)), make("small", {}, Object.entries(counts).map(([key, count]) => `${states[key] || key} ${count}`).join("，")))));
  }

  return {
    cell,
    forms: {
      service: () => [date("from", day(29)), date("to", day(0)), select("part", texts.parts)],
      unanswered: () => [],
      letters: () => [],
    },
    show: { service: (found, asked) => PARTS[asked.part](found), unanswered, letters },
  };
}
