// The rows of the tree: what can be selected, by keys that stay the same while the state changes.

import { machines, mounted, walk } from "./model.js";
import { count } from "./text.js";

/** The three roots: Interface, Services, Nodes. */
export function items(top, topology) {
  return [interfaces(top, topology), services(top), nodes(top)];
}

/** All nodes of a tree by their keys. */
export function byKey(top) {
  return new Map([...walk(top)].map((each) => [each.id, each]));
}

function interfaces(top, topology) {
  const offering = [...walk(top)].filter((each) => topology.stacks.get(each.name)?.interface.length && each.type === "Stack");
  const below = offering.map((each) => {
    const routes = topology.stacks.get(each.name).interface;
    const rows = routes.map((one, index) => leaf(`route ${each.name} ${index}`, mounted(one), `→ ${one.service}`));
    const note = count(rows.length, "route");
    return { key: `interface ${each.name}`, label: each.name, note, below: rows, open: each === top };
  });
  return { key: "interface", label: "Interface", kind: "root", open: true, below };
}

function services(top) {
  return { key: "services", label: "Services", kind: "root", open: true, below: [branch(top, 0)] };
}

function branch(node, depth) {
  const below = node.below.map((each) => branch(each, depth + 1));
  const note = node.type === "Stack" && node.revision !== null ? `revision ${node.revision}` : `${node.running}/${node.desired}`;
  const { mood, status } = node;
  return { key: node.id, label: node.short, mood, word: status, note, open: depth < 2, kind: node.type.toLowerCase(), below };
}

function nodes(top) {
  const below = machines(top).map((each) => leaf(`machine ${each.name}`, each.name, count(each.tasks.length, "task")));
  return { key: "nodes", label: "Nodes", kind: "root", open: true, below };
}

const leaf = (key, label, note) => ({ key, label, note, below: [] });
