// What a page can set: data-* of the script tag, `window.xiaoerSettings`, or attributes of the element itself.

import type { Texts } from "./texts.js";
import type { VoiceMode } from "./voice.js";

export interface Options {
  server: string; // address of the Rasa server
  token: string | null; // the signed identity; null: a guest
  locale: string; // zh-CN, en
  position: "right" | "left";
  theme: "auto" | "light" | "dark";
  title: string | null; // in the head, instead of the texts' own
  pictures: string; // where the shop's product pictures are
  open: boolean; // open at once, on wide screens
  events: string; // where behaviour goes
  consent: boolean | null; // whether behaviour may be noted; null: what the visitor said before, else no
  voice: VoiceMode;
  texts: Partial<Texts>; // single texts in other words
  getToken: (() => Promise<string | null>) | null; // asked for a new token when the old one is over
}

const NAMES = ["server", "token", "locale", "position", "theme", "title", "pictures", "open", "voice", "events", "consent"] as const;
type Raw = Partial<Record<(typeof NAMES)[number], unknown>> & Pick<Partial<Options>, "texts" | "getToken">;

/** Options as they were given, each checked; what is missing or odd is the default. */
export function optionsFrom(raw: Raw, script: string | null): Options {
  const text = (name: (typeof NAMES)[number]) => (typeof raw[name] === "string" && raw[name] ? (raw[name] as string) : null);
  const one = <T extends string>(name: (typeof NAMES)[number], choices: T[]): T => choices.find((choice) => choice === raw[name]) || choices[0];
  const pictures = text("pictures") || new URL(script ? "../pictures/" : "/pictures/", script || location.href).href;
  return {
    server: (text("server") || location.origin).replace(/\/+$/, ""),
    token: text("token"),
    locale: text("locale") || "zh-CN",
    position: one("position", ["right", "left"]),
    theme: one("theme", ["auto", "light", "dark"]),
    title: text("title"),
    pictures: pictures.endsWith("/") ? pictures : `${pictures}/`,
    open: raw.open === true || raw.open === "" || raw.open === "true",
    events: text("events") || new URL(script ? "../events" : "/events", script || location.href).href,
    consent: raw.consent === undefined ? null : raw.consent === true || raw.consent === "granted",
    voice: one<VoiceMode>("voice", ["auto", "server", "off"]),
    texts: raw.texts && typeof raw.texts === "object" ? raw.texts : {},
    getToken: typeof raw.getToken === "function" ? raw.getToken : null,
  };
}

/** The options that stand on an element: data-server and the like on a script, plain names on <xiaoer-chat>. */
export function written(element: Element, prefix = ""): Raw {
  const found: Raw = {};
  for (const name of NAMES) {
    const value = element.getAttribute(prefix + name);
    if (value !== null) found[name] = value;
  }
  return found;
}
