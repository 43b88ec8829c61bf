// A small sheet of emoji that customers use most; the phone's keyboard has the rest.

import { make } from "./dom.js";
import type { Texts } from "./texts.js";

const EMOJI = ("😀 😄 😁 😂 🤣 😊 😍 🥰 😘 😎 🤔 😅 😓 😭 😢 😠 😡 🤯 😱 😴 🙄 😏 🥺 🤗 " +
  "👍 👎 👌 🙏 👏 💪 🤝 👋 ❤️ 💔 🌹 🎉 🎁 🔥 ✨ ⭐ ✅ ❌ ❓ ❗ 📦 🚚 💰 🛒").split(" ");
const COLUMNS = 8;

/** A sheet of buttons; arrow keys move in it. */
export function emojiSheet(texts: Texts, choose: (emoji: string) => void): HTMLElement {
  const sheet = make("div", { class: "sheet emoji", role: "group", "aria-label": texts.emoji_list, hidden: true },
    ...EMOJI.map((one) => make("button", { type: "button", tabindex: one === EMOJI[0] ? 0 : -1, onclick: () => choose(one) }, one)));
  sheet.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...sheet.querySelectorAll("button")];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = buttons[Math.min(buttons.length - 1, Math.max(0, at + step))];
    buttons.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  });
  return sheet;
}
