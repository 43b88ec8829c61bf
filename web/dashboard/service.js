// The pages about service: the report with the talks behind each number, what nobody could answer, dead letters.

const SECONDS = ["wait_s", "first_s", "handling_s"];
const SHARES = ["negative", "containment", "score"];
const MOMENTS = ["started_at", "created_at", "at", "ended_at"];
const DESK = "/desk/#";
const OUTCOMES = ["confirmed", "assumed", "taken_back", "handed"];
const OUTCOME_COLORS = ["#1d4fd8", "#8fb0ff", "#f0b27a", "#c2570c"]; // blue: the bot's, orange: not
// Which of a row's handoffs stand behind a figure of it: the second condition beside the row's own.
const CASES = {
  handoffs: [], accepted: ["accepted"], left: ["close", "left"], timeout: ["close", "timeout"], wait_s: ["accepted"],
  first_s: ["first"], handling_s: ["handled"], rating: ["rated"], rated: ["rated"],
};

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

  /** The talks behind a number, of one kind or of two at once; a line leads to the talk at the desk. */
  async function behind(kind, value = "", also = "", also_value = "") {
    const { from, to } = values();
    const found = await load("service_talks", { from, to, kind, value, ...(also ? { also, also_value } : {}) });
    if (!found) return;
    table(found.rows, (row) => open(DESK + encodeURIComponent(row.sender_id), "_blank", "noopener"));
    const back = make("button", { type: "button", className: "back", onclick: again }, `‹ ${texts.back}`);
    at("table").prepend(back, make("h2", {}, `${texts.behind}（${found.count}）`));
    at("table").scrollIntoView({ block: "nearest" });
  }

  /** What a click on each figure of a row opens: the row's own condition and the figure's; or what the figure says itself. */
  function picks(kind, id, figures) {
    const pick = (also) => (typeof also === "function" ? also : (row) => behind(kind, row[id], ...also));
    return Object.fromEntries(Object.entries(figures).map(([column, also]) => [column, pick(also)]));
  }

  function tile(name, value, kind, which = "") {
    return make("button", { className: "tile", onclick: () => behind(kind, which) }, texts.tiles[name],
      make("b", {}, cell(name, value) ?? String(value)));
  }

  function overview(found) {
    const { containment: bot, people } = found;
    at("tiles").replaceChildren(
      tile("containment", bot.containment, "contained"), tile("talks", bot.talks, "talks"),
      ...OUTCOMES.map((name) => tile(name, bot[name], "outcome", name)),
      tile("handoffs", people.handoffs, "handoffs"), tile("accepted", people.accepted, "accepted"),
      tile("left", people.left, "close", "left"), tile("timeout", people.timeout, "close", "timeout"),
      ...SECONDS.map((name) => tile(name, people[name], ...CASES[name])), tile("rating", people.rating, "rated"),
    );
    draw({
      color: OUTCOME_COLORS, legend: {}, xAxis: { type: "category", data: found.rows.map((row) => row.day) }, yAxis: { type: "value", minInterval: 1 },
      series: OUTCOMES.map((name) => ({ type: "bar", stack: "all", name: texts.outcomes[name], data: found.rows.map((row) => row[name]) })),
    }, (day, { seriesIndex }) => behind("day", day, "outcome", OUTCOMES[seriesIndex]));
    const figures = Object.fromEntries(OUTCOMES.map((name) => [name, ["outcome", name]]));
    table(found.rows, (row) => behind("day", row.day), { picks: picks("day", "day", { talks: [], ...figures }) });
  }

  function bars(rows, key, figures, id = key) {
    const first = rows.slice(0, 20);
    draw({
      xAxis: { type: "category", data: first.map((row) => cell(key, row[key]) ?? row[key]), axisLabel: { interval: 0, rotate: first.length > 6 ? 30 : 0 } },
      yAxis: { type: "value", minInterval: 1 },
      series: [{ type: "bar", name: texts.columns[key === "intent" ? "talks" : "handoffs"], data: first.map((row) => row.handoffs ?? row.talks) }],
    }, (_, { dataIndex }) => behind(key, first[dataIndex][id]));
    table(rows, (row) => behind(key, row[id]), { picks: picks(key, id, figures) });
  }

  function mood(found) {
    draw({
      legend: {}, xAxis: { type: "category", data: found.rows.map((row) => row.day) },
      yAxis: [{ type: "value", max: 100, name: "%" }, { type: "value", max: 3 }],
      series: [
        { type: "line", name: texts.columns.negative, data: found.rows.map((row) => Math.round(1000 * row.negative) / 10) },
        { type: "line", name: texts.columns.anger, yAxisIndex: 1, data: found.rows.map((row) => Math.round(100 * row.anger) / 100) },
      ],
    }, (day, { seriesIndex }) => behind(seriesIndex ? "angry_day" : "mood_day", day));
    const on = (kind) => (row) => behind(kind, row.day);
    table(found.rows, on("heard_day"), { picks: { messages: on("heard_day"), negative: on("mood_day"), anger: on("angry_day") } });
  }

  function hours(found) {
    const most = Math.max(1, ...found.rows.map((row) => row.messages));
    draw({
      grid: { left: 12, right: 16, top: 24, bottom: 52, containLabel: true }, // room for the scale below
      tooltip: { trigger: "item" }, xAxis: { type: "category", data: [...Array(24).keys()] },
      yAxis: { type: "category", inverse: true, data: texts.weekdays.map((name) => "周" + name) },
      visualMap: { min: 0, max: most, orient: "horizontal", left: "center", bottom: 0 },
      series: [{ type: "heatmap", data: found.rows.map((row) => [row.hour, row.weekday - 1, row.messages]) }],
    }, (_, { data: [hour, weekday] }) => behind("hour", `${weekday + 1}-${hour}`));
    const busy = (row) => behind("hour", `${row.weekday}-${row.hour}`);
    table([...found.rows].sort((a, b) => b.messages - a.messages), busy, { picks: { messages: busy } });
  }

  const PARTS = {
    overview,
    reasons: (found) => bars(found.rows, "reason", CASES),
    groups: (found) => bars(found.rows, "group", CASES),
    agents: (found) => bars(found.rows, "agent", { ...CASES, handling_s: (row) => behind("held", row.agent_id) }, "agent_id"),
    intents: (found) => bars(found.rows, "intent", { talks: [], messages: [], handed: ["outcome", "handed"] }),
    mood,
    hours,
  };

  /** Change something; the page is loaded again when it was done. */
  async function post(path, body, done, refused = texts.failed) {
    const headers = { "Content-Type": "application/json", "X-Xiaoer-Desk": "1" };
    at("note").textContent = texts.loading;
    const answer = await fetch(`/dashboard/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) await again();
    at("note").textContent = answer.ok ? done : answer.status === 400 ? refused : texts[said.error] || texts.failed; // what the program says is for engineers
  }

  function unanswered(found) {
    table([]);
    at("note").textContent = found.rows.length ? "" : texts.empty;
    at("table").append(...found.rows.map((group) => {
      const act = (body) => post(`unanswered/${group.number}`, body, texts.done, texts.unsettled);
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
      line.append(make("td", {}, make("button", { onclick: () => post(`letters/${found.rows[number].id}/revive`, {}, texts.revived) }, texts.revive)));
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
