// Messages that the server has not acknowledged yet. They outlive a reload; the server knows their ids, so a
// second delivery is harmless.

import { keep, recallList } from "./storage.js";

export interface Unsent {
  id: string;
  text: string;
  attachments: string[];
  at: string;
}

const MOST = 50;
const LASTS_MS = 24 * 3600 * 1000;

export class Outbox {
  private entries: Unsent[] = [];
  private key: string | null = null;

  /** Take over what an earlier page left behind for this session. */
  attach(key: string): void {
    if (this.key === key) return;
    this.key = key;
    const known = new Set(this.entries.map((one) => one.id));
    const stored = recallList<Unsent>(key).filter(
      (one) => one && typeof one.id === "string" && !known.has(one.id) && Date.now() - Date.parse(one.at) < LASTS_MS,
    );
    this.entries = [...stored, ...this.entries];
    this.save();
  }

  /** Forget everything, stored entries too. */
  clear(): void {
    this.entries = [];
    this.save();
    this.key = null;
  }

  get all(): readonly Unsent[] {
    return this.entries;
  }

  add(entry: Unsent): void {
    if (this.entries.some((one) => one.id === entry.id)) return;
    this.entries = [...this.entries, entry].slice(-MOST);
    this.save();
  }

  remove(id: string): void {
    this.entries = this.entries.filter((one) => one.id !== id);
    this.save();
  }

  private save(): void {
    if (this.key) keep(this.key, this.entries.length ? JSON.stringify(this.entries) : null);
  }
}
