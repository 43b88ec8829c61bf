// The middle: one talk's messages and notes, what may be done with it, and what is said.

import { call, get, of, post, Refused } from "./api.js";
import { bubble, noteNode } from "./bubbles.js";
import { Composer } from "./composer.js";
import { ask, toast } from "./dialogs.js";
import { arrange, Kept, make } from "./dom.js";
import { Said } from "./said.js";

const TYPING_MS = 5000;
const PAGE = 50; // messages that the server gives at once
const NEAR_TOP_PX = 40;
const MISSED = 200; // as many of those that were missed
const RETRY_MS = 1500;
const LONGEST_RETRY_MS = 24_000;

export class Talk {
  constructor(desk) {
    this.desk = desk;
    this.root = document.getElementById("talk");
    this.clear();
  }

  /** Nothing of a talk is left to be read or pressed. */
  clear(words = this.desk.texts.choose) {
    Object.assign(this, { senderId: null, said: new Said(), notes: [], readTo: 0, typing: null, log: null, opening: null, unopened: null });
    clearTimeout(this.retry);
    this.tries = 0;
    this.root.replaceChildren(make("p", { class: "empty" }, words));
    this.composer = null;
  }

  get talk() {
    return this.desk.talks.get(this.senderId);
  }

  get mine() {
    return this.talk?.state === "agent" && this.talk.agent_id === this.desk.me.id;
  }

  /** Fetch and show a talk, unless another one is opened or this one left meanwhile. */
  async open(senderId) {
    if (senderId !== this.senderId) this.clear(this.desk.texts.opening);
    const opening = (this.opening = { senderId, early: [], stale: false });
    const mark = this.desk.heardOf(senderId);
    const [found, refused] = await answer(get(of(senderId)));
    if (opening !== this.opening) return;
    this.opening = null;
    if (refused) {
      this.notOpened(senderId, refused);
      return;
    }
    this.desk.learn(senderId, found.talk, mark);
    Object.assign(this, { senderId, said: new Said(found.messages), notes: found.notes, readTo: 0, told: 0, more: found.messages.length === PAGE });
    this.said.behind = !this.desk.lineUp || opening.stale;
    for (const one of opening.early) this.said.hear(one);
    for (const one of this.said.all) this.known(one);
    this.kept = new Kept();
    this.head = make("div", { class: "talk-head" });
    const log = make("div", { class: "log", role: "log", "aria-label": this.desk.texts.talk, tabindex: 0 });
    this.log = log;
    this.atEnd = true;
    log.addEventListener("scroll", () => {
      if (log !== this.log) return;
      this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
      if (log.scrollTop < NEAR_TOP_PX) this.earlier();
    });
    const stay = () => log === this.log && this.atEnd && (log.scrollTop = log.scrollHeight);
    log.addEventListener("load", stay, true); // a picture has got its height
    new ResizeObserver(stay).observe(log);
    this.older = make("button", { type: "button", class: "quiet earlier", onclick: () => this.earlier() }, this.desk.texts.earlier);
    this.under = make("div", { class: "under", "aria-live": "polite" });
    this.composer = new Composer(this.desk, this);
    this.root.replaceChildren(
      this.head,
      this.log,
      make("div", {}, this.under, this.composer.root),
    );
    this.drawHead();
    this.drawLog(true);
    this.composer.suggest();
    this.read();
    if (opening.stale) await this.catchUp();
  }

  /** A talk whose opening failed: it is left when it is closed or gone, else there is a way to try again. */
  notOpened(senderId, error) {
    const closed = [403, 404].includes(error.status);
    if (error.status === 403) toast(this.desk.sentence(error), "bad");
    if (closed) this.clear();
    if (closed || this.senderId === senderId) {
      this.desk.lost(senderId, error); // what was shown of it stays to be read
      return;
    }
    const { texts } = this.desk;
    this.clear(this.desk.sentence(error));
    this.unopened = senderId;
    this.root.firstChild.append(
      make(
        "span",
        { class: "row" },
        make("button", { type: "button", class: "only-small", onclick: () => this.desk.leave() }, texts.back),
        make("button", { type: "button", class: "main", "data-act": "retry", onclick: () => this.desk.open(senderId) }, texts.retry),
      ),
    );
  }

  /** The line broke: what comes when it is back says nothing of what was said meanwhile. */
  fallBehind() {
    this.said.behind = true;
  }

  /** After a broken line or a step: what has been said since all was known; a talk that did not open is tried again. */
  async catchUp() {
    const senderId = this.senderId;
    if (this.opening) this.opening.stale = true; // what it brings may be older
    else if (this.unopened) await this.desk.open(this.unopened);
    if (!senderId) return;
    clearTimeout(this.retry);
    const { lineTurn, lineUp } = this.desk;
    const [found, refused] = await answer(get(of(senderId, `/messages?after=${this.said.through}&limit=${MISSED}`)));
    if (senderId !== this.senderId) return;
    if (refused) {
      this.notCaughtUp(senderId, refused);
      return;
    }
    this.tries = 0;
    if (found.messages.length === MISSED) {
      await this.open(senderId); // too long away: from the newest page on, the rest is fetched by scrolling
      return;
    }
    this.said.take(found.messages);
    if (lineUp && lineTurn === this.desk.lineTurn) this.said.behind = false;
    for (const one of found.messages) this.known(one);
    this.drawLog();
    this.read();
    await this.fetchNotes();
  }

