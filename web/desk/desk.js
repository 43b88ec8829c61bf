// The desk: keeps what is known of the talks, hears the socket, and lets the parts draw.

import { allow, beep, mayNotify, notify, ready } from "./alerts.js";
import { get, Line, of, post, Refused } from "./api.js";
import { toast } from "./dialogs.js";
import { filled, make } from "./dom.js";
import { keys } from "./keys.js";
import { Lists } from "./lists.js";
import { draft, drafts, Outbox } from "./outbox.js";
import { Side } from "./side.js";
import { Talk } from "./talk.js";
import { menu } from "./team.js";

class Desk {
  constructor(texts, me) {
    Object.assign(this, { texts, me: me.agent, about: me, talks: new Map(), unread: new Map(), heard: new Map(), refreshes: 0, team: [], current: null });
    const redraw = (entry) => entry.senderId === this.current && this.talk.drawLog(true);
    this.outbox = new Outbox(this.me.id, {
      changed: redraw,
      refused: (entry, error) => {
        toast(this.sentence(error), "bad");
        redraw(entry);
      },
      taken: (entry, message) => {
        this.talk.learn(entry.senderId, message);
        redraw(entry);
      },
    });
    this.lists = new Lists(this);
    this.talk = new Talk(this);
    this.side = new Side(this);
    this.title = document.title;
  }

  get oversees() {
    return this.me.role !== "agent";
  }

  async start() {
    ready();
    const status = document.getElementById("status");
    status.value = this.me.status;
    status.addEventListener("change", () => this.try(() => post("/me/status", { status: status.value })));
    document.getElementById("who").textContent = `${this.me.name} · ${this.texts.roles[this.me.role]}`;
    menu(this, document.getElementById("menu"));
    if (mayNotify()) {
      const ask = make("button", { type: "button", onclick: () => allow().then(() => ask.remove()) }, this.texts.notify);
      document.getElementById("menu").prepend(ask);
    }
    keys(this);
    await this.refresh();
    this.line = new Line((event) => this.hear(event), (state) => this.lineIs(state));
    addEventListener("hashchange", () => this.openWanted());
    await this.openWanted();
  }

