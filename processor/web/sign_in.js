/* sign_in.js: asks for the keys once. They stay in this tab and sign each request; the secret is never sent. */
import { keys } from "./api.js";
import { h, replace, uniqueId } from "./dom.js";

export function askForKeys(main, message, onDone) {
  const field = (label, type) => {
    const id = uniqueId("key");
    const input = h("input", { id, type, required: true, autocomplete: "off", spellcheck: "false" });
    return { input, element: h("div", { class: "form-field" }, h("label", { for: id }, label), input) };
  };
  const id = field("Access key ID", "text");
  const secret = field("Secret access key", "password");
  const safe = globalThis.crypto?.subtle !== undefined;
  const form = h(
    "form",
    {
      class: "page narrow",
      onsubmit: (event) => {
        event.preventDefault();
        keys.set(id.input.value.trim(), secret.input.value.trim());
        onDone();
      },
    },
    h(
      "div",
      {},
      h("h1", {}, "Sign in"),
      h(
        "p",
        { class: "quiet" },
        "With the keys that you were given for this server. They stay in this tab, " +
          "sign each request, and are forgotten when the tab closes; the secret is never sent.",
      ),
    ),
    message && h("div", { class: "note-box bad", role: "alert" }, h("p", {}, `The server refused: ${message}`)),
    !safe &&
      h(
        "div",
        { class: "note-box bad", role: "alert" },
        h(
          "p",
          {},
          "Browsers sign only on pages that came over HTTPS or from this machine. " + "Open this page by https://.",
        ),
      ),
    id.element,
    secret.element,
    h("div", { class: "buttons" }, h("button", { class: "first", disabled: !safe }, "Sign in")),
  );
  document.title = "Sign in · proforma";
  replace(main, form);
  id.input.focus();
}
