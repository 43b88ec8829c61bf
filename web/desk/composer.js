// What the agent writes: replies, notes and whispers; "/" finds canned replies, "@" colleagues.

import { get, of, post } from "./api.js";
import { ask, toast } from "./dialogs.js";
import { make, yuan } from "./dom.js";
import { draft } from "./outbox.js";

const TYPING_EVERY_MS = 3000;

export class Composer {
  constructor(desk, talk) {
    Object.assign(this, { desk, talk, senderId: talk.senderId, kind: "reply", options: [], chosen: 0, asked: 0, typed: 0 });
    const { texts } = desk;
    this.field = make("textarea", {
      "aria-label": texts.composer.reply,
      maxlength: 2000,
      onkeydown: (event) => this.key(event),
      oninput: () => this.input(),
      onpaste: (event) => this.paste(event),
    });
    this.popup = make("div", { class: "popup", role: "listbox", "aria-label": texts.popup, hidden: true });
    this.chips = make("div", { class: "chips", role: "group", "aria-label": texts.suggestions });
    this.file = make("input", {
      type: "file",
      accept: "image/*",
      hidden: true,
      onchange: () => {
        this.pictures(this.file.files);
        this.file.value = "";
      },
    });
    this.send = make("button", { type: "button", class: "main push", onclick: () => this.submit() }, texts.send);
    this.noteButton = make("button", { type: "button", "aria-pressed": "false", onclick: () => talk.toggleNote() }, texts.note);
    this.tools = [
      make("button", { type: "button", onclick: () => this.file.click() }, texts.send_picture),
      make("button", { type: "button", onclick: () => this.product() }, texts.send_product),
    ];
    this.root = make(
      "div",
      { class: "composer", ondragover: (event) => event.preventDefault(), ondrop: (event) => this.drop(event) },
      this.popup,
      this.chips,
      this.field,
      make("div", { class: "row" }, ...this.tools, this.file, this.noteButton, make("span", { class: "soft" }, texts.hint), this.send),
    );
    const kept = draft(desk.me.id, this.senderId);
    this.field.value = kept.text;
    this.kind = kept.kind; // a note that was begun is no reply when the agent comes back
    this.draw();
  }

  draw() {
    const { texts } = this.desk;
    const state = this.talk.talk?.state;
    const theirs = state === "agent" && !this.talk.mine;
    this.noteButton.setAttribute("aria-pressed", String(this.kind === "note"));
    this.root.classList.toggle("note", this.kind !== "reply");
    this.field.placeholder = theirs && this.kind === "reply" ? texts.composer.theirs : texts.composer[this.kind];
    this.field.setAttribute("aria-label", texts.composer[this.kind]);
    this.send.textContent = this.kind === "reply" ? texts.send : texts.keep;
    this.send.disabled = theirs && this.kind === "reply";
    for (const one of this.tools) one.disabled = !this.talk.mine;
  }

  mode(kind) {
    this.kind = kind;
    if (this.field.value) this.write(this.field.value);
    this.draw();
    this.focus();
  }

