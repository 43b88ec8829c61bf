// The line below the head: who speaks, where one stands in the queue, or that the login is over.

import type { Context } from "./context.js";
import { filled, make } from "./dom.js";
import { agentName, type Handoff } from "./types.js";

export class Banner {
  readonly element = make("div", { class: "banner", role: "status", hidden: true });

  constructor(private context: Context) {}

  /** Show the state of the handoff; a bad token is said when nobody waits or speaks. */
  show(speaker: string, handoff: Handoff | null, tokenIsBad: boolean): void {
    const { texts } = this.context;
    if (speaker === "waiting") this.put("waiting", make("span", {}, this.queue(handoff)), this.leave());
    else if (speaker === "agent") {
      const name = agentName(handoff?.agent);
      this.put("agent", make("span", {}, name ? filled(texts.agent_joined_name, { name }) : texts.agent_joined));
    } else if (tokenIsBad) this.put("problem", make("span", {}, texts.token_bad));
    else this.put("");
  }

  private put(look: string, ...children: Node[]): void {
    this.element.hidden = !look;
    this.element.dataset.look = look;
    const words = children.map((one) => one.textContent).join();
    if (this.element.dataset.words === words) return; // said already: don't read it aloud again
    this.element.dataset.words = words;
    this.element.replaceChildren(...children);
  }

  private queue(handoff: Handoff | null): string {
    const { texts } = this.context;
    const parts = [texts.queue];
    const position = Number(handoff?.position);
    if (position > 0) parts.push(filled(texts.queue_position, { position }));
    const wait = handoff?.wait_s;
    if (typeof wait === "number") {
      parts.push(wait < 60 ? texts.queue_wait_soon : filled(texts.queue_wait_minutes, { minutes: Math.round(wait / 60) }));
    }
    return parts.join(texts.locale === "en" ? ", " : "，");
  }

  private leave(): HTMLElement {
    const { connection, texts, say } = this.context;
    const words = texts.queue_leave;
    const leave = async () => {
      const receipt = await connection.request<{ ok?: boolean }>("queue_leave", {}, 4000);
      if (!receipt?.ok) say(texts.queue_leave_say); // a server that knows no such event understands the words
    };
    return make("button", { type: "button", class: "quiet-small", onclick: () => void leave() }, words);
  }
}