  /** The talk that the address names: links and notifications lead to it. */
  async openWanted() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    if (wanted && wanted !== this.current) await this.open(wanted);
    else this.draw();
  }

  /** Do something by the API; what goes wrong is said, and null comes back. */
  async try(work) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(this.sentence(error), "bad");
      return null;
    }
  }

  sentence(error) {
    return this.texts.errors[error.name] || this.texts.errors.failed;
  }

  async fetchList(which) {
    const marks = new Map(this.heard);
    const found = await this.listed(which);
    for (const one of found || []) this.learn(one.sender_id, one, marks.get(one.sender_id) || 0);
  }

  async listed(which) {
    return (await this.try(() => get(`/talks?list=${which}`)))?.talks;
  }

  /** The lists as they are now; until they are here, those of before stand: a click meanwhile is not lost. */
  async refresh() {
    const wanted = ["mine", "queue", ...(this.lists.tab === "all" ? ["all"] : [])];
    const asked = ++this.refreshes;
    const marks = new Map(this.heard); // what is told meanwhile is newer than the lists
    const found = await Promise.all(wanted.map((one) => this.listed(one)));
    if (found.every(Boolean) && asked === this.refreshes) {
      const fresh = new Map(found.flat().map((one) => [one.sender_id, one]));
      const { current, talks } = this;
      if (current && talks.has(current) && !fresh.has(current)) fresh.set(current, talks.get(current));
      for (const [senderId, times] of this.heard) {
        if (times === marks.get(senderId)) continue;
        if (talks.has(senderId)) fresh.set(senderId, talks.get(senderId));
        else fresh.delete(senderId);
      }
      this.talks = fresh;
      if (this.loaded) // what began while the line was cut
        for (const [senderId, talk] of fresh)
          if (this.heardOf(senderId) === (marks.get(senderId) || 0)) this.announce(senderId, talks.get(senderId), talk);
      this.loaded = true;
    }
    this.team = (await this.try(() => get("/agents")))?.agents || this.team;
  }

  async lineIs(state) {
    const place = document.getElementById("line");
    const turn = (this.lineTurn = (this.lineTurn || 0) + 1);
    this.lineUp = state === "online";
    place.textContent = state === "online" ? "" : this.texts.line_lost;
    if (this.lineUp) {
      await this.refresh();
      await this.talk.catchUp();
      this.outbox.flush();
      this.countTickets();
      this.draw();
    } else this.talk.fallBehind();
    if (turn === this.lineTurn) document.body.dataset.line = state; // online: everything that was missed is here
  }

  async open(senderId) {
    if (senderId !== this.current) this.side.clear();
    this.current = senderId;
    this.unread.delete(senderId);
    document.body.dataset.view = "talk";
    history.replaceState(null, "", `#${encodeURIComponent(senderId)}`);
    this.line?.watch(senderId);
    this.draw();
    await this.talk.open(senderId);
    if (senderId !== this.current) return;
    if (this.talk.senderId === senderId) await this.side.open(senderId);
    this.draw();
  }

  /** A talk was refused: one that is closed to this agent, or no more, is left, with what was written for it. */
  lost(senderId, error) {
    const gone = error.status === 404;
    if (!gone && error.status !== 403) {
      toast(this.sentence(error), "bad");
      return;
    }
    if (gone) {
      this.forget(senderId);
      if (senderId === this.current && senderId !== this.erasing) toast(this.texts.gone, "bad");
    }
    if (senderId === this.current) this.leave();
  }

  /** Somebody was forgotten: what is listed, open or half written is looked for again. */
  async hearErased() {
    await this.refresh();
    await this.talk.catchUp();
    for (const senderId of drafts(this.me.id))
      if (senderId !== this.current) await get(of(senderId, "/messages?limit=1")).catch((error) => error.status === 404 && this.forget(senderId));
    this.draw();
  }

  leave() {
    this.current = null;
    document.body.dataset.view = "list";
    history.replaceState(null, "", location.pathname);
    this.line?.watch("");
    this.talk.clear();
    this.side.clear();
    this.draw();
  }

  hear(event) {
    const { type, sender_id: senderId } = event;
    if (type === "message") this.hearMessage(event);
    else if (type === "talk") this.hearTalk(senderId, event.talk);
    else if (type === "typing" || type === "read") this.talk.mark(event);
    else if (type === "note") this.hearNote(event);
    else if (type === "warn") {
      toast(filled(this.texts.warned, { name: this.nameOf(senderId) }), "bad");
      beep(true);
      if (this.talks.has(senderId)) this.talks.get(senderId).warned = true;
      this.lists.draw();
    } else if (type === "erased") this.hearErased();
    else if (type === "ticket") this.countTickets();
    else if (type === "staff") get("/agents").then((found) => (this.team = found.agents)).catch(() => {});
  }

  hearMessage({ sender_id: senderId, message, talk }) {
    if (talk) this.changed(senderId, talk);
    if (senderId === this.current) this.talk.add(senderId, message);
    const looks = senderId === this.current && document.hasFocus();
    if (message.direction === "in" && talk?.agent_id === this.me.id && !looks) {
      if (senderId !== this.current) this.unread.set(senderId, (this.unread.get(senderId) || 0) + 1);
      beep();
      notify(this.nameOf(senderId), message.text || this.texts.picture, () => this.open(senderId));
    }
    this.lists.draw();
    this.count();
  }

  know(senderId, talk) {
    if (talk) this.talks.set(senderId, talk);
    else this.talks.delete(senderId);
    this.heard.set(senderId, this.heardOf(senderId) + 1);
  }

  /** How often a talk was told of; an answer that was asked for before is older. */
  heardOf(senderId) {
    return this.heard.get(senderId) || 0;
  }

  /** A talk as an answer has it, unless it was told of since the answer was asked for. */
  learn(senderId, talk, mark) {
    if (mark === this.heardOf(senderId)) this.talks.set(senderId, talk);
  }

  /** A talk that is no more, with what was written for it. */
  forget(senderId) {
    this.know(senderId, null);
    this.unread.delete(senderId);
    this.outbox.drop(senderId);
    draft(this.me.id, senderId, null);
  }

  /** A talk as it is now; who came to wait, or to this agent, is announced, whichever event tells of it first. */
  changed(senderId, talk) {
    const before = this.talks.get(senderId);
    this.know(senderId, talk);
    this.announce(senderId, before, talk);
  }

  announce(senderId, before, talk) {
    const mine = talk?.state === "agent" && talk.agent_id === this.me.id;
    const wasMine = before?.state === "agent" && before.agent_id === this.me.id;
    if (mine && !wasMine) this.call(filled(this.texts.new_talk, { name: this.nameOf(senderId) }), senderId);
    else if (talk?.state === "waiting" && before?.state !== "waiting") {
      beep();
      notify(this.texts.login_title, filled(this.texts.new_waiting, { name: this.nameOf(senderId) }), () => this.open(senderId));
    }
  }

  hearTalk(senderId, talk) {
    this.changed(senderId, talk);
    if (senderId === this.current) {
      if (talk) this.talk.drawHead();
      else this.leave();
    }
    this.lists.draw();
    this.count();
  }

  async hearNote(event) {
    if (event.agent_id !== this.me.id && event.mentions?.includes(this.me.id)) {
      const words = event.kind === "whisper" ? this.texts.whispered : this.texts.mentioned;
      this.call(filled(words, { name: this.nameOf(event.sender_id) }), event.sender_id);
    }
    if (event.sender_id === this.current) await this.talk.fetchNotes();
  }

  call(words, senderId) {
    toast(words);
    beep(true);
    notify(this.texts.login_title, words, () => this.open(senderId));
  }

  nameOf(senderId) {
    return this.talks.get(senderId)?.customer?.name || this.texts.guest;
  }

  count() {
    const sum = [...this.unread.values()].reduce((one, other) => one + other, 0);
    document.title = sum ? `(${sum}) ${this.title}` : this.title;
  }

  /** A step of the current talk: accept, take_over, give_back, close, transfer. */
  async step(name, body = {}, senderId = this.current) {
    const mark = this.heardOf(senderId);
    const done = await this.try(() => post(of(senderId, `/${name}`), body));
    if (done?.talk) this.learn(senderId, done.talk, mark);
    if (done?.talk?.state === "agent" && done.talk.agent_id === this.me.id) this.lists.tab = "mine";
    if (done && senderId === this.current) {
      await this.talk.catchUp();
      if (senderId === this.current) this.side.open(senderId);
    }
    this.draw();
    return done;
  }

  draw() {
    this.lists.draw();
    this.talk.drawHead();
    this.side.follow();
    this.count();
  }
}

const texts = await (await fetch("/desk/files/texts.zh.json")).json();
const desk = new Desk(texts, await get("/me"));
await desk.start();
