// The demo page's own buttons: each says its sentence in the chat window.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-say]");
  if (!button || !window.xiaoer) return;
  window.xiaoer.open();
  window.xiaoer.say(button.dataset.say);
  if (button.dataset.product) window.xiaoer.track("view", { product: button.dataset.product });
});

// What visitors look at is noted only after they said so here.
const consent = document.querySelector("#consent");
consent.checked = localStorage.getItem("xiaoer:consent") === "granted";
consent.addEventListener("change", () => window.xiaoer?.consent(consent.checked));

document.querySelector("#customer").addEventListener("change", (event) => event.target.form.submit());

// Going on in a messenger as the same customer: a code that works once, and the shop's own links with it.

document.querySelector("#elsewhere")?.addEventListener("click", async (event) => {
  const out = event.target.parentElement.querySelector("output");
  const token = document.querySelector("script[data-token]").dataset.token;
  out.hidden = false;
  try {
    const answer = await fetch("/link", { method: "POST", body: JSON.stringify({ token }) });
    if (!answer.ok) throw new Error(answer.status);
    const { code, minutes, links } = await answer.json();
    const shown = document.createElement("code");
    shown.textContent = code;
    const opened = links.map(({ channel, url }) => {
      const link = document.createElement("a");
      Object.assign(link, { href: url, target: "_blank", rel: "noopener", textContent: out.dataset.open.replace("{channel}", channel) });
      return link;
    });
    out.replaceChildren(out.dataset.how.replace("{minutes}", minutes), shown, ...opened);
  } catch {
    out.textContent = out.dataset.fault;
  }
});
