// Small helpers that build DOM. Text from the wire only ever becomes text nodes.

/** An element with attributes and children; strings become text nodes, null is left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SHAPES = {
  chat: "M12 3C6.5 3 2 6.8 2 11.5c0 2.3 1.1 4.4 2.9 5.9-.1 1.2-.6 2.4-1.5 3.4 1.8-.1 3.5-.8 4.8-1.8 1.2.3 2.5.5 3.8.5 5.5 0 10-3.6 10-8S17.500 3 12 3z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M3 11.500L21 3l-5.500 18-4-7.500z",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9.500h.01",
  cross: "M7 7l10 10M17 7L7 17",
};
const FILLED = new Set(["chat", "send"]);

/** An icon of the widget, hidden from screen readers. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

const LINK = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+/g;

/** A text as nodes, its web addresses as links. */
export function linked(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(/[.,;:!?)\]}]+$/, "");
    nodes.push(text.slice(end, found.index));
    nodes.push(make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address));
    end = found.index + address.length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

/** A text of the widget with {names} filled in. */
export function filled(text, facts = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** A random id; `crypto.randomUUID` is missing on pages without HTTPS. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