  /** It is told once and tried again, later each time, while the line stands; a line that comes back asks by itself. */
  notCaughtUp(senderId, refused) {
    clearTimeout(this.retry);
    if (!this.tries || [403, 404].includes(refused.status)) this.desk.lost(senderId, refused);
    if (senderId !== this.senderId || !this.desk.lineUp) return;
    this.retry = setTimeout(() => this.catchUp(), Math.min(RETRY_MS * 2 ** this.tries, LONGEST_RETRY_MS));
    this.tries += 1;
  }

  /** Older messages before the first one; what is being read stays where it is. */
  async earlier() {
    if (!this.more || this.fetching === this.log) return;
    const { senderId, log } = this;
    this.fetching = log;
    const before = this.said.first;
    const found = await this.desk.try(() => get(of(senderId, `/messages?before=${before}&limit=${PAGE}`)));
    if (this.fetching === log) this.fetching = null;
    if (!found || log !== this.log) return;
    const fromBottom = log.scrollHeight - log.scrollTop;
    this.more = found.messages.length === PAGE;
    for (const one of found.messages) this.said.keep(one);
    this.drawLog();
    log.scrollTop = log.scrollHeight - fromBottom;
  }

  /** It stands in the talk: it need not be sent again. */
  known(message) {
    if (message.message_id) this.desk.outbox.known(message.message_id);
  }

  async fetchNotes() {
    const senderId = this.senderId;
    if (this.opening) this.opening.stale = true;
    if (!senderId) return;
    const found = await this.desk.try(() => get(of(senderId)));
    if (found) this.keepNotes(senderId, found.notes);
  }

  keepNotes(senderId, notes) {
    if (senderId !== this.senderId) return;
    this.notes = [...new Map([...this.notes, ...notes].map((one) => [one.id, one])).values()];
    this.drawLog();
  }

  drawHead() {
    if (!this.senderId || !this.talk) return;
    const { state, agent, agent_id: agentId, customer } = this.talk;
    arrange(this.head, [this.kept.node("head", [state, agent, agentId, customer?.name], () => this.headNode())]);
    this.composer?.draw();
  }

  headNode() {
    const { texts, oversees, me } = this.desk;
    const { state, agent, agent_id: agentId, customer } = this.talk;
    const theirs = state === "agent" && agentId !== me.id;
    const act = (name, work, when, kind = "") =>
      when ? make("button", { type: "button", class: kind, "data-act": name, onclick: work }, texts.acts[name]) : null;
    return make(
      "div",
      { class: "acts" },
      make("button", { type: "button", class: "only-small", onclick: () => this.desk.leave() }, texts.back),
      make(
        "h2",
        {},
        customer ? customer.name : texts.guest,
        make("span", { class: "sub" }, ` ${state === "agent" ? agent : texts.state[state]}`),
      ),
      act("accept", () => this.accept(), state === "waiting", "main"),
      act("take_over", () => this.desk.step("take_over"), state === "bot", "main"),
      act("barge", () => this.desk.step("take_over"), theirs && oversees),
      act("whisper", () => this.composer.mode("whisper"), theirs && oversees),
      act("transfer", () => this.transfer(), state === "agent" && (this.mine || oversees)),
      act("give_back", () => this.giveBack(), this.mine),
      act("close", () => this.close(), state === "agent" && (this.mine || oversees)),
      make("button", { type: "button", class: "only-small", onclick: () => (document.body.dataset.view = "side") }, texts.side),
    );
  }

