// Small helpers that build DOM. Text from the wire only ever becomes text nodes: nothing here parses markup.

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined | ((event: never) => unknown);

/** An element with attributes and children; strings become text nodes, null is left out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value as EventListener);
    else if (name === "class") element.className = String(value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((one): one is Node | string => Boolean(one)));
  return element;
}

const SHAPES: Record<string, string> = {
  chat: "M12 3C6.5 3 2 6.8 2 11.5c0 2.3 1.1 4.4 2.9 5.9-.1 1.2-.6 2.4-1.5 3.4 1.8-.1 3.5-.8 4.8-1.8 1.2.3 2.5.5 3.8.5 5.5 0 10-3.6 10-8S17.5 3 12 3z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M3 11.5L21 3l-5.5 18-4-7.5z",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c.8 1.3 2 2 3.5 2s2.7-.7 3.5-2M9 10h.01M15 10h.01",
  mic: "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21M9 21h6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  star: "M12 3.2l2.7 5.5 6.1.9-4.4 4.3 1 6-5.4-2.8-5.4 2.8 1-6L3.2 9.6l6.1-.9z",
  box: "M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  list: "M5 5h14v15H5zM8.5 9.5h7M8.5 13h7M8.5 16.5h4",
  ask: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.8h.01",
};
const FILLED = new Set(["chat", "send", "star"]);

/** An icon of the widget, hidden from screen readers. */
export function icon(name: string): SVGSVGElement {
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

/** A button with an icon and a name for those who can't see it. */
export function iconButton(name: string, look: string, label: string, work: () => void): HTMLButtonElement {
  return make("button", { type: "button", class: look, "aria-label": label, title: label, onclick: work }, icon(name));
}

const LINK = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+/g;

/** A text as nodes, its web addresses as links. */
export function linked(text: string): Array<Node | string> {
  const nodes: Array<Node | string> = [];
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
export function filled(text: string, facts: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in facts ? String(facts[name]) : whole));
}

/** A random id; `crypto.randomUUID` is missing on pages without HTTPS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A picture's address: of the shop's own folder, or a whole web address; null for anything else. */
export function pictureAddress(path: unknown, folder: string): string | null {
  if (typeof path !== "string" || !path) return null;
  if (/^https?:\/\//.test(path)) return path;
  const parts = path.split("/").filter((part) => part && part !== "." && part !== "..");
  return parts.length ? folder + parts.map(encodeURIComponent).join("/") : null;
}
