// Nodes without markup: whatever came over the wire ends in text nodes and checked attributes.

/** A node; attributes that start with "on" are listeners, null children are left out. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A sentence with {names} filled in. */
export function filled(sentence, facts) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** Text with its web addresses as links. */
export function linked(text) {
  const parts = String(text).split(/(https?:\/\/[\w\-./?%&=#:~+@]+)/g);
  return parts.map((part, place) =>
    place % 2 ? make("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part,
  );
}

/** 14:05, or 3-12 14:05 on another day. */
export function clock(iso) {
  const at = new Date(iso);
  const time = at.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  return at.toDateString() === new Date().toDateString() ? time : `${at.getMonth() + 1}-${at.getDate()} ${time}`;
}

export const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;

/** A random id for a message or a change, so that a repetition is known as one. */
export const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(9)), (one) => one.toString(16).padStart(2, "0")).join("");

/** Nodes that are drawn anew only when what they show has changed: focus stays, and a click under way is not lost. */
export class Kept {
  constructor() {
    this.nodes = new Map();
  }

  node(key, facts, draw) {
    const mark = JSON.stringify(facts);
    const known = this.nodes.get(key);
    if (known?.mark === mark) return known.node;
    const node = draw();
    this.nodes.set(key, { mark, node });
    return node;
  }
}

/** Make these the children of a node; those that stand there already are not touched. */
export function arrange(node, children) {
  let at = node.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else node.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}
