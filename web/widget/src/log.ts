// The list of messages: rows, days and times, quick replies, typing dots, and where the list is scrolled to.

import { sayButtons } from "./cards.js";
import type { Context } from "./context.js";
import { filled, make } from "./dom.js";
import { clock, day, momentOf, sameDay } from "./moments.js";
import { row, sideOf } from "./row.js";
import type { FateState, Message } from "./types.js";

const NEW_TIME_AFTER_MS = 5 * 60 * 1000;
const NEAR_BOTTOM_PX = 80;
const NEAR_TOP_PX = 60;
const ADJUSTED_PX = 24; // what a browser may move the list by on its own, as a picture gets its height

export class Log {
  readonly list: HTMLElement;
  readonly jump: HTMLButtonElement;
  readonly spoken: HTMLElement; // who types, for screen readers
  private own = new Map<string, HTMLElement>(); // client id → row of a message that was sent from here
  private latest: Date | null = null;
  private anchor: HTMLElement | null = null; // the row of the customer's last message
  private settledAt = 0; // where the list was scrolled to from here
  private dots: HTMLElement;
  private older: HTMLButtonElement;
  private first: Date | null = null;
  private fetching: object | null = null; // the request for older messages that is under way

  constructor(readonly context: Context) {
    const { texts } = context;
    this.list = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": texts.log, tabindex: 0 });
    this.jump = make("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom() }, texts.new_messages);
    this.spoken = make("div", { class: "unseen", role: "status" });
    this.dots = make("div", { class: "row from-bot typing", "aria-hidden": "true" },
      make("div", { class: "bubble dots" }, make("i"), make("i"), make("i")));
    this.older = make("button", { type: "button", class: "quiet earlier", onclick: () => void this.fetchEarlier() }, texts.earlier);
    this.list.addEventListener("scroll", () => {
      if (this.isAtBottom()) this.jump.hidden = true;
      if (this.older.isConnected && this.list.scrollTop < NEAR_TOP_PX) void this.fetchEarlier();
    }, { passive: true });
    this.list.addEventListener("load", () => this.follows() && this.settle(), true); // a picture has got its height
    if (typeof ResizeObserver === "function") new ResizeObserver(() => this.follows() && this.settle()).observe(this.list);
  }

  clear(): void {
    this.list.replaceChildren();
    this.own.clear();
    this.latest = this.first = this.anchor = null;
    this.older.remove();
    this.fetching = null;
  }

  get isEmpty(): boolean {
    return !this.list.querySelector(".row:not(.typing):not(.welcome)");
  }

  /** While the history comes in nothing is read aloud. */
  busy(on: boolean): void {
    this.list.setAttribute("aria-busy", String(on));
  }

  /** What a new visitor sees; it is no message and is not kept. */
  welcome(): void {
    const { texts } = this.context;
    if (this.list.querySelector(".welcome")) return;
    const starters = texts.starters.map((text) => ({ title: text, payload: text }));
    this.list.append(make("div", { class: "row from-bot welcome" }, make("div", { class: "stack" },
      make("div", { class: "bubble" }, texts.greeting), sayButtons(starters, this.context, "replies", "reply"))));
  }

  /** Show a message of the server. */
  show(message: Message): void {
    const side = sideOf(message);
    if (side === "agent") this.anchor = null; // people write bit by bit: the newest is what counts
    if (side === "agent" || side === "sys") this.dropReplies(); // what the bot offered is over
    this.place(row(message, this.context), message.at, message.direction === "in");
  }

  /** Show or hide the way to messages before the first one. */
  offerEarlier(more: boolean): void {
    if (more) this.list.prepend(this.older);
    else this.older.remove();
  }

  /** Put older messages before the first one; what is being read stays where it is. */
  private async fetchEarlier(): Promise<void> {
    if (this.fetching) return;
    const mine = (this.fetching = {});
    const found = await this.context.earlier();
    if (mine !== this.fetching) return; // another conversation has begun
    this.fetching = null;
    if (!found) return;
    this.busy(true); // nothing of it is read aloud
    const fromBottom = this.list.scrollHeight - this.list.scrollTop;
    const hadFocus = (this.list.getRootNode() as ShadowRoot).activeElement === this.older;
    this.older.remove();
    const [latest, first] = [this.latest, this.first];
    const mark = this.list.firstElementChild;
    this.latest = null;
    for (const message of found.messages) {
      const moment = momentOf(message.at);
      const element = row(message, this.context);
      element.querySelector(".replies")?.remove();
      for (const node of [this.divider(moment), element]) if (node) this.list.insertBefore(node, mark);
    }
    if (mark?.classList.contains("day") && first && this.latest && sameDay(this.latest, first)) mark.remove();
    if (found.messages.length) this.first = momentOf(found.messages[0].at);
    this.latest = latest;
    this.offerEarlier(found.more);
    this.list.scrollTop = this.list.scrollHeight - fromBottom;
    this.settledAt = -9;
    if (hadFocus) this.list.focus();
    this.busy(false);
  }

  /** Show a message that is being sent from here. */
  showOwn(id: string, message: Message, pictures: HTMLElement[] = []): void {
    if (this.own.has(id)) return;
    const element = row({ ...message, direction: "in" }, this.context, pictures);
    element.classList.add("sending");
    this.own.set(id, element);
    this.place(element, message.at, true);
  }

  /** Mark an own message as sending, sent or failed; a click on a failed one sends it again. */
  fate(id: string, state: FateState, serverId?: number, again?: () => void): void {
    const element = this.own.get(id);
    if (!element) return;
    element.classList.toggle("sending", state === "sending");
    element.classList.toggle("failed", state === "failed");
    if (typeof serverId === "number") element.dataset.id = String(serverId);
    element.querySelector(".retry")?.remove();
    if (state === "failed" && again) {
      const retry = make("button", { type: "button", class: "retry", onclick: again }, this.context.texts.retry);
      element.querySelector(".stack")?.append(retry);
    }
  }

  /** The agent has read up to a message: the last own one of them says so. */
  markRead(id: number): void {
    const follow = this.follows(); // the mark moves what is below it
    this.list.querySelectorAll(".read").forEach((one) => one.remove());
    const mine = [...this.list.querySelectorAll<HTMLElement>(".from-me[data-id]")].filter((one) => Number(one.dataset.id) <= id);
    mine.pop()?.querySelector(".stack")?.append(make("span", { class: "read" }, this.context.texts.read));
    if (follow) this.settle();
  }

  /** Show or hide the typing dots; with a name it is a person who types. */
  typing(on: boolean, name = ""): void {
    const { texts } = this.context;
    const words = on ? (name ? filled(texts.agent_typing, { name }) : texts.typing) : "";
    if (this.spoken.textContent !== words) this.spoken.textContent = words;
    if (!on) return this.dots.remove();
    const follow = this.follows();
    this.list.append(this.dots);
    if (follow) this.settle();
  }

  /** Show the newest messages; a long answer from its beginning, just below the question. */
  settle(): void {
    const bottom = this.list.scrollHeight - this.list.clientHeight;
    const question = this.anchor?.isConnected ? this.anchor.offsetTop - this.list.offsetTop - 12 : bottom;
    this.list.scrollTop = Math.min(bottom, question);
    this.settledAt = this.list.scrollTop;
    this.jump.hidden = true;
  }

  toBottom(): void {
    this.list.scrollTop = this.list.scrollHeight;
    this.settledAt = this.list.scrollTop;
    this.jump.hidden = true;
  }

  private place(element: HTMLElement, at: unknown, mine: boolean): void {
    const follow = mine || this.follows();
    // Quick replies belong to the moment: once somebody has spoken again, they are over.
    if (mine) this.dropReplies();
    else this.carryReplies(element);
    this.list.append(...[this.divider(momentOf(at)), element].filter((one) => one !== null));
    if (this.dots.isConnected) this.list.append(this.dots);
    if (mine) this.anchor = element;
    if (follow) this.settle();
    else this.jump.hidden = false;
  }

  private dropReplies(): void {
    for (const old of this.list.querySelectorAll(".replies")) old.remove();
  }

  /** Quick replies of a text stay below the card that follows it in the same answer. */
  private carryReplies(element: HTMLElement): void {
    const rows = this.list.querySelectorAll(".row:not(.typing)");
    const before = rows[rows.length - 1]?.querySelector(".replies");
    const stack = element.querySelector(".stack");
    if (before && stack && !before.closest(".welcome") && !element.querySelector(".replies")) stack.append(before);
  }

  /** What stands before a message of this moment: its day when that is new, its time after a pause, or nothing. */
  private divider(moment: Date): HTMLElement | null {
    const { texts } = this.context;
    const before = this.latest;
    this.latest = moment;
    this.first ??= moment;
    if (!before || !sameDay(before, moment)) {
      return make("div", { class: "day" }, make("span", {}, `${day(moment, texts)} ${clock(moment, texts)}`));
    }
    const pause = moment.getTime() - before.getTime() > NEW_TIME_AFTER_MS;
    return pause ? make("div", { class: "time" }, clock(moment, texts)) : null;
  }

  private isAtBottom(): boolean {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_BOTTOM_PX;
  }

  /** Whether the reader is where the last messages left them, and has not scrolled away. */
  private follows(): boolean {
    return this.isAtBottom() || Math.abs(this.list.scrollTop - this.settledAt) < ADJUSTED_PX;
  }
}
