// Small forms over the page, and short notices.

import { make } from "./dom.js";

/** Ask for values; resolves with them, or null when the dialog was closed. `words` stand above the fields. */
export function ask(title, fields, texts, { okay = texts.ok, kind = "main", words = null } = {}) {
  return new Promise((resolve) => {
    const inputs = fields.map((one) => (one.checks ? checks(one) : control(one)));
    const form = make(
      "form",
      { method: "dialog" },
      make("h2", {}, title),
      words,
      ...fields.map((one, place) => (one.checks ? inputs[place] : make("label", {}, one.label, inputs[place]))),
      make(
        "div",
        { class: "row" },
        make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, texts.cancel),
        make("button", { type: "submit", class: kind }, okay),
      ),
    );
    const dialog = make("dialog", { "aria-label": title }, form);
    let values = null;
    form.addEventListener("submit", () => {
      values = Object.fromEntries(fields.map((one, place) => [one.name, one.checks ? checked(inputs[place]) : inputs[place].value.trim()]));
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(values);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function control(one) {
  if (one.options) {
    return make(
      "select",
      { name: one.name },
      ...one.options.map(([value, label]) => make("option", { value, selected: value === one.value }, label)),
    );
  }
  const common = { name: one.name, required: one.required, maxlength: one.most || 200, value: one.value ?? "" };
  return one.long ? make("textarea", { ...common, rows: 3 }) : make("input", { ...common, type: one.type || "text" });
}

/** Some of several. */
function checks(one) {
  return make(
    "fieldset",
    {},
    make("legend", {}, one.label),
    ...one.checks.map(([value, label]) => {
      const box = make("input", { type: "checkbox", name: one.name, checked: one.value.includes(value), "data-value": value });
      return make("label", {}, box, label);
    }),
  );
}

const checked = (set) => [...set.querySelectorAll("input")].filter((one) => one.checked).map((one) => one.dataset.value);

/** A dialog with any content. */
export function show(title, texts, ...content) {
  const close = () => dialog.close();
  const dialog = make(
    "dialog",
    { class: "wide", "aria-label": title },
    make("h2", {}, title),
    make("div", { class: "content" }, ...content),
    make("div", { class: "row" }, make("button", { type: "button", class: "main", onclick: close }, texts.close_dialog)),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A notice that goes by itself. */
export function toast(text, kind = "info") {
  const node = make("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}
