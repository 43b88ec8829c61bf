// What a visitor does on the shop's pages, told to POST /events for recommendations; only with consent.

import { randomId } from "./dom.js";
import { keep, recall } from "./storage.js";

const CONSENT = "xiaoer:consent";
const VISIT = "xiaoer:visit";
const PAUSE_MS = 1500;
const AGAIN_MS = 15_000;
const MOST = 50;
const KINDS = new Set(["view", "search", "cart", "favourite", "buy", "rate"]);
const MARKS = { view: "data-xiaoer-view", cart: "data-xiaoer-cart", favourite: "data-xiaoer-favourite" };

interface Noted {
  kind: string;
  at: number;
  product?: string;
  query?: string;
  rating?: number;
  list?: string;
}

/** Notes behaviour and sends it in batches; nothing is noted, kept or sent before the visitor consents. */
export class Tracker {
  private consents: boolean;
  private waiting: Noted[] = [];
  private timer = 0;
  private viewed = new Set<Element>();
  private clicked = (event: Event) => this.click(event);
  private submitted = (event: Event) => this.submit(event);
  private leaving = () => this.leave();

  constructor(
    private address: string,
    consent: boolean | null,
    private token: () => string | null,
  ) {
    this.consents = consent ?? recall(CONSENT) === "granted";
    document.addEventListener("click", this.clicked, true);
    document.addEventListener("submit", this.submitted, true);
    addEventListener("pagehide", this.leaving);
    this.look();
  }

  end(): void {
    this.leave();
    document.removeEventListener("click", this.clicked, true);
    document.removeEventListener("submit", this.submitted, true);
    removeEventListener("pagehide", this.leaving);
    clearTimeout(this.timer);
  }

  /** The visitor's word, remembered on this browser; without it what waits is dropped. */
  consent(on: boolean): void {
    this.consents = on;
    keep(CONSENT, on ? "granted" : null);
    if (on) return this.look();
    this.waiting = [];
    clearTimeout(this.timer);
    keep(VISIT, null, "session");
  }

  /** Note something: view, search, cart, favourite, buy, rate; with product, query, rating, list. */
  track(kind: string, facts: Record<string, unknown> = {}): void {
    if (!this.consents || !KINDS.has(kind)) return;
    const text = (name: string) => (typeof facts[name] === "string" && facts[name] ? (facts[name] as string) : undefined);
    const [product, query, list] = [text("product"), text("query"), text("list")];
    if (!product && !(kind === "search" && query)) return;
    const rating = typeof facts.rating === "number" ? facts.rating : undefined;
    this.waiting = [...this.waiting, { kind, at: Date.now(), product, query, rating, list }].slice(-MOST);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), PAUSE_MS);
  }

  /** Views that the page has marked: each once. */
  private look(): void {
    if (!this.consents) return;
    for (const one of document.querySelectorAll(`[${MARKS.view}]`)) {
      if (!this.viewed.has(one)) this.mark("view", one);
      this.viewed.add(one);
    }
  }

  private mark(kind: keyof typeof MARKS, element: Element): void {
    this.track(kind, { product: element.getAttribute(MARKS[kind]), list: element.getAttribute("data-xiaoer-list") });
  }

  private click(event: Event): void {
    if (!(event.target instanceof Element)) return;
    for (const kind of ["cart", "favourite"] as const) {
      const found = event.target.closest(`[${MARKS[kind]}]`);
      if (found) this.mark(kind, found);
    }
  }

  private submit(event: Event): void {
    const name = event.target instanceof HTMLFormElement && event.target.getAttribute("data-xiaoer-search");
    if (!name) return;
    const query = new FormData(event.target as HTMLFormElement).get(name);
    if (typeof query === "string") this.track("search", { query: query.trim().slice(0, 100) });
  }

  private body(events: Noted[]): string {
    let session = recall(VISIT, "session");
    if (!session) keep(VISIT, (session = randomId()), "session");
    const now = Date.now();
    const told = events.map(({ at, ...rest }) => ({ ...rest, age_s: Math.max(0, (now - at) / 1000) }));
    return JSON.stringify({ consent: true, token: this.token() || undefined, session, events: told });
  }

  private async send(): Promise<void> {
    const events = this.waiting;
    if (!events.length) return;
    this.waiting = [];
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(this.address, { method: "POST", headers, body: this.body(events), keepalive: true });
      if (answer.status < 500 && answer.status !== 429) return; // taken, or wrong for good
    } catch {
      // the line is down
    }
    if (!this.consents) return;
    this.waiting = [...events, ...this.waiting].slice(-MOST);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), AGAIN_MS);
  }

  private leave(): void {
    if (!this.waiting.length || !this.consents) return;
    navigator.sendBeacon?.(this.address, this.body(this.waiting)); // as plain text: it needs no permission asked before
    this.waiting = [];
  }
}
