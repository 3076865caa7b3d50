// Where somebody says who they are.

import { h, say } from "./dom.js";

/** A form; `entered(token)` is called with what was typed. */
export class Login {
  constructor(entered) {
    const input = h("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true });
    this.input = input;
    this.state = h("p", { class: "bad", role: "alert" });
    const submit = (event) => {
      event.preventDefault();
      const text = input.value;
      input.value = "";
      entered(text);
    };
    this.element = h(
      "form",
      { class: "login", onsubmit: submit },
      h("h2", {}, "Who looks?"),
      h("label", { for: "token" }, "Token"),
      input,
      h("button", { type: "submit", class: "primary" }, "Show the stack"),
      this.state,
      h("p", { class: "quiet" }, "A token is what ", h("code", {}, "ailtire-deploy token PATH --role viewer"), " prints. It stays in the memory of this page and is forgotten with it."),
    );
  }

  /** Why it is asked for again. */
  say(text) {
    say(this.state, text);
  }
}
