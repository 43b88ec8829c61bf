// Cards of products, orders, parcels, coupons and cases, from `custom` payloads:
// {type, text, items: [{title, subtitle, picture, price, badge, lines, buttons}]}.

import type { Context } from "./context.js";
import { filled, iconButton, linked, make, pictureAddress } from "./dom.js";
import type { Button, Card, Custom } from "./types.js";

const SIDE_BY_SIDE = new Set(["products", "recommendations", "carousel"]); // the others stand one below the other
const SHOWN_AT_ONCE = 5;

/** The node of a `custom` payload; what has no cards is shown as its plain text. */
export function cards(custom: Custom, context: Context): HTMLElement | null {
  const items = (Array.isArray(custom.items) ? custom.items : []).filter((item) => item && item.title);
  if (!items.length) return custom.text ? make("div", { class: "bubble" }, ...linked(String(custom.text))) : null;
  const kind = /^[a-z_]+$/.test(custom.type || "") ? String(custom.type) : "other";
  if (SIDE_BY_SIDE.has(kind) && items.length > 1) return carousel(items, kind, context);
  const list = make("ul", { class: `cards stacked of-${kind}` });
  list.append(...items.slice(0, SHOWN_AT_ONCE).map((item) => card(item, context)));
  const rest = items.slice(SHOWN_AT_ONCE);
  if (rest.length) list.append(expander(rest, context));
  return list;
}

/** Cards in a row that scrolls by finger, wheel, keys, and by two buttons. */
function carousel(items: Card[], kind: string, context: Context): HTMLElement {
  const { texts } = context;
  const list = make("ul", { class: `cards sideways of-${kind}`, tabindex: 0, "aria-label": filled("1 – {count}", { count: items.length }) });
  list.append(...items.map((item) => card(item, context)));
  const step = (way: number) => list.scrollBy({ left: way * Math.max(180, list.clientWidth - 60), behavior: motion() });
  const back = iconButton("left", "step back", texts.previous, () => step(-1));
  const on = iconButton("right", "step on", texts.next, () => step(1));
  const update = () => {
    back.hidden = list.scrollLeft < 8;
    on.hidden = list.scrollLeft > list.scrollWidth - list.clientWidth - 8;
  };
  list.addEventListener("scroll", update, { passive: true });
  if (typeof ResizeObserver === "function") new ResizeObserver(update).observe(list);
  back.hidden = true;
  return make("div", { class: "carousel" }, list, back, on);
}

function motion(): ScrollBehavior {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

function expander(rest: Card[], context: Context): HTMLElement {
  const line = make("li", { class: "more" });
  const expand = () => {
    const more = rest.map((item) => card(item, context));
    line.replaceWith(...more);
    more[0]?.querySelector("button")?.focus();
  };
  line.append(make("button", { type: "button", class: "quiet", onclick: expand }, filled(context.texts.more, { count: rest.length })));
  return line;
}

function card(item: Card, context: Context): HTMLElement {
  const lines = (Array.isArray(item.lines) ? item.lines : []).filter(Boolean);
  const head = make("div", { class: "card-head" },
    make("span", { class: "card-title" }, String(item.title)),
    item.badge ? make("span", { class: "badge" }, String(item.badge)) : null);
  return make("li", { class: "card" },
    picture(item, context),
    make("div", { class: "card-body" },
      head,
      item.subtitle ? make("div", { class: "card-subtitle" }, String(item.subtitle)) : null,
      lines.length ? make("ul", { class: "card-lines" }, ...lines.map((line) => make("li", {}, String(line)))) : null,
      foot(item, context)));
}

function foot(item: Card, context: Context): HTMLElement | null {
  const price = item.price ? make("div", { class: "price" }, String(item.price)) : null;
  const product = item.code ? String(item.code) : "";
  const link = linkOf(item, () => product && context.track("cart", { product }));
  const said = sayButtons(item.buttons, context, "card-buttons", "small");
  if (product) said?.addEventListener("click", (event) => event.target !== said && context.track("view", { product }));
  const buttons = link ? said || make("div", { class: "card-buttons" }) : said;
  if (link) buttons?.append(link);
  return price || buttons ? make("div", { class: "card-foot" }, price, buttons) : null;
}

/** The card's link, such as into the shop's cart; web addresses only. */
function linkOf(item: Card, followed: () => void): HTMLElement | null {
  const { title, url } = (item.link && typeof item.link === "object" && item.link) || {};
  if (!title || typeof url !== "string" || !/^https?:\/\//i.test(url)) return null;
  return make("a", { class: "small link", href: url, target: "_blank", rel: "noopener noreferrer", onclick: followed }, String(title));
}

/** Buttons that say their payloads, which are what a person would type; null without any. */
export function sayButtons(buttons: unknown, context: Context, look: string, each: string): HTMLElement | null {
  const good = (Array.isArray(buttons) ? (buttons as Button[]) : []).filter((one) => one && one.title);
  if (!good.length) return null;
  return make("div", { class: look }, ...good.map((one) => {
    const payload = String(one.payload || one.title);
    return make("button", { type: "button", class: each, onclick: () => context.say(payload) }, String(one.title));
  }));
}

function picture(item: Card, context: Context): HTMLElement | null {
  const address = pictureAddress(item.picture, context.pictures);
  if (!address) return null;
  const name = String(item.title);
  const image = make("img", { class: "card-picture", src: address, alt: "", loading: "lazy" });
  const button = make("button", { type: "button", class: "card-zoom", "aria-label": `${context.texts.picture_view}：${name}`,
    onclick: () => context.view(address, name) }, image);
  image.addEventListener("error", () => button.remove());
  return button;
}