  drawLog(toEnd = false) {
    if (!this.log) return;
    const { texts } = this.desk;
    const nameOf = (one) =>
      one.direction === "agent" ? one.agent?.name || texts.agent : one.direction === "out" ? texts.bot : texts.customer;
    const node = (one) => this.kept.node(`message ${one.id}`, one, () => bubble(one, this.senderId, texts, nameOf));
    const lines = [
      ...this.said.all.map((one) => [one.at, one.id, node(one)]),
      ...this.notes.map((one) => [one.at, one.id, this.kept.node(`note ${one.id}`, one, () => noteNode(one, texts))]),
    ].sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : one[1] - other[1]));
    const waiting = this.desk.outbox.of(this.senderId).map((one) =>
      this.kept.node(`unsent ${one.body.client_id}`, one, () => this.pendingNode(one, nameOf)));
    arrange(this.log, [...(this.more ? [this.older] : []), ...lines.map((one) => one[2]), ...waiting]);
    if (this.atEnd || toEnd) this.log.scrollTop = this.log.scrollHeight;
    this.drawUnder();
  }

  pendingNode(one, nameOf) {
    const node = bubble({ ...one.body, direction: "agent", pending: true }, this.senderId, this.desk.texts, nameOf);
    if (one.failed) {
      node.classList.add("failed");
      node.append(
        make("button", { type: "button", onclick: () => this.desk.outbox.again(one) }, this.desk.texts.again),
      );
    }
    return node;
  }

  drawUnder() {
    const { texts } = this.desk;
    const last = this.said.last("agent");
    const read = last && last.id <= this.readTo ? texts.read : "";
    this.under.textContent = this.typing ? texts.typing : read;
  }

  /**
   * A message that was taken of this agent's, or (`live`) came by the line; whether its talk is shown. One of a talk
   * that is being opened comes with its answer.
   */
  learn(senderId, message, live = false) {
    if (this.opening?.senderId === senderId) this.opening.early.push(message);
    if (senderId !== this.senderId) return false;
    if (live) this.said.hear(message);
    else this.said.keep(message);
    this.known(message);
    return true;
  }

  add(senderId, message) {
    if (!this.learn(senderId, message, true)) return;
    if (message.direction === "in") {
      this.typing = null;
      this.composer?.suggest();
    }
    this.drawLog();
    this.read();
  }

  mark(event) {
    if (event.sender_id !== this.senderId || event.by !== "customer") return;
    if (event.type === "read") this.readTo = Math.max(this.readTo, event.id);
    else {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => {
        this.typing = null;
        this.drawUnder();
      }, TYPING_MS);
    }
    this.drawUnder();
  }

  /** Tell the customer how far the agent has read. */
  read() {
    const last = this.said.last("in");
    if (!this.mine || !last || last.id <= (this.told || 0) || document.hidden) return;
    this.told = last.id;
    post(of(this.senderId, "/read"), { id: last.id }).catch(() => {});
  }

  say(body, senderId = this.senderId) {
    this.desk.outbox.add(senderId, body);
    if (senderId === this.senderId) this.drawLog(true);
  }

  async note(text, kind) {
    const mentions = this.desk.team.filter((one) => text.includes(`@${one.name}`)).map((one) => one.id);
    const body = kind === "whisper" ? { text } : { text, mentions };
    const senderId = this.senderId;
    const done = await this.desk.try(() => post(of(senderId, kind === "whisper" ? "/whisper" : "/notes"), body));
    if (done) this.keepNotes(senderId, [done.note]);
    if (senderId === this.senderId) this.drawLog(true);
    return Boolean(done);
  }

  async sendPicture(file) {
    const senderId = this.senderId;
    const kept = await this.desk.try(() => call("POST", of(senderId, "/upload"), undefined, file));
    if (kept) this.say({ attachments: [kept.id] }, senderId); // whichever talk is shown by now
  }

  accept() {
    if (this.talk?.state === "waiting") return this.desk.step("accept");
    if (this.talk?.state === "bot") return this.desk.step("take_over");
    return null;
  }

  giveBack() {
    return this.mine ? this.desk.step("give_back") : null;
  }

  focus() {
    this.composer?.focus();
  }

  toggleNote() {
    this.composer?.mode(this.composer.kind === "note" ? "reply" : "note");
  }

  async close() {
    if (this.talk?.state !== "agent") return;
    const { senderId } = this;
    const { texts } = this.desk;
    const values = await ask(
      texts.acts.close,
      [
        { name: "reason", label: texts.close_reason, options: Object.entries(texts.close_reasons) },
        { name: "tags", label: texts.close_tags },
      ],
      texts,
      { okay: texts.acts.close },
    );
    if (values) await this.desk.step("close", { reason: values.reason, tags: values.tags.split(/[\s,，、]+/).filter(Boolean) }, senderId);
  }

  async transfer() {
    if (this.talk?.state !== "agent") return;
    const { senderId } = this;
    const { texts, team, about } = this.desk;
    const people = team.filter((one) => one.id !== this.talk.agent_id && one.status !== "offline");
    const options = [
      ...people.map((one) => [`agent:${one.id}`, `${one.name}（${texts.status[one.status]}）`]),
      ...about.groups.map((one) => [`group:${one}`, `${texts.group_queue}${texts.groups[one]}`]),
    ];
    const values = await ask(
      texts.acts.transfer,
      [
        { name: "target", label: texts.transfer_to, options },
        { name: "note", label: texts.transfer_note, long: true },
      ],
      texts,
      { okay: texts.acts.transfer },
    );
    if (!values) return;
    const [kind, name] = values.target.split(":");
    const body = kind === "agent" ? { agent_id: Number(name) } : { group: name };
    if (values.note) body.note = values.note;
    if (await this.desk.step("transfer", body, senderId)) {
      toast(texts.transferred);
      if (!this.desk.oversees && this.desk.current === senderId) this.desk.leave();
    }
  }
}

/** What a call of the API brings: [found, null], or [null, why it was refused]. */
const answer = (asked) =>
  asked.then(
    (found) => [found, null],
    (error) => {
      if (!(error instanceof Refused)) throw error;
      return [null, error];
    },
  );
