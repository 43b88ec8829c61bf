// The demo page's own buttons: each says its sentence in the chat window.

const chat = document.querySelector("xiaoer-chat");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-say]");
  if (!button || !chat.panel) return;
  chat.toggle(true);
  chat.say(button.dataset.say);
});

document.querySelector("#customer").addEventListener("change", (event) => event.target.form.submit());
