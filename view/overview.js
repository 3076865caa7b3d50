// What is selected, in facts: a stack or service with its tasks and what is not well, an interface, or a node.

import { h, pill, refill } from "./dom.js";
import { mounted } from "./model.js";
import { ago, moment, plain } from "./text.js";

const WIDE = new Set(["Message", "Image", "Who reaches whom", "Last log line"]);
const WELL = new Set(["running", "completed", "shutdown"]);
const list = (found) => (Array.isArray(found) ? found : []);
const object = (found) => (found !== null && typeof found === "object" ? found : {});

/** A panel; `chosen(key)` selects something else by its key in the tree. */
export class Overview {
  #asked = "";

  constructor(client, chosen) {
    this.client = client;
    this.chosen = chosen;
    this.facts = h("div", {});
    this.why = h("div", {});
    this.element = h("div", {}, this.facts, this.why);
  }

  /** Show a stack or service of the tree. */
  node(node, drawn, networks) {
    const on = networks.filter((each) => each.members.includes(node.name));
    const state = { node: { ...node, age: ago(node.age), below: node.below.map(brief) }, drawn, on };
    refill(this.facts, state, () => [
      facts(node, drawn),
      node.type === "Stack" ? this.#parts(node) : tasks(node.tasks, "node"),
      on.length ? standing(on) : null,
    ]);
    this.#explain(node);
  }

  /** Show what a stack offers to those outside. */
  offered(drawn, keys) {
    refill(this.facts, { offered: drawn, keys }, () => this.#routes(drawn, keys));
    refill(this.why, null, () => null);
  }

  /** Show what runs on a node. */
  machine(machine) {
    refill(this.facts, machine, () => tasks(machine.tasks, "service"));
    refill(this.why, null, () => null);
  }

  #parts(node) {
    const rows = node.below.map((each) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, this.#link(each.short, each.id)),
        h("td", { "data-label": "Status" }, pill(each.status, each.mood), says(each.message)),
        h("td", { "data-label": "Tasks" }, `${each.running}/${each.desired}`),
        h("td", { "data-label": "Last log line" }, each.line ? h("code", {}, each.line) : "–", says(ago(each.age))),
      ),
    );
    return table(`In ${node.name}`, ["Name", "Status", "Tasks", "Last log line"], rows);
  }

  #routes(drawn, keys) {
    if (!drawn?.interface.length) return h("p", { class: "quiet" }, "This stack offers nothing to those outside.");
    const rows = drawn.interface.map((each) => {
      const name = `${drawn.path}/${each.service}`;
      const to = each.port === null ? `its gateway, as ${each.path}` : `port ${each.port}, as ${each.path}`;
      const type = keys.has(`node ${name} Stack`) ? "Stack" : "Service";
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, mounted(each)),
        h("td", { "data-label": "Answered by" }, this.#link(each.service, `node ${name} ${type}`)),
        h("td", { "data-label": "At" }, to),
        h("td", { "data-label": "Methods" }, each.methods.join(" ") || "any"),
      );
    });
    return table(`Interface of ${drawn.path}`, ["Address", "Answered by", "At", "Methods"], rows);
  }

  #link(text, key) {
    return h("button", { type: "button", class: "link", "data-key": key, onclick: () => this.chosen(key) }, text);
  }

  /** Ask once for each state of something that is not well why that is, and what helps. */
  async #explain(node) {
    const asked = JSON.stringify([node.name, node.type, node.status, node.message]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    refill(this.why, null, () => null);
    if (WELL.has(node.status)) return;
    const found = await this.client.json(node.keys, "status", { query: { explain: "true" } }).catch(() => null);
    if (asked !== this.#asked) return;
    const all = list(object(found).findings).slice(0, 50).map(object);
    const own = node.type === "Stack" ? all : all.filter((each) => each.name === node.name);
    refill(this.why, own, () => (own.length ? [h("h3", {}, "Why"), h("ul", { class: "why" }, own.map(finding))] : null));
  }
}

const brief = ({ id, short, status, mood, message, running, desired, line, age }) => {
  return { id, short, status, mood, message, running, desired, line, age: ago(age) };
};

const says = (text) => (text ? h("span", { class: "quiet block" }, text) : null);

function facts(node, drawn) {
  const last = node.line ? [h("code", {}, node.line), " ", h("span", { class: "quiet" }, ago(node.age))] : null;
  const ports = drawn?.publishes.length && node.type === "Stack" ? drawn.publishes.join(", ") : null;
  const found = {
    Message: node.message,
    Version: node.type === "Stack" ? drawn?.version : "",
    Revision: node.revision,
    Since: node.since ? moment(node.since) : "",
    Image: node.image ? h("code", {}, node.image) : "",
    Tasks: `${node.running} of ${node.desired} run`,
    Published: ports,
    Traffic: node.traffic,
    "Who reaches whom": node.networks,
    "Last log line": last,
  };
  const shown = Object.entries(found).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", { class: WIDE.has(name) ? "wide" : "" }, h("dt", {}, name), h("dd", {}, value))));
}

function tasks(found, other) {
  if (!found.length) return h("p", { class: "quiet" }, "There are no tasks.");
  const title = other === "node" ? "Node" : "Service";
  const rows = found.map((each) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, other === "node" ? each.slot : each.service),
      h("td", { "data-label": "State" }, each.state),
      h("td", { "data-label": other === "node" ? title : "Slot" }, other === "node" ? each.node || "–" : each.slot),
    ),
  );
  return table("Tasks", other === "node" ? ["Slot", "State", "Node"] : ["Service", "State", "Slot"], rows);
}

function standing(networks) {
  const rows = networks.map((each) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, each.name),
      h("td", { "data-label": "Kind" }, each.kind, each.internal ? "" : ", leads outside"),
      h("td", { "data-label": "Addresses" }, each.subnets.join(" ") || "–"),
    ),
  );
  return table("Stands on", ["Network", "Kind", "Addresses"], rows);
}

function finding(each) {
  return h(
    "li",
    {},
    h("b", {}, plain(each.name, 300)), " ", plain(each.why, 1000),
    each.remedy ? h("span", { class: "block" }, plain(each.remedy, 500)) : null,
    each.line ? h("code", { class: "block" }, plain(each.line, 500)) : null,
  );
}

function table(caption, names, rows) {
  const head = h("thead", {}, h("tr", {}, names.map((each) => h("th", { scope: "col" }, each))));
  return h("table", {}, h("caption", {}, caption), head, h("tbody", {}, rows));
}