  focus() {
    this.field.focus();
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work
    if (!this.popup.hidden && this.options.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        this.choose((this.chosen + step + this.options.length) % this.options.length);
        return;
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        this.options[this.chosen].take();
        return;
      }
    }
    if (event.key === "Escape") this.hide();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text || this.send.disabled) return;
    this.hide();
    this.write("");
    if (this.kind === "reply") {
      const body = { text };
      if (this.canned) body.canned_id = this.canned;
      this.canned = null;
      this.chips.replaceChildren();
      this.typed = 0; // what is typed after a message is told at once
      this.talk.say(body);
      return;
    }
    const { kind } = this;
    const kept = await this.talk.note(text, kind);
    if (!kept) this.giveBack(text, kind);
    else if (!this.field.value) this.mode("reply"); // else the next note is being written
  }

  /** Words that were refused, before what was written meanwhile; all of it stays inside the shop. */
  giveBack(text, kind) {
    const { desk, senderId, talk } = this;
    const newer = draft(desk.me.id, senderId).text;
    const all = newer ? `${text}\n${newer}` : text;
    if (talk.senderId !== senderId) {
      draft(desk.me.id, senderId, all, kind);
      return;
    }
    talk.composer.kind = kind;
    talk.composer.write(all);
    talk.composer.draw();
  }

  write(text) {
    this.field.value = text;
    draft(this.desk.me.id, this.senderId, text, this.kind);
  }

  input() {
    const { value } = this.field;
    draft(this.desk.me.id, this.senderId, value, this.kind);
    if (this.talk.mine && this.kind === "reply" && value && Date.now() - this.typed > TYPING_EVERY_MS) {
      this.typed = Date.now();
      post(of(this.senderId, "/typing")).catch(() => {});
    }
    const mention = this.kind === "note" && /@([^\s@]*)$/.exec(value);
    if (this.kind === "reply" && value.startsWith("/") && !value.includes("\n")) this.findCanned(value.slice(1));
    else if (mention) this.findPeople(mention[1]);
    else this.hide();
  }

  async findCanned(words) {
    const asked = ++this.asked;
    const found = await get(`/canned?q=${encodeURIComponent(words)}`).catch(() => null);
    if (!found || asked !== this.asked || this.kind !== "reply" || !this.field.value.startsWith("/")) return;
    if (!found.replies.length) this.offerNothing();
    else this.offer(
      found.replies.map((one) => ({
        head: `/${one.shortcut} ${one.title}`,
        small: one.text,
        take: () => {
          this.fill(one.text);
          this.canned = one.id;
        },
      })),
    );
  }

  findPeople(words) {
    const people = this.desk.team.filter((one) => one.name.includes(words) && one.id !== this.desk.me.id);
    this.offer(
      people.map((one) => ({
        head: `@${one.name}`,
        small: this.desk.texts.status[one.status],
        take: () => this.fill(this.field.value.replace(/@[^\s@]*$/, `@${one.name} `)),
      })),
    );
  }

  offer(options) {
    this.options = options;
    this.popup.hidden = !options.length;
    this.popup.replaceChildren(
      ...options.map((one) =>
        make("button", { type: "button", role: "option", onclick: one.take }, one.head, make("small", {}, one.small)),
      ),
    );
    if (options.length) this.choose(0);
  }

  /** Say that nothing fits; Enter sends what is written. */
  offerNothing() {
    this.options = [];
    this.popup.hidden = false;
    this.popup.replaceChildren(
      make("div", { class: "soft nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" }, this.desk.texts.no_canned),
    );
  }

  choose(place) {
    this.chosen = place;
    [...this.popup.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === place)));
    this.popup.children[place].scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.asked++; // what was asked for comes too late
    this.options = [];
    this.popup.hidden = true;
  }

  fill(text) {
    this.write(text);
    this.hide();
    this.focus();
  }

  /** Three answers that might fit the customer's last words; the agent edits before sending. */
  async suggest() {
    const { senderId } = this;
    const found = await get(of(senderId, "/suggestions")).catch(() => null);
    if (!found || senderId !== this.talk.senderId) return;
    this.chips.replaceChildren(
      ...found.suggestions.map((one) =>
        make("button", { type: "button", title: one.text, onclick: () => this.fill(one.text) }, one.text),
      ),
    );
  }

  paste(event) {
    const files = [...(event.clipboardData?.files || [])].filter((one) => one.type.startsWith("image/"));
    if (files.length) {
      event.preventDefault();
      this.pictures(files);
    }
  }

  drop(event) {
    event.preventDefault();
    this.pictures(event.dataTransfer.files);
  }

  pictures(files) {
    if (!this.talk.mine) return;
    for (const file of files) {
      if (file.type.startsWith("image/")) this.talk.sendPicture(file);
      else toast(this.desk.texts.errors.bad_picture, "bad");
    }
  }

  async product() {
    const { texts } = this.desk;
    const words = await ask(texts.send_product, [{ name: "q", label: texts.product_words }], texts, { okay: texts.find });
    if (!words) return;
    const found = await this.desk.try(() => get(`/products?q=${encodeURIComponent(words.q)}`));
    if (!found?.products.length) {
      if (found) toast(texts.nothing_found);
      return;
    }
    const options = found.products.map((one) => [one.code, `${one.name}　${yuan(one.price_fen)}`]);
    const choice = await ask(texts.send_product, [{ name: "code", label: texts.product, options }], texts, { okay: texts.send });
    if (choice) this.talk.say({ card: { type: "products", codes: [choice.code] } }, this.senderId);
  }
}
