// The widget's file: <script async src="…/widget/xiaoer.js" data-server="…"></script> on any page.

import { SCRIPT, XiaoerChat } from "./element.js";
import { optionsFrom, written } from "./options.js";

type Work = (detail: unknown) => void;

/** What a page can do with the widget, as `window.xiaoer`. */
interface Api {
  open(): void;
  close(): void;
  toggle(): void;
  say(text: string): void;
  setUser(user: string | { token?: string | null } | null): void;
  reset(): void;
  consent(on: boolean): void;
  track(kind: string, facts?: Record<string, unknown>): void;
  on(event: string, work: Work): () => void;
}

interface Page {
  xiaoer?: Api;
  xiaoerSettings?: Record<string, unknown>;
}

if (!customElements.get("xiaoer-chat")) customElements.define("xiaoer-chat", XiaoerChat);

function api(element: XiaoerChat): Api {
  return {
    open: () => element.chat?.panel.toggle(true),
    close: () => element.chat?.panel.toggle(false),
    toggle: () => element.chat?.panel.toggle(),
    say: (text) => {
      if (String(text).trim()) element.chat?.say(String(text).trim());
    },
    setUser: (user) => element.chat?.setUser((typeof user === "string" ? user : user?.token) || null),
    reset: () => element.chat?.reset(),
    consent: (on) => element.chat?.tracker.consent(on === true),
    track: (kind, facts) => element.chat?.tracker.track(String(kind), facts && typeof facts === "object" ? facts : {}),
    on: (event, work) => element.chat?.on(event, work) || (() => undefined),
  };
}

function begin(script: Element | null): void {
  const page = window as unknown as Page;
  const settings = page.xiaoerSettings;
  let element = document.querySelector<XiaoerChat>("xiaoer-chat");
  if (!element) {
    if (!settings && !script?.hasAttribute("data-server")) return; // the page makes the element itself
    element = document.createElement("xiaoer-chat") as XiaoerChat;
    element.options = optionsFrom({ ...settings, ...(script ? written(script, "data-") : {}) }, SCRIPT);
    document.body.append(element);
  }
  page.xiaoer = api(element);
  performance.mark?.("xiaoer:interactive"); // the launcher can be clicked from here on
  window.dispatchEvent(new CustomEvent("xiaoer:ready", { detail: page.xiaoer }));
}

const script = document.currentScript;
if (document.body) begin(script);
else document.addEventListener("DOMContentLoaded", () => begin(script), { once: true });
