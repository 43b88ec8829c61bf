// The right column: who the customer is, their orders and cases, what the talk was about.

import { get, of, post } from "./api.js";
import { arrange, clock, filled, Kept, make } from "./dom.js";
import { eraseButtons } from "./erase.js";
import { caseBox, orderBox } from "./orders.js";

export class Side {
  constructor(desk) {
    this.desk = desk;
    this.root = document.getElementById("side");
    this.kept = new Kept(); // a redraw loses no click on what has not changed
    this.revealed = new Map(); // phones that were shown stay shown until the talk is left
  }

  clear() {
    this.root.replaceChildren();
    this.revealed.clear();
    this.kept = new Kept();
    this.asked = null;
  }

  /** Draw it anew when the talk has become this agent's, or is no more, however that was heard of. */
  follow() {
    const { current, talk } = this.desk;
    if (current && talk.senderId === current && this.root.hasChildNodes() && this.asked?.mine !== talk.mine) this.open(current);
  }

  async open(senderId) {
    const asked = (this.asked = { mine: this.desk.talk.mine });
    const found = await this.desk.try(() => get(of(senderId, "/side")));
    if (asked !== this.asked || senderId !== this.desk.current) return;
    if (!found) {
      this.asked = null; // the next change asks again
      return;
    }
    const { texts, talk } = this.desk;
    asked.mine = talk.mine;
    const { customer, summary, orders, cases, past } = found;
    const { mine } = talk;
    const part = (key, facts, draw) => this.kept.node(key, facts, draw);
    const heading = (name) => part(`heading ${name}`, name, () => make("h3", {}, texts[name]));
    const boxes = (name, list, draw) =>
      list.length
        ? list.map((one, place) => part(`${name} ${place}`, [one, mine], () => draw(one)))
        : part(`${name} none`, null, () => make("p", { class: "soft" }, texts.none));
    const children = [
      part("back", null, () =>
        make("button", { type: "button", class: "only-small", onclick: () => (document.body.dataset.view = "talk") }, texts.back)),
      part("summary", [customer, summary], () => this.summary(found)),
      part("customer", [customer, this.revealed.get(customer?.id), talk.talk?.handoff_id], () => this.customer(customer)),
      heading("orders"),
      boxes("orders", orders, (one) => orderBox(this.desk, one)),
      heading("cases"),
      boxes("cases", cases, (one) => caseBox(this.desk, one)),
      heading("past"),
      boxes("past", past, (one) => this.past(one)),
      part("erase", customer, () => eraseButtons(this.desk, senderId, customer)),
    ];
    arrange(this.root, children.flat());
  }

  /** At most five lines: who, which order, what was wanted, asked last, tried. */
  summary({ customer, summary }) {
    const { texts } = this.desk;
    const who = customer ? `${customer.name} ${texts.levels[customer.level]}` : texts.guest;
    const lines = [
      [texts.sum.who, who],
      [texts.sum.orders, summary.orders.join("、")],
      [texts.sum.wanted, summary.wanted],
      [texts.sum.asked_last, summary.asked_last],
      [texts.sum.tried, summary.tried.join(" / ")],
    ].filter((one) => one[1]);
    return [
      make("h3", {}, texts.summary),
      make("dl", { class: "summary" }, ...lines.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)])),
      ...this.mood(summary.moods),
    ];
  }

  mood(moods) {
    const { texts } = this.desk;
    const heard = moods.filter((one) => one.mood);
    if (!heard.length) return [];
    const level = (one) => (one.anger ? one.anger : { neg: 0.7, neu: 0, pos: -0.7 }[one.mood] || 0);
    const wide = 300 / Math.max(1, heard.length - 1);
    const points = heard.map((one, place) => `${(place * wide).toFixed(1)},${(26 - level(one) * 8).toFixed(1)}`).join(" ");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-4 -4 308 44");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "mood");
    svg.setAttribute("role", "img");
    const words = filled(texts.mood_now, { mood: texts.moods[heard.at(-1).mood] });
    svg.setAttribute("aria-label", words);
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", heard.length > 1 ? points : `0,${26 - level(heard[0]) * 8} 300,${26 - level(heard[0]) * 8}`);
    svg.append(line);
    return [make("h3", {}, words), svg];
  }

  customer(customer) {
    const { texts } = this.desk;
    if (!customer) return [make("h3", {}, texts.customer), make("p", { class: "soft" }, texts.unknown_customer)];
    const seen = this.revealed.get(customer.id);
    const phone = make("span", {}, seen || customer.phone);
    const reveal = make(
      "button",
      {
        type: "button",
        class: "quiet",
        onclick: async () => {
          const senderId = this.desk.current;
          const found = await this.desk.try(() => post(of(senderId, "/reveal")));
          if (!found || senderId !== this.desk.current) return;
          this.revealed.set(customer.id, found.phone);
          await this.open(senderId);
        },
      },
      texts.reveal,
    );
    return [
      make("h3", {}, texts.customer),
      make(
        "dl",
        {},
        make("dt", {}, texts.name),
        make("dd", {}, customer.name),
        make("dt", {}, texts.level),
        make("dd", {}, texts.levels[customer.level] || ""),
        make("dt", {}, texts.phone),
        make("dd", {}, phone, " ", !seen && this.desk.talk.talk?.handoff_id ? reveal : null),
      ),
    ];
  }

  past(one) {
    const { texts } = this.desk;
    const parts = [texts.reasons[one.reason] || one.reason, one.agent, one.rating ? `${one.rating}★` : null, ...one.tags];
    return make("div", { class: "box" }, make("div", { class: "soft" }, clock(one.at)), parts.filter(Boolean).join(" · "));
  }
}
