// What is still to do for the newest revision: nothing when all has converged, else drift, or an update on its way.

import { planned, isEmpty, summary } from "./plan.js";
import { h, refill, say } from "./dom.js";

/** A panel with the plan of a stack as it stands. */
export class Drift {
  #keys = [];
  #path = "";

  constructor(client) {
    this.client = client;
    this.state = h("p", { role: "status" });
    this.plan = h("div", {});
    const again = h("button", { type: "button", onclick: () => this.refresh() }, "Look again");
    const words = "What the controller would write now, to make the swarm equal to the newest revision.";
    this.element = h("div", {}, h("p", { class: "quiet" }, words), this.state, this.plan, h("div", { class: "bar" }, again));
  }

  /** Show the stack called `path` at the end of `keys`. */
  async open(keys, path) {
    if (path !== this.#path) {
      say(this.state, "looking …");
      refill(this.plan, null, () => null);
    }
    [this.#keys, this.#path] = [keys, path];
    await this.refresh();
  }

  /** Ask again. */
  async refresh() {
    const path = this.#path;
    try {
      const found = await this.client.json(this.#keys, "plan");
      if (path !== this.#path) return;
      say(this.state, isEmpty(found) ? "No drift: everything is as the newest revision says." : summary(found));
      refill(this.plan, found, () => planned(found));
    } catch (error) {
      if (path === this.#path) say(this.state, error.message);
    }
  }
}
