// The list of messages: bubbles, cards, quick replies, typing dots.

import { cards, pictureAddress, sayButton } from "./cards.js";
import { linked, make } from "./dom.js";

const NEW_TIME_AFTER_MS = 5 * 60 * 1000;
const NEAR_BOTTOM_PX = 80;

export class Log {
  /** @param context {texts, say(text), pictures, store} */
  constructor(context) {
    this.context = context;
    this.own = new Map(); // client id → row of a message that was sent from here
    this.latest = null; // moment of the last message
    this.anchor = null; // the row of the customer's last message
    this.settledAt = 0; // where the list was scrolled to from here
    this.list = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": context.texts.log, tabindex: 0 });
    this.jump = make("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom() },
      context.texts.new_messages);
    this.dots = make("div", { class: "row from-bot typing", role: "status", "aria-label": context.texts.typing },
      make("div", { class: "bubble dots" }, make("i"), make("i"), make("i")));
    this.list.addEventListener("scroll", () => {
      if (this.isAtBottom()) this.jump.hidden = true;
    });
  }

  clear() {
    this.list.replaceChildren();
    this.own.clear();
    this.latest = null;
  }

  get isEmpty() {
    return !this.list.querySelector(".row:not(.typing):not(.welcome)");
  }

  /** What a new visitor sees; it is no message and is not kept. */
  welcome() {
    const { texts } = this.context;
    const row = make("div", { class: "row from-bot welcome" }, make("div", { class: "stack" },
      make("div", { class: "bubble" }, texts.greeting),
      make("div", { class: "replies" },
        ...texts.starters.map((text) => sayButton({ title: text, payload: text }, this.context, "reply")))));
    this.list.append(row);
  }

  /** Show a message of the server. */
  show(message) {
    const mine = message.direction === "in";
    const row = this.row(mine ? "in" : message.direction === "agent" ? "agent" : "out", message);
    this.place(row, message.at, mine);
  }

  /** Show a message that is being sent from here. */
  showOwn(id, text, attachments) {
    const row = this.row("in", { text, attachments });
    row.classList.add("sending");
    this.own.set(id, row);
    this.place(row, new Date().toISOString(), true);
  }

  /** Mark an own message as sending, sent or failed; a click on a failed one sends it again. */
  fate(id, state, again) {
    const row = this.own.get(id);
    if (!row) return;
    row.classList.toggle("sending", state === "sending");
    row.classList.toggle("failed", state === "failed");
    row.querySelector(".retry")?.remove();
    if (state === "failed") {
      row.querySelector(".stack").append(
        make("button", { type: "button", class: "retry", onclick: again }, this.context.texts.retry));
    }
  }

  typing(on) {
    if (on) {
      const follow = this.follows();
      this.list.append(this.dots);
      if (follow) this.settle();
    } else {
      this.dots.remove();
    }
  }

  row(kind, message) {
    const { texts } = this.context;
    const side = kind === "in" ? "from-me" : "from-bot";
    const speaker = { in: texts.you, out: texts.bot, agent: message.agent || texts.agent }[kind];
    const parts = [
      make("span", { class: kind === "agent" ? "speaker" : "unseen" }, `${speaker}：`),
      message.text ? make("div", { class: "bubble" }, ...linked(String(message.text))) : null,
      ...(message.attachments || []).map((id) => this.upload(id)),
      message.image ? this.image(message.image) : null,
      message.custom && typeof message.custom === "object" ? cards(message.custom, this.context) : null,
      kind !== "in" && message.buttons?.length
        ? make("div", { class: "replies" }, ...message.buttons.map((one) => sayButton(one, this.context, "reply")))
        : null,
    ];
    return make("div", { class: `row ${side}${kind === "agent" ? " from-agent" : ""}` }, make("div", { class: "stack" }, ...parts.filter(Boolean)));
  }

  image(path) {
    const address = pictureAddress(path, this.context.pictures);
    return address ? make("img", { class: "picture", src: address, alt: "", loading: "lazy" }) : null;
  }

  upload(id) {
    const image = make("img", { class: "picture", alt: this.context.texts.picture_alt });
    const fail = () => image.replaceWith(make("div", { class: "bubble" }, this.context.texts.picture_alt));
    this.context.store.show(id).then((address) => (address ? (image.src = address) : fail()), fail);
    return image;
  }

  place(row, at, mine) {
    const follow = mine || this.follows();
    // Quick replies belong to the moment: once somebody has spoken again, they are over.
    if (mine) for (const old of this.list.querySelectorAll(".replies")) old.remove();
    else this.carryReplies(row);
    this.time(at);
    this.list.append(row);
    if (this.dots.isConnected) this.list.append(this.dots);
    if (mine) this.anchor = row;
    if (follow) this.settle();
    else this.jump.hidden = false;
  }

  /** Quick replies of a text stay below the card that follows it in the same answer. */
  carryReplies(row) {
    const before = this.list.querySelector(".row:nth-last-child(1 of .row:not(.typing)) .replies");
    if (before && !before.closest(".welcome") && !row.querySelector(".replies")) row.querySelector(".stack").append(before);
  }

  time(at) {
    const moment = at ? new Date(at) : new Date();
    if (Number.isNaN(moment.getTime())) return;
    if (!this.latest || moment - this.latest > NEW_TIME_AFTER_MS) {
      this.list.append(make("div", { class: "time" }, clock(moment, this.context.texts)));
    }
    this.latest = moment;
  }

  isAtBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_BOTTOM_PX;
  }

  /** Whether the reader is where the last messages left them, and has not scrolled away. */
  follows() {
    return this.isAtBottom() || Math.abs(this.list.scrollTop - this.settledAt) < 2;
  }

  /** Show the newest messages; a long answer from its beginning, just below the question. */
  settle() {
    const bottom = this.list.scrollHeight - this.list.clientHeight;
    const question = this.anchor?.isConnected ? this.anchor.offsetTop - this.list.offsetTop - 12 : bottom;
    this.list.scrollTop = Math.min(bottom, question);
    this.settledAt = this.list.scrollTop;
    this.jump.hidden = true;
  }

  toBottom() {
    this.list.scrollTop = this.list.scrollHeight;
    this.settledAt = this.list.scrollTop;
    this.jump.hidden = true;
  }
}

function clock(moment, texts) {
  const time = moment.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(moment).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return `${texts.today} ${time}`;
  if (days === 1) return `${texts.yesterday} ${time}`;
  return `${moment.toLocaleDateString("zh-CN")} ${time}`;
}

