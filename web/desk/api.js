// The desk's API and its socket. Every error becomes one sentence of the texts.

const ROOT = "/desk/api";
const ANSWER_WITHIN_MS = 20_000;
const UPLOAD_WITHIN_MS = 120_000;

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
    setInterval(() => this.send({ type: "ping" }), 20_000);
  }

  open() {
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${ROOT}/socket`;
    this.socket = new WebSocket(address);
    this.socket.onopen = () => {
      this.wait = 500;
      this.send({ type: "watch", sender_id: this.watching });
      this.state("online");
    };
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.socket.onclose = (event) => {
      this.state("offline");
      if (event.code === 4401) {
        location.assign("/desk/login?next=/desk/");
        return;
      }
      setTimeout(() => this.open(), this.wait + Math.random() * 300);
      this.wait = Math.min(this.wait * 2, 10_000);
    };
  }

  send(body) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(body));
  }

  watch(senderId) {
    this.watching = senderId;
    this.send({ type: "watch", sender_id: senderId });
  }
}
