// The widget's line to the bot: session, history, sending with retry.

import { io } from "./vendor/socket.io.esm.min.js";

const ANSWER_WITHIN_MS = 40000;

/**
 * Talks the protocol of bot/channels/web.py and tells what happens by events:
 * `state` (connecting, online, offline), `session` ({token, speaker}), `ready`
 * (first history is in), `message` (one message, in order), `fate` ({id, state:
 * sending | sent | failed}).
 */
export class Connection extends EventTarget {
  constructor(server, token) {
    super();
    this.server = server;
    this.token = token;
    this.lastId = 0;
    this.seen = new Set();
    this.waiting = []; // messages that wait for a session
    this.joined = false;
    this.key = `xiaoer:session:${server}:${subject(token)}`;
    this.session = read(this.key);
  }

  open() {
    this.socket = io(this.server, {
      transports: ["websocket", "polling"],
      reconnectionDelay: 500,
      reconnectionDelayMax: 8000,
      autoConnect: false,
    });
    this.socket.on("connect", () => this.ask());
    this.socket.on("disconnect", () => this.lost());
    this.socket.on("connect_error", () => this.lost());
    this.socket.on("session_confirm", (session) => this.confirmed(session));
    this.socket.on("session_state", (state) => this.tell("session", state));
    this.socket.on("session_lost", () => this.ask());
    this.socket.on("bot_uttered", (message) => this.heard(message));
    this.socket.on("user_echoed", (message) => this.heard(message));
    this.tell("state", "connecting");
    this.socket.connect();
  }

  close() {
    this.socket?.disconnect();
    this.socket = null;
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  ask() {
    this.socket.emit("session_request", { session_id: this.session, token: this.token });
  }

  lost() {
    this.joined = false;
    this.tell("state", "offline");
  }

  async confirmed(session) {
    if (typeof session !== "string") return;
    if (this.session && session !== this.session) {
      this.lastId = 0;
      this.seen.clear();
      this.tell("fresh");
    }
    this.session = session;
    write(this.key, session);
    await this.catchUp();
    this.joined = true;
    this.tell("state", "online");
    this.tell("ready");
    for (const message of this.waiting.splice(0)) this.deliver(message);
  }

  /** Fetch what was said since the last message that is known. */
  async catchUp() {
    try {
      const answer = await this.socket.timeout(10000).emitWithAck("history_request", { after: this.lastId });
      for (const message of answer.messages || []) this.heard({ ...message, old: true });
    } catch {
      // the line broke again; the next connection asks again
    }
  }

  heard(message) {
    if (!message || typeof message !== "object") return;
    if (typeof message.id === "number") {
      if (this.seen.has(message.id)) return;
      this.seen.add(message.id);
      this.lastId = Math.max(this.lastId, message.id);
    }
    this.tell("message", message);
  }

  /** Send a message; sending the same id again is safe, the server knows it. */
  send(id, text, attachments = []) {
    const message = { message_id: id, message: text, metadata: { token: this.token, attachments } };
    this.tell("fate", { id, state: "sending" });
    if (this.joined) this.deliver(message);
    else this.waiting.push(message);
  }

  async deliver(message) {
    try {
      const answer = await this.socket
        .timeout(ANSWER_WITHIN_MS)
        .emitWithAck("user_uttered", { ...message, session_id: this.session });
      if (answer.id) this.seen.add(answer.id);
      if (answer.id) this.lastId = Math.max(this.lastId, answer.id);
      this.tell("fate", { id: message.message_id, state: "sent" });
      if (answer.double) await this.catchUp();
    } catch {
      this.tell("fate", { id: message.message_id, state: "failed" });
    }
  }
}

/** The customer in a token, so that two customers on one browser keep their own sessions. */
function subject(token) {
  try {
    const body = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(body)).sub || "guest";
  } catch {
    return "guest";
  }
}

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is off: the session lives as long as the page
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above
  }
}
