// The desk's API and its socket. Every error becomes one sentence of the texts.

const ROOT = "/desk/api";
const ANSWER_WITHIN_MS = 20_000;
const UPLOAD_WITHIN_MS = 120_000;
const PING_EVERY_MS = 15_000;

export class Refused extends Error {
  constructor(name, status, facts) {
    super(name);
    Object.assign(this, { name, status, facts });
  }
}

/** Call the API; throws Refused. */
export async function call(method, path, body, raw) {
  let answer;
  try {
    answer = await fetch(ROOT + path, {
      method,
      headers: { "X-Xiaoer-Desk": "1", ...(raw ? {} : { "Content-Type": "application/json" }) },
      body: raw || (body === undefined ? undefined : JSON.stringify(body)),
      signal: AbortSignal.timeout(raw ? UPLOAD_WITHIN_MS : ANSWER_WITHIN_MS),
    });
  } catch {
    throw new Refused("offline", 0, {});
  }
  const found = await answer.json().catch(() => ({}));
  if (answer.status === 401) location.assign("/desk/login?next=/desk/");
  if (!answer.ok) throw new Refused(found.error || "failed", answer.status, found);
  return found;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const of = (senderId, rest = "") => `/talks/${encodeURIComponent(senderId)}${rest}`;

/** The socket: comes back by itself, later each time; `hear` gets every event, `state` the line's. */
export class Line {
  constructor(hear, state) {
    Object.assign(this, { hear, state, wait: 500, watching: "" });
    this.open();
    setInterval(() => this.look(), PING_EVERY_MS);
  }

  open() {
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${ROOT}/socket`;
    const socket = (this.socket = new WebSocket(address));
    this.silent = false;
    socket.onopen = () => {
      this.wait = 500;
      this.send({ type: "watch", sender_id: this.watching });
      this.state("online");
    };
    socket.onmessage = (event) => {
      this.silent = false;
      this.hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => this.closed(event.code);
  }

  closed(code) {
    this.state("offline");
    if (code === 4401) {
      location.assign("/desk/login?next=/desk/");
      return;
    }
    setTimeout(() => this.open(), this.wait + Math.random() * 300);
    this.wait = Math.min(this.wait * 2, 10_000);
  }

  /** A line on which nothing came since the last ping is dead, though nobody told us: begin anew. */
  look() {
    const { socket } = this;
    if (socket.readyState > WebSocket.OPEN) return; // it comes back by itself
    if (this.silent) {
      Object.assign(socket, { onopen: null, onmessage: null, onclose: null });
      socket.close();
      this.closed();
      return;
    }
    this.silent = true;
    this.send({ type: "ping" });
  }

  send(body) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(body));
  }

  watch(senderId) {
    this.watching = senderId;
    this.send({ type: "watch", sender_id: senderId });
  }
}
