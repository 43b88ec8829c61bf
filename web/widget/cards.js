// Cards of products, orders, parcels, coupons and cases, from `custom` payloads:
// {type, text, items: [{title, subtitle, picture, price, badge, lines, buttons}]}.

import { filled, linked, make } from "./dom.js";

const SIDE_BY_SIDE = new Set(["products"]); // the others stand one below the other
const SHOWN_AT_ONCE = 5;

/** The node of a `custom` payload; what has no cards is shown as its plain text. */
export function cards(custom, context) {
  const items = Array.isArray(custom.items) ? custom.items.filter((item) => item && item.title) : [];
  if (!items.length) {
    return custom.text ? make("div", { class: "bubble" }, ...linked(String(custom.text))) : null;
  }
  const kind = /^[a-z_]+$/.test(custom.type || "") ? custom.type : "other";
  const sideways = SIDE_BY_SIDE.has(kind) && items.length > 1;
  const list = make("ul", { class: `cards ${sideways ? "sideways" : "stacked"} of-${kind}`, tabindex: sideways ? 0 : null });
  const shown = sideways ? items : items.slice(0, SHOWN_AT_ONCE);
  list.append(...shown.map((item) => card(item, kind, context)));
  const rest = items.slice(shown.length);
  if (rest.length) list.append(expander(rest, kind, context));
  return list;
}

function expander(rest, kind, context) {
  const line = make("li", { class: "more" });
  line.append(
    make(
      "button",
      { type: "button", class: "quiet", onclick: () => line.replaceWith(...rest.map((item) => card(item, kind, context))) },
      filled(context.texts.more, { count: rest.length }),
    ),
  );
  return line;
}

function card(item, kind, context) {
  const lines = Array.isArray(item.lines) ? item.lines.filter(Boolean) : [];
  const buttons = Array.isArray(item.buttons) ? item.buttons.filter((button) => button && button.title) : [];
  return make(
    "li",
    { class: "card" },
    picture(item, context),
    make(
      "div",
      { class: "card-body" },
      make(
        "div",
        { class: "card-head" },
        make("span", { class: "card-title" }, String(item.title)),
        item.badge ? make("span", { class: "badge" }, String(item.badge)) : null,
      ),
      item.subtitle ? make("div", { class: "card-subtitle" }, String(item.subtitle)) : null,
      lines.length ? make("ul", { class: "card-lines" }, ...lines.map((line) => make("li", {}, String(line)))) : null,
      item.price ? make("div", { class: "price" }, String(item.price)) : null,
      buttons.length ? make("div", { class: "card-buttons" }, ...buttons.map((one) => sayButton(one, context))) : null,
    ),
  );
}

/** A button that says its payload, which is what a person would type. */
export function sayButton(button, context, look = "small") {
  const payload = String(button.payload || button.title);
  return make("button", { type: "button", class: look, onclick: () => context.say(payload) }, String(button.title));
}

function picture(item, context) {
  const address = pictureAddress(item.picture, context.pictures);
  if (!address) return null;
  const image = make("img", { class: "card-picture", src: address, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove());
  return image;
}

/** A picture's address: of the shop's own folder, or a whole web address. */
export function pictureAddress(path, folder) {
  if (typeof path !== "string" || !path) return null;
  if (/^https?:\/\//.test(path)) return path;
  const parts = path.split("/").filter((part) => part && part !== "." && part !== "..");
  return parts.length ? folder + parts.map(encodeURIComponent).join("/") : null;
}
