// The widget's line to the server: session, history, sending with retry.

import { io, type Socket } from "socket.io-client";
import { randomId } from "./dom.js";
import { Outbox, type Unsent } from "./outbox.js";
import { keep, recall } from "./storage.js";
import type { FateState, Handoff, LineState, Message, SessionState, Suggestion } from "./types.js";

const ANSWER_WITHIN_MS = 40_000;
const ACK_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 12_000;
const MOST_STEPS = 20;
const FETCHES = 2;

/** What a connection tells; see {@link Connection}. */
export interface Told {
  state: LineState;
  session: SessionState;
  fresh: undefined; // another conversation begins
  restored: readonly Unsent[]; // messages that an earlier page could not deliver
  ready: undefined; // the history is in
  message: Message;
  fate: { id: string; state: FateState; serverId?: number };
  typing: { name?: string };
  read: { id?: number };
}

interface History {
  ok?: boolean;
  messages?: Message[];
  more?: boolean;
}

type Listener<K extends keyof Told> = (detail: Told[K]) => void;

/** Talks the protocol of bot/channels/web.py and tells what happens by the events of {@link Told}. */
export class Connection {
  session: string | null = null;
  /** Counts the conversations of this page: what was begun in an earlier one is over. */
  turn = 0;
  private socket: Socket | null = null;
  private key = "";
  private lastId = 0;
  private firstId = 0;
  /** Whether older messages are on the server than those that were told. */
  hasEarlier = false;
  private seen = new Set<number>();
  private held: Message[] = []; // what came live while the history was under way
  private fetching = 0; // how often it is
  private inFlight = new Set<string>();
  private joined = false;
  private asking: ReturnType<typeof setTimeout> | undefined;
  private announced = false;
  private outbox = new Outbox();
  private listeners = new Map<string, Set<(detail: never) => void>>();

  constructor(
    readonly server: string,
    public token: string | null,
  ) {
    this.adopt();
  }

  on<K extends keyof Told>(type: K, work: Listener<K>): void {
    const found = this.listeners.get(type) || new Set();
    this.listeners.set(type, found.add(work as (detail: never) => void));
  }

  open(): void {
    const socket = io(this.server, {
      transports: ["websocket", "polling"],
      reconnectionDelay: 500,
      reconnectionDelayMax: 8000,
      randomizationFactor: 0.5,
      autoConnect: false,
    });
    this.socket = socket;
    socket.on("connect", () => this.ask());
    socket.on("disconnect", () => this.lost());
    socket.on("connect_error", () => this.lost());
    socket.on("session_confirm", (session) => void this.confirmed(session));
    socket.on("session_state", (state) => state && typeof state === "object" && this.tell("session", state));
    socket.on("session_lost", () => {
      this.joined = false;
      this.ask();
    });
    for (const event of ["bot_uttered", "user_echoed"]) socket.on(event, (message) => this.heard(message));
    socket.on("agent_typing", (detail) => this.tell("typing", detail || {}));
    socket.on("read_mark", (detail) => this.tell("read", detail || {}));
    this.tell("state", "connecting");
    socket.connect();
  }

  close(): void {
    clearTimeout(this.asking);
    this.socket?.disconnect();
    this.socket = null;
  }

  /** Speak as somebody else (null: as a guest); the conversation changes with the customer. */
  become(token: string | null): void {
    this.token = token;
    this.joined = false;
    const before = this.key;
    this.adopt();
    if (this.key !== before) this.restart();
    if (this.socket?.connected) this.ask();
  }

  /** Leave this conversation for good on this browser; the next one is new. */
  reset(): void {
    keep(this.key, null);
    this.session = null;
    this.outbox.clear();
    this.restart();
    this.joined = false;
    if (this.socket?.connected) this.ask();
  }

  /** Keep a message and send it now, or when the line is back. */
  send(id: string, text: string, attachments: string[] = []): void {
    const entry = { id, text, attachments, at: new Date().toISOString() };
    this.outbox.add(entry);
    this.tell("fate", { id, state: "sending" });
    if (this.joined) void this.deliver(entry);
  }

  /** Ask the server and wait for its answer; null when none comes. */
  async request<T>(event: string, body: object, within = ACK_WITHIN_MS): Promise<T | null> {
    if (!this.socket || !this.joined) return null;
    const { turn } = this;
    try {
      const answer = (await this.socket.timeout(within).emitWithAck(event, { ...body, session_id: this.session })) as T;
      return turn === this.turn ? answer : null; // it is about somebody else
    } catch {
      return null;
    }
  }

  /** Tell the server something that may get lost. */
  hint(event: string, body: object): void {
    if (this.joined) this.socket?.volatile.emit(event, body);
  }

  async suggest(text: string): Promise<Suggestion[]> {
    const answer = await this.request<{ items?: Suggestion[] }>("suggest_request", { text }, 3000);
    return Array.isArray(answer?.items) ? answer.items : [];
  }

  /** Fetch what was said before the first message that is known; null when nothing comes. */
  async earlier(): Promise<{ messages: Message[]; more: boolean } | null> {
    if (!this.firstId) return null;
    const answer = await this.request<History>("history_request", { before: this.firstId });
    if (!answer?.ok || !Array.isArray(answer.messages)) return null;
    const messages = answer.messages.filter((one) => typeof one.id === "number" && !this.seen.has(one.id));
    for (const one of messages) this.know(one.id as number);
    this.hasEarlier = Boolean(answer.more);
    return { messages: messages.map((one) => ({ ...one, old: true })), more: this.hasEarlier };
  }

  /** Resolves when there is a session, false after a while without one. */
  async ready(withinMs = 20_000): Promise<boolean> {
    for (let waited = 0; waited < withinMs && !this.joined; waited += 100) await new Promise((done) => setTimeout(done, 100));
    return this.joined;
  }

