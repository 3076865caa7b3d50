// The revisions of a stack: what became of each, what differs between two, and the way back to an older one.

import { planned, fields, summary } from "./plan.js";
import { plain, moment } from "./text.js";
import { h, pill, refill, say, set } from "./dom.js";

const KEPT = 50; // revisions that are shown
const MOODS = { converged: "running", failed: "failed", pending: "starting", superseded: "shutdown" };

const list = (found) => (Array.isArray(found) ? found : []);
const object = (found) => (found !== null && typeof found === "object" ? found : {});

/** A panel with the history of a stack; `act` makes a change (see `actions`). */
export class History {
  #keys = [];
  #path = "";
  #found = [];
  #picked = { older: 0, newer: 0 };

  constructor(client, act) {
    this.client = client;
    this.act = act;
    this.table = h("div", {});
    this.state = h("p", { class: "quiet", role: "status" });
    this.result = h("div", { class: "result", "aria-live": "polite" });
    this.element = h("div", {}, this.state, this.table, this.result);
  }

  /** Show the stack called `path` at the end of `keys`; what was compared or asked for another is gone. */
  async open(keys, path) {
    if (path !== this.#path) {
      this.#picked = { older: 0, newer: 0 };
      this.#found = [];
      this.result.replaceChildren();
      this.table.replaceChildren();
      delete this.table.seen;
    }
    [this.#keys, this.#path] = [keys, path];
    await this.refresh();
  }

  /** Ask again. */
  async refresh() {
    const [keys, path] = [this.#keys, this.#path];
    try {
      const found = await this.client.json(keys, "history");
      if (path !== this.#path) return;
      this.#found = list(found).slice(0, KEPT).map(revision);
      say(this.state, this.#found.length ? "" : "There is no revision yet.");
      if (!this.#picked.newer && this.#found.length > 1)
        this.#picked = { newer: this.#found[0].number, older: this.#found[1].number };
      this.#draw();
    } catch (error) {
      say(this.state, error.message);
    }
  }

  #draw() {
    const may = this.client.may("operator");
    refill(this.table, { found: this.#found, picked: this.#picked, may }, () => this.#table(may));
  }

  #table(may) {
    if (!this.#found.length) return h("span", {});
    const names = ["Revision", "From", "To", "Outcome", "Written", "By", ""].map((each) => h(each ? "th" : "td", each ? { scope: "col" } : {}, each));
    const rows = this.#found.map((each, index) => this.#row(each, may && index > 0));
    const head = h("thead", {}, h("tr", {}, names));
    const caption = h("caption", {}, `Revisions of ${this.#path}, newest first`);
    const compare = h("button", { type: "button", "data-key": "compare", onclick: () => this.#compare() }, "Compare From and To");
    return [h("table", { class: "history" }, caption, head, h("tbody", {}, rows)), h("div", { class: "bar" }, compare)];
  }

  #row(each, back) {
    const radio = (which) =>
      h("input", {
        type: "radio",
        name: which,
        "aria-label": `${which === "older" ? "From" : "To"} revision ${each.number}`,
        "data-key": `${which} ${each.number}`,
        checked: this.#picked[which] === each.number,
        onchange: () => (this.#picked[which] = each.number),
      });
    const rollback = () => this.#back(each.number);
    const button = h("button", { type: "button", class: "plain", "data-key": `back ${each.number}`, onclick: rollback }, "Roll back to this");
    const reasons = each.reasons.map((one) => h("span", { class: "quiet block" }, one));
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, `${each.number}`, each.note ? h("span", { class: "quiet block" }, each.note) : null),
      h("td", { "data-label": "From", class: "inline" }, radio("older")),
      h("td", { "data-label": "To", class: "inline" }, radio("newer")),
      h("td", { "data-label": "Outcome" }, pill(each.outcome, MOODS[each.outcome] ?? "unknown"), reasons),
      h("td", { "data-label": "Written" }, moment(each.created)),
      h("td", { "data-label": "By" }, [each.author, each.cause].filter(Boolean).join(", ")),
      h("td", {}, back ? button : null),
    );
  }

  async #compare() {
    const { older, newer } = this.#picked;
    const heading = h("h3", {}, `From revision ${older} to ${newer}`);
    try {
      const found = await this.client.json(this.#keys, `history/${newer}/diff`, { query: { against: String(older) } });
      const changes = list(object(found).changes).slice(0, 500).map(object);
      this.result.replaceChildren(heading, changes.length ? fields(changes) : h("p", {}, "Nothing differs."));
    } catch (error) {
      this.result.replaceChildren(heading, h("p", { class: "bad" }, error.message));
    }
  }

  /** First the plan of the way back, then the question, then the way back. */
  async #back(number) {
    const [keys, path, body] = [this.#keys, this.#path, { revision: number }];
    const heading = h("h3", {}, `Roll ${path} back to revision ${number}`);
    const state = h("p", { role: "status" }, "planning …");
    this.result.replaceChildren(heading, state);
    try {
      const { plan } = await this.client.json(keys, "rollback", { method: "POST", query: { check: "true" }, body });
      say(state, summary(plan));
      const go = h("button", { type: "button", class: "primary" }, "Roll back");
      go.addEventListener("click", () => {
        set(go, "disabled", true);
        this.act(keys, path, "rollback", body, state).then(() => this.refresh());
      });
      this.result.append(...planned(plan), h("div", { class: "bar" }, go));
      go.focus();
    } catch (error) {
      say(state, error.message);
    }
  }
}

function revision(found) {
  const each = object(found);
  const notes = { restores: "brings back", undoes: "undoes" };
  const note = Object.entries(notes).filter(([key]) => each[key]);
  return {
    number: Number.isInteger(each.number) ? each.number : 0,
    outcome: plain(each.outcome, 40) || "pending",
    created: plain(each.created, 40),
    cause: plain(each.cause, 60),
    author: plain(each.author, 100),
    note: note.map(([key, word]) => `${word} ${plain(each[key], 100)}`).join(", "),
    reasons: list(object(each.report).reasons).slice(0, 20).map((one) => plain(one, 1000)),
  };
}
