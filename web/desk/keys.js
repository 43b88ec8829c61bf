// Keyboard shortcuts; each also has a button.

import { TABS } from "./lists.js";

export function keys(desk) {
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const place = ["1", "2", "3"].indexOf(event.key);
    const work =
      place >= 0
        ? () => desk.lists.choose(TABS[place])
        : {
            ArrowDown: () => go(1),
            ArrowUp: () => go(-1),
            a: () => desk.talk.accept(),
            b: () => desk.talk.giveBack(),
            c: () => desk.talk.close(),
            t: () => desk.talk.transfer(),
            n: () => desk.talk.toggleNote(),
            r: () => desk.talk.focus(),
          }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!work) return;
    event.preventDefault();
    work();
  });

  function go(step) {
    const found = desk.lists.neighbour(step);
    if (found) desk.open(found);
  }
}