  private tell<K extends keyof Told>(type: K, detail: Told[K]): void {
    for (const work of this.listeners.get(type) || []) (work as Listener<K>)(detail);
  }

  private adopt(): void {
    this.key = `xiaoer:session:${this.server}:${subject(this.token)}`;
    this.session = recall(this.key);
  }

  private restart(): void {
    this.turn += 1;
    this.held = [];
    this.fetching = 0;
    this.lastId = this.firstId = 0;
    this.hasEarlier = false;
    this.seen.clear();
    this.announced = false;
    this.outbox = new Outbox();
    this.tell("fresh", undefined);
  }

  /** Ask for the session, and again (by the same id) when no answer comes: the shop may be busy or its database away. */
  private ask(askId: string = randomId()): void {
    clearTimeout(this.asking);
    this.socket?.emit("session_request", { session_id: this.session, token: this.token, ask_id: askId });
    this.asking = setTimeout(() => this.socket?.connected && this.ask(askId), ASK_AGAIN_MS);
  }

  private lost(): void {
    clearTimeout(this.asking);
    this.joined = false;
    this.tell("state", "offline");
  }

  private async confirmed(session: unknown): Promise<void> {
    if (typeof session !== "string") return;
    clearTimeout(this.asking);
    if (this.session && session !== this.session) this.restart();
    this.session = session;
    keep(this.key, session);
    this.outbox.attach(`xiaoer:unsent:${session}`);
    if (!(await this.catchUp())) return; // the line broke again; the next connection asks again
    this.joined = true;
    if (!this.announced) this.tell("restored", this.outbox.all);
    this.announced = true;
    this.tell("state", "online");
    this.tell("ready", undefined);
    const { turn } = this;
    for (const entry of [...this.outbox.all]) if (turn === this.turn) await this.deliver(entry);
  }

  /** Fetch what was said since the last message that is known; what comes live meanwhile waits for it. */
  private async catchUp(): Promise<boolean> {
    if (!this.socket) return false;
    const { turn } = this;
    this.fetching += 1;
    let good = true;
    let found: Message[] = [];
    for (let left = FETCHES; left; left--) {
      try {
        found = await this.since(this.lastId);
        break;
      } catch {
        good = this.socket?.connected ?? false; // a slow answer is no reason to be offline
        if (!good) break;
      }
    }
    if (turn !== this.turn) return false; // another conversation has begun meanwhile
    for (const message of found) this.take({ ...message, old: true });
    this.fetching -= 1;
    if (!this.fetching) for (const message of this.held.splice(0)) this.take(message);
    return good;
  }

  /** The newest messages after an id; after a long absence in several steps, so that none is missing between. */
  private async since(after: number): Promise<Message[]> {
    let found: Message[] = [];
    for (let step = 0; step < MOST_STEPS && this.socket; step++) {
      const asked = { after, session_id: this.session, ...(step ? { before: found[0]?.id } : {}) };
      const answer: History = await this.socket.timeout(ACK_WITHIN_MS).emitWithAck("history_request", asked);
      const messages = Array.isArray(answer?.messages) ? answer.messages : [];
      found = [...messages.filter((one) => !((one.id ?? after + 1) <= after)), ...found];
      if (!after) this.hasEarlier = Boolean(answer?.more);
      if (!after || !answer?.more || (messages[0]?.id ?? 0) <= after) break;
    }
    return found;
  }

  private heard(message: unknown): void {
    if (!message || typeof message !== "object") return;
    if (!this.joined && !this.fetching) return; // of a conversation that is left, or the history will bring it
    if (this.fetching) this.held.push(message);
    else this.take(message);
  }

  private take(message: Message): void {
    if (typeof message.id === "number") {
      if (this.seen.has(message.id)) return;
      this.know(message.id);
    }
    // An own message whose receipt got lost: it is there already.
    const own = message.direction === "in" && this.outbox.all.find((one) => one.id === message.message_id);
    if (own && this.announced) {
      this.outbox.remove(own.id);
      this.tell("fate", { id: own.id, state: "sent", serverId: message.id });
      return;
    }
    if (own) this.outbox.remove(own.id);
    this.tell("message", message);
  }

  private know(id: number): void {
    this.seen.add(id);
    this.lastId = Math.max(this.lastId, id);
    this.firstId = this.firstId ? Math.min(this.firstId, id) : id;
  }

  private async deliver(entry: Unsent): Promise<void> {
    if (!this.socket || this.inFlight.has(entry.id)) return;
    this.inFlight.add(entry.id);
    const { turn, outbox } = this;
    const { id, text, attachments } = entry;
    const body = { message_id: id, message: text, session_id: this.session, metadata: { token: this.token, attachments } };
    this.tell("fate", { id, state: "sending" });
    try {
      const answer = await this.socket.timeout(ANSWER_WITHIN_MS).emitWithAck("user_uttered", body);
      if (!answer?.ok && (!this.joined || turn !== this.turn)) return; // it goes again when there is its session
      outbox.remove(id);
      if (turn !== this.turn) return; // a number of another conversation says nothing of this one
      if (typeof answer?.id === "number") this.seen.add(answer.id); // it says nothing of those before it
      this.tell("fate", { id, state: "sent", serverId: answer?.id });
      if (answer?.double) await this.catchUp();
    } catch {
      if (this.socket?.connected && turn === this.turn) this.tell("fate", { id, state: "failed" });
    } finally {
      this.inFlight.delete(id);
    }
  }
}

export type { Handoff };

/** The customer in a token, so that two customers on one browser keep their own sessions. */
function subject(token: string | null): string {
  try {
    const body = (token || "").split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return String(JSON.parse(atob(body)).sub || "guest");
  } catch {
    return "guest";
  }
}
