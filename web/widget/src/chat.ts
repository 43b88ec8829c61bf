// The chat window: puts the parts together and decides what happens when.

import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import type { Context } from "./context.js";
import { randomId } from "./dom.js";
import { Log } from "./log.js";
import type { Options } from "./options.js";
import { Panel } from "./panel.js";
import { PictureStore } from "./pictures.js";
import { rising, sideOf } from "./row.js";
import { textsOf, type Texts } from "./texts.js";
import { Tracker } from "./tracker.js";
import { agentName, type FateState, type Handoff, type Message, type SessionState } from "./types.js";
import { Viewer } from "./viewer.js";

const TYPING_SHOWS_MS = 6000;
const TYPING_TOLD_MS = 3000;

export class Chat {
  readonly connection: Connection;
  readonly composer: Composer;
  readonly log: Log;
  readonly panel: Panel;
  readonly tracker: Tracker;
  private texts: Texts;
  private store: PictureStore;
  private banner: Banner;
  private speaker = "bot";
  private handoff: Handoff | null = null;
  private tokenIsBad = false;
  private pending = new Set<string>(); // own messages whose answer is not in yet
  private agentTypes = 0; // timer
  private toldTyping = 0;
  private online = false;
  private lastRead = 0;
  private lastHeard = 0;
  private uploads: Promise<unknown> = Promise.resolve(); // messages go up one after the other
  private retries = new Map<string, () => void>();
  private listeners = new Map<string, Set<(detail: unknown) => void>>();

  constructor(
    root: ShadowRoot,
    private options: Options,
  ) {
    const { pictures } = options;
    const texts = (this.texts = textsOf(options.locale, options.texts));
    this.connection = new Connection(options.server, options.token);
    this.store = new PictureStore(options.server, () => this.connection);
    this.tracker = new Tracker(options.events, options.consent, () => this.connection.token);
    const viewer = new Viewer(texts);
    const context: Context = {
      texts, pictures, connection: this.connection, store: this.store,
      say: (text) => this.say(text),
      view: (address, name) => viewer.show(address, name),
      emit: (event, detail) => this.emit(event, detail),
      track: (kind, facts) => this.tracker.track(kind, facts),
      earlier: () => this.connection.earlier(),
    };
    this.log = new Log(context);
    this.banner = new Banner(context);
    this.composer = new Composer({
      texts, pictures, store: this.store, voice: options.voice,
      send: (text, files) => this.say(text, files),
      typing: () => this.tellTyping(),
      suggest: (text) => (this.speaker === "agent" ? Promise.resolve([]) : this.connection.suggest(text)),
    });
    this.panel = new Panel(root, texts, options.title || texts.title, {
      body: [this.banner.element, this.log.list, this.log.jump, this.log.spoken, this.composer.element],
      drop: (files) => this.composer.add(files),
      toggled: (open) => this.toggled(open),
      focus: () => this.composer.focus(),
    });
    root.append(viewer.element);
    this.listen();
    this.connection.open();
    this.panel.begin(options.open);
  }

  end(): void {
    this.connection.close();
    this.tracker.end();
    this.store.forget();
    this.panel.end();
  }

  /** Call a function at every such event; returns what ends it. */
  on(event: string, work: (detail: unknown) => void): () => void {
    const found = this.listeners.get(event) || new Set();
    this.listeners.set(event, found.add(work));
    return () => void found.delete(work);
  }

  /** Say something as the customer, with pictures or without. */
  say(text: string, files: File[] = []): void {
    const id = randomId();
    this.toldTyping = 0; // who writes on is seen writing at once
    const { turn } = this.connection;
    const over = () => turn !== this.connection.turn; // it was said in another conversation
    if (!files.length) {
      this.log.showOwn(id, { text });
      this.retries.set(id, () => this.connection.send(id, text));
      this.uploads = this.uploads.then(() => over() || this.connection.send(id, text));
      return;
    }
    const shown = files.map((file) => rising(file, this.context()));
    this.log.showOwn(id, { text }, shown.map((one) => one.element));
    const ids: Array<string | null> = files.map(() => null);
    const attempt = async () => {
      if (over()) return;
      this.fate(id, "sending");
      try {
        if (!(await this.connection.ready())) throw new Error("");
        for (const [at, file] of files.entries()) if (!over()) ids[at] ??= await this.store.put(file, shown[at].progress);
        if (over()) return;
        this.connection.send(id, text, ids as string[]);
      } catch (error) {
        if (over()) return;
        this.composer.say((error instanceof Error && error.message) || this.texts.picture_failed);
        this.fate(id, "failed");
      }
    };
    this.retries.set(id, () => void (ids.includes(null) ? attempt() : this.connection.send(id, text, ids as string[])));
    this.uploads = this.uploads.then(attempt);
  }

