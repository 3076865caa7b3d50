// Everything together: who looks, the tree, what is selected in it, and the panels that show it.

import { Actions } from "./actions.js";
import { h, pill, refill, say, set } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Drift } from "./drift.js";
import { History } from "./history.js";
import { byKey, items } from "./items.js";
import { Live } from "./live.js";
import { Login } from "./login.js";
import { Logs } from "./logs.js";
import { machines, topology, tree } from "./model.js";
import { Overview } from "./overview.js";
import { Tabs } from "./tabs.js";
import { plain } from "./text.js";
import { Tree } from "./tree.js";

const REDRAWN = 10000; // milliseconds after which networks are asked for again

/** One stack as `client` reaches it; `changed({name, status})` is told how it does. */
export class Board {
  #top = null;
  #nodes = new Map();
  #drawn = { stacks: new Map(), networks: [] };
  #selected = "";
  #topologyAt = -REDRAWN;
  #told = "";

  constructor(client, changed) {
    this.client = client;
    this.changed = changed;
    this.live = new Live(client, () => this.#look());
    this.login = new Login((text) => this.enter(text));
    this.tree = new Tree("Stack", (key) => this.#select(key));
    this.overview = new Overview(client, (key) => this.#lead(key));
    this.drawing = new Drawing((id) => this.#lead(id));
    this.logs = new Logs(client);
    this.actions = new Actions(client, (text) => this.#announce(text));
    this.history = new History(client, (...change) => this.actions.act(...change));
    this.drift = new Drift(client);
    this.#build();
    this.#show(false);
  }

  #build() {
    this.title = h("h1", {});
    this.state = h("span", {});
    this.fresh = h("span", { class: "fresh quiet" });
    this.who = h("span", { class: "quiet" });
    this.heading = h("h2", {});
    this.alert = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    const leave = h("button", { type: "button", class: "plain", onclick: () => this.enter("") }, "Forget the token");
    this.bar = h("header", {}, this.title, this.state, this.fresh, h("span", { class: "gap" }), this.who, leave);
    const panels = { overview: "Overview", drawing: "Drawing", logs: "Logs", history: "History", drift: "Drift", actions: "Actions" };
    const pages = Object.entries(panels).map(([key, label]) => ({ key, label, panel: h("div", {}, this[key].element) }));
    this.tabs = new Tabs("Of what is selected", pages, () => this.#refresh());
    const side = h("nav", { "aria-label": "Tree" }, this.tree.element);
    this.main = h("section", { "aria-label": "What is selected" }, this.heading, this.tabs.list, this.tabs.panels);
    this.body = h("div", { class: "body" }, side, this.main);
    this.element = h("div", { class: "board" }, this.bar, this.login.element, this.body, this.alert);
  }

  /** Take a token, and look; without one, forget everything that was seen. */
  enter(text) {
    this.client.token = text;
    this.stop();
    this.login.say("");
    if (this.client.hasToken) this.live.start();
    else this.#forget();
  }

  stop() {
    this.live.stop();
    this.logs.close();
  }

  #forget(why = "") {
    this.client.token = "";
    this.stop();
    [this.#top, this.#selected, this.#told] = [null, "", ""];
    this.#nodes = new Map();
    this.#show(false);
    this.login.say(why);
    this.login.input.focus();
    this.changed({ name: "", status: "" });
  }

  #show(known) {
    for (const each of [this.bar, this.body]) set(each, "hidden", !known);
    set(this.login.element, "hidden", known);
  }

  async #look() {
    try {
      const found = tree(await this.client.json([], "status"));
      if (this.client.hasToken) await this.#see(found);
    } catch (error) {
      if (error.status === 401) this.#forget(this.#top ? "The token is not good any more." : "This token is not good here.");
      else if (this.#top) this.#stale(error.message);
      else this.login.say(error.message);
    }
  }

  async #see(found) {
    const first = this.#top === null;
    this.#top = found;
    this.#nodes = byKey(found);
    await this.#topology();
    if (!this.client.hasToken) return;
    if (first) this.#begin();
    this.#fresh();
    this.#head();
    this.tree.update(items(found, this.#drawn));
    if (!this.#isThere(this.#selected)) this.#lead(found.id);
    this.#refresh();
  }

  #begin() {
    const { role, sub } = this.client.claims;
    say(this.who, [plain(sub, 60), plain(role, 20)].filter(Boolean).join(", "));
    this.tabs.offer("actions", this.client.may("operator"));
    this.#show(true);
  }

  /** Networks change seldom: they are asked for now and then. */
  async #topology() {
    if (performance.now() - this.#topologyAt < REDRAWN) return;
    this.#topologyAt = performance.now();
    const found = await this.client.json([], "topology").catch(() => null);
    if (found) this.#drawn = topology(found);
  }

  #head() {
    const { name, status, mood, message } = this.#top;
    say(this.title, name);
    refill(this.state, { status, mood }, () => pill(status, mood));
    const told = `${name} is ${status}${message ? `: ${message}` : ""}`;
    if (told === this.#told) return;
    if (this.#told) this.#announce(told);
    this.#told = told;
    this.changed({ name, status });
  }

  #fresh() {
    set(this.element, "class", "board");
    say(this.fresh, this.#top.full ? "live; not all of it fits" : "live");
  }

  #stale(why) {
    set(this.element, "class", "board stale");
    say(this.fresh, `as it was last seen: ${why}`);
  }

  #announce(text) {
    say(this.alert, text);
  }

  #isThere(key) {
    const { kind, name } = subject(key);
    if (kind === "node") return this.#nodes.has(key);
    if (kind === "machine") return machines(this.#top).some((each) => each.name === name);
    return ["interface", "services", "nodes"].includes(key) || (kind !== "" && this.#drawn.stacks.has(name));
  }

  #select(key) {
    this.#selected = key;
    this.#refresh();
  }

  #lead(key) {
    if (key === undefined) return;
    this.tree.select(key);
    this.#select(key);
  }

  /** The stack or service that is meant by what is selected; for an interface its stack. */
  #node() {
    const { kind, name } = subject(this.#selected);
    if (kind === "node") return this.#nodes.get(this.#selected) ?? this.#top;
    return this.#nodes.get(`node ${name} Stack`) ?? this.#top;
  }

  #refresh() {
    if (!this.#top || !this.tabs) return;
    const node = this.#node();
    const stack = node.type === "Stack" ? node : this.#stackOf(node);
    const { kind } = subject(this.#selected);
    const { status, mood } = kind === "node" ? node : {};
    const headline = this.#headline(node, kind);
    refill(this.heading, { headline, status, mood }, () => [headline, status ? pill(status, mood) : null]);
    if (this.tabs.key !== "logs") this.logs.close();
    const shown = {
      overview: () => this.#facts(kind, node, stack),
      drawing: () => this.drawing.update(this.#top, this.#drawn, node.id),
      logs: () => this.logs.open(node.keys, node.type === "Service" ? node.short : ""),
      history: () => this.#once(stack, () => this.history.open(stack.keys, stack.name)),
      drift: () => this.#once(stack, () => this.drift.open(stack.keys, stack.name)),
      actions: () => this.actions.open(stack.keys, stack.name, this.#drawn.stacks.get(stack.name)?.parameters ?? [], released(stack)),
    };
    shown[this.tabs.key]?.();
  }

  #stackOf(node) {
    return [...this.#nodes.values()].find((each) => each.below.includes(node)) ?? this.#top;
  }

  /** Histories and plans are asked for when they are opened, and when the state of their stack has changed. */
  #once(stack, ask) {
    const state = JSON.stringify([this.tabs.key, stack.name, stack.revision, stack.status, stack.message, stack.running]);
    if (state === this.asked) return;
    this.asked = state;
    ask();
  }

  #headline(node, kind) {
    const { name } = subject(this.#selected);
    const offered = `Interface of ${node.name}`;
    return { interface: offered, route: offered, machine: `Node ${name}`, nodes: "Nodes" }[kind] ?? node.name;
  }

  #facts(kind, node, stack) {
    const drawn = this.#drawn.stacks.get(stack.name);
    const all = machines(this.#top);
    if (kind === "interface" || kind === "route") this.overview.offered(this.#drawn.stacks.get(node.name), this.#nodes);
    else if (kind === "machine") this.overview.machine(all.find((each) => each.name === subject(this.#selected).name));
    else if (kind === "nodes") this.overview.machine({ tasks: all.flatMap((each) => each.tasks) });
    else this.overview.node(node, drawn, this.#drawn.networks);
  }
}

/** What a key of the tree is about; a route's ends in its number. */
function subject(key) {
  const at = key.indexOf(" ");
  const [kind, rest] = at < 0 ? [key, ""] : [key.slice(0, at), key.slice(at + 1)];
  return { kind, name: kind === "route" ? rest.slice(0, rest.lastIndexOf(" ")) : rest };
}

/** The services of a stack that are on their way to another version. */
function released(stack) {
  const found = stack.below.filter((each) => each.type === "Service" && each.status === "updating");
  return found.map(({ short, message }) => ({ name: short, message }));
}
