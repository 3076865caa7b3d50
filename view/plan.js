// A plan as a list of writes: what, why, how hard it hits, and field by field what differs.

import { count, plain, value } from "./text.js";
import { h } from "./dom.js";

const SIGNS = { create: "+", update: "~", remove: "−", adopt: "⇐" };
const SHOWN = 500; // operations of one plan
const FIELDS = 200; // changes of one operation

const list = (found) => (Array.isArray(found) ? found : []);
const object = (found) => (found !== null && typeof found === "object" ? found : {});

/** What a plan comes to, in a sentence. */
export function summary(plan) {
  const found = operations(plan);
  if (!found.length) return "Nothing to do: everything is as the definition says.";
  const waiting = found.filter(({ each }) => each.waiting).length;
  const failing = found.filter(({ each }) => each.error).length;
  const more = [waiting && `${waiting} of them waiting`, failing && `${failing} impossible`].filter(Boolean);
  return `${count(found.length, "write")}${more.length ? `, ${more.join(", ")}` : ""}`;
}

/** Whether there is anything to do, and whether all of it can be done. */
export function isEmpty(plan) {
  return operations(plan).length === 0;
}

/** All operations, each with the stack it is about. */
export function operations(plan) {
  const stacks = Object.entries(object(object(plan).stacks));
  const found = stacks.flatMap(([stack, held]) => list(held).map((each) => ({ stack, each: object(each) })));
  return found.slice(0, SHOWN);
}

/** The plan as elements: a heading a stack, a row an operation, which opens on its fields. */
export function planned(plan) {
  const found = operations(plan);
  const stacks = [...new Set(found.map((each) => each.stack))];
  return stacks.map((stack) =>
    h(
      "section",
      { class: "plan" },
      h("h4", {}, stack),
      h("ul", {}, found.filter((each) => each.stack === stack).map((each) => operation(each.each))),
    ),
  );
}

function operation(each) {
  const verb = plain(each.verb, 20);
  const impact = plain(each.impact, 100);
  const head = [
    h("span", { class: `sign ${SIGNS[verb] ? verb : ""}`, "aria-hidden": "true" }, SIGNS[verb] ?? "·"),
    h("span", { class: "what" }, `${verb} ${plain(each.kind, 20)} `, h("b", {}, plain(each.name, 200))),
    impact && impact !== "none" ? h("span", { class: "tag" }, impact) : null,
    each.waiting ? h("span", { class: "tag waiting" }, `waits for ${plain(each.waiting, 200)}`) : null,
    each.error ? h("span", { class: "tag error" }, plain(each.error, 500)) : null,
    h("span", { class: "quiet" }, plain(each.cause, 300)),
  ];
  const changes = list(each.changes).slice(0, FIELDS).map(object);
  if (!changes.length) return h("li", {}, h("div", { class: "operation" }, head));
  const facts = h("summary", { class: "operation" }, head, h("span", { class: "quiet" }, count(changes.length, "field")));
  return h("li", {}, h("details", {}, facts, fields(changes)));
}

/** Changed fields as a table; on narrow screens each becomes a block. */
export function fields(changes) {
  const names = ["Field", "Before", "After"].map((each) => h("th", { scope: "col" }, each));
  const rows = changes.map((each) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, plain(each.path, 300)),
      h("td", { class: "before", "data-label": "Before" }, h("code", {}, value(each.before))),
      h("td", { class: "after", "data-label": "After" }, h("code", {}, value(each.after))),
    ),
  );
  return h("table", { class: "fields" }, h("thead", {}, h("tr", {}, names)), h("tbody", {}, rows));
}
