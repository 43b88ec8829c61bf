// The left column: my talks, the queue, all.

import { arrange, clock, filled, Kept, make } from "./dom.js";

export const TABS = ["mine", "queue", "all"];

export class Lists {
  constructor(desk) {
    this.desk = desk;
    this.root = document.getElementById("lists");
    this.tab = "mine";
    this.kept = new Kept();
    this.tabs = make("div", { role: "tablist", class: "tabs" });
    this.list = make("ul", { class: "talks" });
    this.root.append(this.tabs, this.list);
  }

  async choose(tab) {
    this.tab = tab;
    if (tab === "all") await this.desk.fetchList("all");
    this.draw();
  }

  /** The talks of a tab, in the order in which they are shown. */
  shown(tab = this.tab) {
    const { talks, me } = this.desk;
    const all = [...talks.values()];
    if (tab === "mine") {
      return all.filter((one) => one.state === "agent" && one.agent_id === me.id).sort(by((one) => one.since));
    }
    if (tab === "queue") return all.filter((one) => one.state === "waiting").sort(by((one) => one.rank));
    return all.sort(by((one) => one.last?.at || "")).reverse();
  }

  draw() {
    const { texts, current, unread } = this.desk;
    arrange(
      this.tabs,
      TABS.map((tab) => {
        const count = tab === "all" ? null : this.shown(tab).length;
        const draw = () => this.tabOf(tab, count);
        return this.kept.node(`tab ${tab}`, [tab === this.tab, count], draw);
      }),
    );
    const items = this.shown().map((one) => {
      const [id, isCurrent] = [one.sender_id, one.sender_id === current];
      return this.kept.node(id, [one, unread.get(id), isCurrent], () => this.item(one, isCurrent));
    });
    const empty = () => make("li", { class: "empty" }, texts.empty[this.tab]);
    arrange(this.list, items.length ? items : [this.kept.node("empty", this.tab, empty)]);
  }

  tabOf(tab, count) {
    const chosen = { role: "tab", type: "button", "aria-selected": String(tab === this.tab), onclick: () => this.choose(tab) };
    return make("button", chosen, this.desk.texts.tabs[tab], count ? make("span", { class: "count" }, String(count)) : null);
  }

  item(talk, isCurrent) {
    const { texts, unread } = this.desk;
    const count = unread.get(talk.sender_id);
    const state = talk.state === "agent" ? talk.agent : texts.state[talk.state];
    return make(
      "li",
      {},
      make(
        "button",
        {
          type: "button",
          class: `talk${isCurrent ? " current" : ""}${talk.warned ? " warned" : ""}`,
          "aria-current": isCurrent ? "true" : null,
          "data-sender": talk.sender_id,
          onclick: () => this.desk.open(talk.sender_id),
        },
        make(
          "span",
          { class: "name" },
          talk.customer ? talk.customer.name : texts.guest,
          talk.customer?.level ? make("em", { class: "level" }, texts.levels[talk.customer.level]) : null,
          talk.last?.anger >= 2 ? make("em", { class: "angry" }, texts.angry) : null,
        ),
        make("time", {}, talk.last ? clock(talk.last.at) : ""),
        make("span", { class: "last" }, talk.last ? talk.last.text || (talk.last.picture ? texts.picture : texts.card) : ""),
        count ? make("span", { class: "unread", "aria-label": filled(texts.unread, { count }) }, String(count)) : null,
        make(
          "span",
          { class: "tags" },
          make("em", { class: `state ${talk.state}` }, state),
          talk.reason && talk.state !== "bot" ? make("em", {}, texts.reasons[talk.reason] || talk.reason) : null,
          talk.group && talk.group !== "any" && talk.state !== "bot" ? make("em", {}, texts.groups[talk.group]) : null,
        ),
      ),
    );
  }

  /** The talk before or after the current one in the list. */
  neighbour(step) {
    const shown = this.shown();
    if (!shown.length) return null;
    const place = shown.findIndex((one) => one.sender_id === this.desk.current);
    return shown[(place + step + shown.length) % shown.length].sender_id;
  }
}

function by(key) {
  return (one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
}
