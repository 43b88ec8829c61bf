// The login form: posts JSON, then goes where the agent wanted to go.
const texts = await (await fetch("/desk/files/texts.zh.json")).json();
const form = document.getElementById("login");
const error = document.getElementById("error");

/** Only a path of this server: never a page that somebody put into the address. */
function target() {
  const next = new URLSearchParams(location.search).get("next") || "/desk/";
  return /^\/(desk|dashboard)(\/[\w./-]*)?$/.test(next) ? next : "/desk/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  error.textContent = "";
  try {
    const answer = await fetch("/desk/api/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ login: form.login.value, password: form.password.value }),
    });
    if (answer.ok) {
      location.assign(target());
      return;
    }
    const body = await answer.json().catch(() => ({}));
    error.textContent = texts.errors[body.error] || texts.errors.failed;
  } catch {
    error.textContent = texts.errors.offline;
  }
  button.disabled = false;
  form.password.focus();
});

form.querySelector("button").disabled = false; // before this script the browser itself would send the form
