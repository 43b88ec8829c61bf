// Days and times of messages, as people read them.

import type { Texts } from "./texts.js";

/** "09:12" */
export function clock(moment: Date, texts: Texts): string {
  return moment.toLocaleTimeString(texts.locale, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** "今天", "昨天", or the date; the year only when it is another one. */
export function day(moment: Date, texts: Texts, now = new Date()): string {
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(moment).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return texts.today;
  if (days === 1) return texts.yesterday;
  const year = moment.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return moment.toLocaleDateString(texts.locale, { year, month: "long", day: "numeric", weekday: "short" });
}

/** Whether two moments are of one day, where the reader is. */
export function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

/** A moment from the wire; now when it is missing or no moment. */
export function momentOf(at: unknown): Date {
  const moment = typeof at === "string" ? new Date(at) : new Date();
  return Number.isNaN(moment.getTime()) ? new Date() : moment;
}
