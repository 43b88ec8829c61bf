// The demo page's own buttons: each says its sentence in the chat window.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-say]");
  if (!button || !window.xiaoer) return;
  window.xiaoer.open();
  window.xiaoer.say(button.dataset.say);
});

document.querySelector("#customer").addEventListener("change", (event) => event.target.form.submit());
