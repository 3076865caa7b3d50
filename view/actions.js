// What changes a stack: an update by its parameters, planned before it is made, and the shutdown, which has to be
// written out. Offered to those whose token may; the controller decides again.

import { Problem } from "./client.js";
import { h, refill, say, set } from "./dom.js";
import { planned, summary } from "./plan.js";
import { plain } from "./text.js";

const FOLLOW = 1000; // milliseconds between two looks at what becomes of a revision
const LONGEST = 600; // looks

/** A panel for one stack; `told(text)` says aloud what became of something. */
export class Actions {
  #keys = [];
  #path = "";
  #inputs = new Map();

  constructor(client, told) {
    this.client = client;
    this.told = told;
    this.form = h("form", { onsubmit: (event) => this.#plan(event) });
    this.result = h("div", { class: "result", "aria-live": "polite" });
    this.release = h("div", {});
    this.leave = h("div", { class: "leaving" });
    this.element = h("div", {}, this.release, h("h3", {}, "Update"), this.form, this.result, this.leave);
  }

  /** Offer what can be done with the stack called `path` at the end of `keys`. */
  open(keys, path, parameters, released) {
    if (path !== this.#path) this.result.replaceChildren();
    [this.#keys, this.#path] = [keys, path];
    refill(this.release, { path, released }, () => (released.length ? this.#releasing(released) : null));
    refill(this.form, { path, parameters }, () => this.#fields(parameters));
    set(this.leave, "hidden", !this.client.may("admin"));
    refill(this.leave, { path, may: this.client.may("admin") }, () => this.#leaving());
  }

  /** Make a change and follow what becomes of it, in words in `state`. */
  async act(keys, path, name, body, state) {
    try {
      const found = await this.client.json(keys, name, { method: "POST", body });
      say(state, `accepted as ${plain(found.revision, 100)}`);
      await this.#follow(keys, path, Number(/([0-9]+)$/.exec(found.revision)?.[1]), state);
    } catch (error) {
      say(state, error.message);
      this.told(`${path}: ${error.message}`);
    }
  }

  async #follow(keys, path, number, state) {
    for (let looks = 0; Number.isInteger(number) && looks < LONGEST; looks += 1) {
      await new Promise((done) => setTimeout(done, FOLLOW));
      const found = await this.client.json(keys, `history/${number}`).catch((error) => error);
      if (found instanceof Problem && found.status !== 0 && found.status < 500) break;
      const progress = found.progress ?? {};
      const verdict = plain(progress.verdict ?? found.outcome, 40) || "pending";
      const reasons = [progress.reasons ?? found.report?.reasons ?? []].flat().map((each) => plain(each, 500));
      const far = Number.isInteger(progress.of) ? ` (${progress.arrived} of ${progress.of} stacks)` : "";
      say(state, `revision ${number} is ${verdict}${far}${reasons.length ? `: ${reasons.join("; ")}` : ""}`);
      if (verdict !== "pending") return this.told(`${path}: ${state.textContent}`);
    }
    return undefined;
  }

  #fields(parameters) {
    this.#inputs.clear();
    if (!parameters.length) return h("p", { class: "quiet" }, `${this.#path} declares no parameters.`);
    const fields = parameters.map((each, index) => this.#field(each, `parameter-${index}`));
    const button = h("button", { type: "submit", class: "primary", "data-key": "plan" }, "Plan");
    return [h("div", { class: "fields" }, fields), h("div", { class: "bar" }, button)];
  }

  #field(each, id) {
    const name = plain(each.name, 64);
    const input = control(each, id);
    this.#inputs.set(name, { each, input, before: read(each, input) });
    const facts = [each.type, bound("at least", each.minimum), bound("at most", each.maximum), plain(each.description, 300)];
    const hint = h("span", { class: "quiet", id: `${id}-hint` }, facts.filter(Boolean).join(" · "));
    set(input, "aria-describedby", `${id}-hint`);
    return h("div", { class: "field" }, h("label", { for: id }, name), input, hint);
  }

  #changed() {
    const found = {};
    for (const [name, { each, input, before }] of this.#inputs) {
      const now = read(each, input);
      if (now !== before) found[name] = now;
    }
    return found;
  }

  async #plan(event) {
    event.preventDefault();
    const [keys, path, body] = [this.#keys, this.#path, { parameters: this.#changed() }];
    const state = h("p", { role: "status" }, "planning …");
    this.result.replaceChildren(h("h4", {}, `Plan for ${path}`), state);
    try {
      const { plan } = await this.client.json(keys, "update", { method: "POST", query: { check: "true" }, body });
      say(state, summary(plan));
      const go = h("button", { type: "button", class: "primary" }, "Update as planned");
      const drop = h("button", { type: "button", onclick: () => this.result.replaceChildren() }, "Do nothing");
      go.addEventListener("click", () => {
        for (const each of [go, drop]) set(each, "disabled", true);
        this.act(keys, path, "update", body, state);
      });
      this.result.append(...planned(plan), h("div", { class: "bar" }, go, drop));
    } catch (error) {
      this.#refused(error, state);
    }
  }

  #refused(error, state) {
    say(state, error.message);
    const found = (error.problems ?? []).map((each) =>
      h("li", {}, h("code", {}, plain(each?.path, 200)), " ", plain(each?.message, 500), " ", plain(each?.hint, 300)),
    );
    if (found.length) this.result.append(h("ul", { class: "problems" }, found));
  }

  /** A release that is under way goes on, or back. */
  #releasing(released) {
    const [keys, path, state] = [this.#keys, this.#path, h("p", { role: "status" })];
    const button = (text, name, body, look) =>
      h("button", { type: "button", class: look, "data-key": text, onclick: () => this.#steer(keys, path, name, body, state) }, text);
    const facts = released.map((each) => h("li", {}, h("b", {}, each.name), " ", each.message));
    return [
      h("h3", {}, "Release"),
      h("ul", {}, facts),
      h(
        "div",
        { class: "bar" },
        button("Promote to the next step", "promote", {}, "primary"),
        button("Promote fully", "promote", { fully: true }, ""),
        button("Abort", "abort", {}, "danger"),
      ),
      state,
    ];
  }

  async #steer(keys, path, name, body, state) {
    try {
      const found = await this.client.json(keys, name, { method: "POST", body });
      const services = [found.services ?? []].flat().map((each) => plain(each, 100));
      say(state, `${name}: ${services.join(", ")}`);
    } catch (error) {
      say(state, error.message);
    }
    this.told(`${path}: ${state.textContent}`);
  }

  #leaving() {
    if (!this.client.may("admin")) return null;
    const path = this.#path;
    const state = h("p", { role: "status" });
    const input = h("input", { id: "shutdown-path", autocomplete: "off", spellcheck: "false", oninput: () => ready() });
    const button = h("button", { type: "submit", class: "danger", disabled: true }, "Shut down");
    const ready = () => set(button, "disabled", input.value !== path);
    const submit = (event) => {
      event.preventDefault();
      if (input.value !== path) return;
      set(button, "disabled", true);
      this.act(this.#keys, path, "shutdown", {}, state);
    };
    return [
      h("h3", {}, "Shutdown"),
      h("p", {}, `Takes ${path} and everything in it away, leaf to root. Volumes stay.`),
      h(
        "form",
        { class: "field", onsubmit: submit },
        h("label", { for: "shutdown-path" }, "Write ", h("b", {}, path), " to confirm"),
        input,
        h("div", { class: "bar" }, button),
        state,
      ),
    ];
  }
}

const bound = (word, number) => (typeof number === "number" ? `${word} ${number}` : "");

function control(each, id) {
  if (Array.isArray(each.enum)) {
    const options = each.enum.slice(0, 100).map((one) => h("option", { value: JSON.stringify(one) }, plain(one, 200) || String(one)));
    const select = h("select", { id }, options);
    select.value = JSON.stringify(each.value);
    return select;
  }
  if (each.type === "boolean") return h("input", { type: "checkbox", id, checked: each.value === true });
  const numeric = each.type === "integer" || each.type === "number";
  const step = each.type === "number" ? "any" : numeric ? "1" : false;
  const limits = { min: each.minimum ?? false, max: each.maximum ?? false, step };
  const text = each.value === null || each.value === undefined ? "" : String(each.value);
  return h("input", { id, type: numeric ? "number" : "text", value: text, autocomplete: "off", ...(numeric ? limits : {}) });
}

function read(each, input) {
  if (Array.isArray(each.enum)) return input.value === "" ? null : JSON.parse(input.value);
  if (each.type === "boolean") return input.checked;
  if (each.type === "integer" || each.type === "number") return input.value === "" ? null : Number(input.value);
  return input.value;
}
