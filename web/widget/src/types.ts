// What travels between the widget and the server. Every field may be missing or of a wrong kind: it is read with care.

export interface Button {
  title: string;
  payload?: string;
}

export interface Card {
  title: string;
  subtitle?: string;
  picture?: string | null;
  price?: string;
  badge?: string;
  lines?: unknown[];
  buttons?: Button[];
  code?: string; // of a product
  link?: { title?: string; url?: string }; // such as into the shop's cart
}

/** A `custom` payload: cards by `items`, or a form by `type` (rating, leave_message). */
export interface Custom {
  type?: string;
  text?: string;
  items?: Card[];
  handoff_id?: number | string;
  agent?: Agent;
}

export type Agent = string | { name?: string } | null | undefined;

export interface Message {
  id?: number;
  message_id?: string; // the id that the customer's browser gave it
  direction?: string; // in, out, agent, sys
  text?: string;
  buttons?: Button[];
  custom?: Custom;
  image?: string;
  attachments?: string[];
  agent?: Agent;
  notice?: string;
  at?: string;
  old?: boolean; // it came with the history
}

export interface Handoff {
  id?: number | string;
  state?: string; // bot, waiting, agent, closed
  position?: number | null;
  wait_s?: number | null;
  agent?: Agent;
}

export interface SessionState {
  token?: string; // none, ok, bad
  speaker?: string; // bot, waiting, agent
  handoff?: Handoff | null;
}

export interface Suggestion {
  kind: string; // product, category, order, question
  title: string;
  say: string;
  detail?: string;
  picture?: string | null;
  price_fen?: number;
  state?: string;
}

export type LineState = "connecting" | "online" | "offline";
export type FateState = "sending" | "sent" | "failed";

/** The name of whoever speaks for the shop, however the server wrote it. */
export function agentName(agent: Agent): string {
  const name = typeof agent === "string" ? agent : agent && typeof agent === "object" ? agent.name : "";
  return typeof name === "string" ? name.trim() : "";
}
