// Words that the server has not taken yet. They outlive a reload and a cut line, go out one after the other, and
// again by themselves; the server knows their ids, so a second delivery is harmless.

import { of, post } from "./api.js";
import { fresh } from "./dom.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 8000;

export class Outbox {
  /** `taken(entry, message)` and `refused(entry, error)` are told of each end, `changed(entry)` of each step before. */
  constructor(agentId, { taken, refused, changed }) {
    Object.assign(this, { taken, refused, changed, busy: false, wait: FIRST_WAIT_MS, timer: 0 });
    this.key = `xiaoer:desk:unsent:${agentId}`;
    this.entries = stored(this.key);
  }

  /** What waits in a talk. */
  of(senderId) {
    return this.entries.filter((one) => one.senderId === senderId);
  }

  add(senderId, body) {
    const entry = { senderId, body: { ...body, client_id: fresh() }, failed: false, over: false };
    this.entries.push(entry);
    this.save();
    this.flush();
  }

  /** Send one again that was refused. */
  again(entry) {
    Object.assign(entry, { failed: false, over: false });
    this.changed(entry);
    this.flush();
  }

  /** It stands in the talk already: its receipt got lost. */
  known(clientId) {
    const before = this.entries.length;
    this.entries = this.entries.filter((one) => one.body.client_id !== clientId);
    if (this.entries.length < before) this.save();
  }

  /** Forget what waits for a talk that is no more. */
  drop(senderId) {
    this.entries = this.entries.filter((one) => one.senderId !== senderId);
    this.save();
  }

  clear() {
    this.entries = [];
    this.save();
  }

  /** Send what waits; on a broken line again later, or when the line is back. */
  async flush() {
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    for (let entry = this.next(); entry; entry = this.next()) {
      try {
        const { message } = await post(of(entry.senderId, "/messages"), entry.body);
        this.wait = FIRST_WAIT_MS;
        this.known(entry.body.client_id);
        this.taken(entry, message);
      } catch (error) {
        entry.failed = true;
        entry.over = error.name !== "offline";
        if (entry.over) this.refused(entry, error);
        else this.changed(entry);
        if (!entry.over) break;
      }
    }
    this.busy = false;
    if (!this.next()) return;
    this.timer = setTimeout(() => this.flush(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  next() {
    return this.entries.find((one) => !one.over);
  }

  save() {
    try {
      if (this.entries.length) sessionStorage.setItem(this.key, JSON.stringify(this.entries));
      else sessionStorage.removeItem(this.key);
    } catch {
      // storage is full or off: they live as long as the page
    }
  }
}

function stored(key) {
  try {
    const found = JSON.parse(sessionStorage.getItem(key) || "[]");
    return Array.isArray(found) ? found.filter((one) => one?.senderId && one.body?.client_id) : [];
  } catch {
    return [];
  }
}

/** The talks for which something stands half written. */
export function drafts(agentId) {
  const start = `xiaoer:desk:draft:${agentId}:`;
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  } catch {
    return []; // storage is off
  }
}

/** What stands in a talk's field and whom it is for, kept while the agent looks elsewhere; null forgets it. */
export function draft(agentId, senderId, text, kind = "reply") {
  const key = `xiaoer:desk:draft:${agentId}:${senderId}`;
  try {
    if (text === undefined) return JSON.parse(sessionStorage.getItem(key)) || { text: "", kind };
    if (text) sessionStorage.setItem(key, JSON.stringify({ text, kind }));
    else sessionStorage.removeItem(key);
  } catch {
    // storage is off, or holds something else
  }
  return { text: text || "", kind };
}