  /** Speak as the customer of a token, or as a guest. */
  setUser(token: string | null): void {
    this.tokenIsBad = false;
    this.connection.become(token);
  }

  /** Begin a new conversation and forget the old one on this browser. */
  reset(): void {
    this.connection.reset();
    this.store.forget();
  }

  private context(): Context {
    return this.log.context;
  }

  private emit(event: string, detail: unknown): void {
    for (const work of this.listeners.get(event) || []) {
      try {
        work(detail);
      } catch (error) {
        console.error("xiaoer: a listener of", event, "failed", error);
      }
    }
  }

  private listen(): void {
    const { connection, log, panel } = this;
    connection.on("state", (state) => {
      this.online = state === "online";
      this.dots();
      panel.setState(state, this.speaker);
      log.busy(state !== "online");
      this.emit("state", state);
    });
    connection.on("session", (session) => this.setSession(session));
    connection.on("fresh", () => this.clear());
    connection.on("restored", (unsent) => unsent.forEach((one) => {
      log.showOwn(one.id, { text: one.text, attachments: one.attachments, at: one.at });
      this.retries.set(one.id, () => connection.send(one.id, one.text, one.attachments));
    }));
    connection.on("ready", () => {
      log.offerEarlier(connection.hasEarlier);
      if (log.isEmpty) log.welcome();
      this.emit("ready", null);
    });
    connection.on("message", (message) => this.show(message));
    connection.on("fate", ({ id, state, serverId }) => this.fate(id, state, serverId));
    connection.on("typing", ({ name }) => this.agentTyping(agentName(name) || this.texts.agent));
    connection.on("read", ({ id }) => typeof id === "number" && log.markRead(id));
  }

  private clear(): void {
    this.log.clear();
    this.pending.clear();
    this.retries.clear();
    this.uploads = Promise.resolve(); // nobody's words wait for the pictures of the customer before
    this.lastRead = this.lastHeard = 0;
    this.speaker = "bot";
    this.handoff = null;
    this.dots();
  }

  private show(message: Message): void {
    this.log.show(message);
    if (message.direction === "in") return;
    if (typeof message.id === "number") this.lastHeard = message.id;
    const agent = sideOf(message) === "agent";
    if (agent) this.agentTyping("");
    if (agent && !message.old && this.speaker !== "agent") this.setSession({ speaker: "agent" });
    if (message.old) return;
    if (!this.panel.isOpen) this.panel.addUnread();
    else this.tellRead();
    this.emit("message", { from: sideOf(message), text: message.text || "", id: message.id });
  }

  private fate(id: string, state: FateState, serverId?: number): void {
    this.log.fate(id, state, serverId, this.retries.get(id));
    if (state === "sending") this.pending.add(id);
    else this.pending.delete(id);
    this.dots();
  }

  private setSession({ token, speaker, handoff }: SessionState): void {
    if (typeof speaker === "string") this.speaker = speaker;
    if (handoff !== undefined) {
      this.handoff = handoff && typeof handoff === "object" ? handoff : null;
      const state = this.handoff?.state;
      if (typeof speaker !== "string" && state) this.speaker = state === "closed" ? "bot" : state;
      this.emit("handoff", this.handoff);
    }
    if (token) {
      const over = token === "bad" && !this.tokenIsBad;
      this.tokenIsBad = token === "bad";
      if (over) void this.renew();
    }
    this.banner.show(this.speaker, this.handoff, this.tokenIsBad);
    this.panel.setState(null, this.speaker);
    this.dots();
  }

  /** The token is over: the page may have a way to get a new one. */
  private async renew(): Promise<void> {
    this.emit("token_expired", null);
    const before = this.connection.token;
    const token = await this.options.getToken?.().catch(() => null);
    if (token && before === this.connection.token) this.setUser(token); // nobody else has come meanwhile
  }

  private toggled(open: boolean): void {
    if (open) {
      this.log.toBottom();
      this.tellRead();
    }
    this.emit(open ? "open" : "close", null);
  }

  private agentTyping(name: string): void {
    clearTimeout(this.agentTypes);
    this.agentTypes = name ? window.setTimeout(() => this.agentTyping(""), TYPING_SHOWS_MS) : 0;
    this.dots(name);
  }

  private dots(name = ""): void {
    if (this.agentTypes) this.log.typing(true, name || this.texts.agent);
    else this.log.typing(this.pending.size > 0 && this.online && this.speaker !== "agent");
  }

  private tellTyping(): void {
    if (this.speaker !== "agent" || Date.now() - this.toldTyping < TYPING_TOLD_MS) return;
    this.toldTyping = Date.now();
    this.connection.hint("user_typing", {});
  }

  private tellRead(): void {
    if (this.lastHeard <= this.lastRead || document.hidden || this.speaker !== "agent") return;
    this.lastRead = this.lastHeard;
    this.connection.hint("user_read", { id: this.lastHeard });
  }
}
