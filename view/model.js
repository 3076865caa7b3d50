// What the answers mean. They may come from a controller that was taken over: every shape is checked, every list
// and text has an end, and nothing here touches the page.

import { plain } from "./text.js";

const WORDS = ["running", "completed", "starting", "updating", "waiting", "warning", "failed", "error"];
const MOODS = new Set([...WORDS, "shutdown", "unreachable"]);
const DEPTH = 30;
const NODES = 2000; // stacks and services of one tree that are shown
const TASKS = 200; // tasks of one service that are shown

const list = (found) => (Array.isArray(found) ? found : []);
const object = (found) => (found !== null && typeof found === "object" ? found : {});
const whole = (found) => (Number.isInteger(found) && found >= 0 ? found : 0);

/** The class that a status word is coloured with. */
export function mood(word) {
  return MOODS.has(word) ? word : "unknown";
}

/**
 * The tree of a status answer, in one known shape. `keys` lead to the stack of each node, `id` is its own. Names come
 * from where a node stands, not from what it says: what a child answers cannot pass for something beside it.
 */
export function tree(status) {
  const reading = { left: NODES, ids: new Map() };
  const found = object(status);
  const top = node(found, plain(found.name, 300) || "?", [], 0, reading);
  return { ...top, full: reading.left <= 0 };
}

/** The second of a name has another id than the first. */
function unique(id, ids) {
  const before = ids.get(id) ?? 0;
  ids.set(id, before + 1);
  return before ? `${id} ${before + 1}` : id;
}

function node(found, name, keys, depth, reading) {
  reading.left -= 1;
  const type = found.type === "Stack" ? "Stack" : "Service";
  const shown = {
    type,
    keys,
    name,
    id: unique(`node ${name} ${type}`, reading.ids),
    short: short(found),
    status: plain(found.status, 40) || "unknown",
    mood: mood(found.status),
    message: plain(found.message, 1000),
    line: plain(found.line, 500),
    age: typeof found.age === "number" ? found.age : null,
    revision: Number.isInteger(found.revision) ? found.revision : null,
    since: plain(found.since, 40),
    image: plain(found.image, 300),
    desired: whole(found.desired),
    running: whole(found.running),
    traffic: traffic(found.traffic),
    networks: segmentation(found.segmentation),
    tasks: list(found.tasks).slice(0, TASKS).map(task),
    below: [],
  };
  if (depth >= DEPTH) return shown;
  for (const each of list(found.services)) {
    if (reading.left <= 0) break;
    const held = object(each);
    const inside = held.type === "Stack" ? [...keys, short(held)] : keys;
    shown.below.push(node(held, `${name}/${short(held)}`, inside, depth + 1, reading));
  }
  return shown;
}

const short = (found) => plain(found.shortName, 100) || plain(found.name, 100) || "?";

/** What was led to it in the last minute, in a sentence. */
function traffic(found) {
  const { requests, errors, milliseconds } = object(found);
  if (![requests, errors, milliseconds].every(Number.isFinite)) return "";
  return `${requests} requests/s, ${(errors * 100).toFixed(1)} % errors, ${milliseconds} ms`;
}

/** What the last look at the networks found, in a sentence. */
function segmentation(found) {
  const { time, pairs, networks, surprises, unheard, told } = object(found);
  if (![pairs, networks, surprises, unheard].every(Number.isInteger)) return "";
  const first = surprises ? list(told).slice(0, 3).map((one) => plain(one, 200)) : [];
  const missed = unheard ? `, ${unheard} gave no answer` : "";
  const number = `${surprises} ${surprises === 1 ? "surprise" : "surprises"}`;
  const sum = `${number} in ${pairs} pairs on ${networks} networks${missed}, ${plain(time, 40)}`;
  return [sum, ...first].join("; ");
}

function task(found) {
  const each = object(found);
  return { slot: plain(each.slot, 60), node: plain(each.node, 100), state: plain(each.state, 40) };
}

/** All nodes of a tree, the top first. */
export function* walk(top) {
  yield top;
  for (const each of top.below) yield* walk(each);
}

/** The machines that tasks run on: by name, each with its services and their tasks. */
export function machines(top) {
  const found = new Map();
  for (const each of walk(top)) {
    for (const part of each.tasks) {
      if (!part.node) continue;
      if (!found.has(part.node)) found.set(part.node, []);
      found.get(part.node).push({ ...part, service: each.name, mood: each.mood });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, tasks]) => ({ name, tasks }));
}

/** A topology answer in one known shape: stacks by path, networks in order. */
export function topology(found) {
  const answer = object(found);
  const stacks = new Map();
  for (const each of list(answer.stacks).slice(0, NODES)) {
    const held = object(each);
    stacks.set(plain(held.path, 300), {
      path: plain(held.path, 300),
      version: plain(held.version, 60),
      publishes: list(held.publishes).filter(Number.isInteger).slice(0, 50),
      interface: list(held.interface).slice(0, 500).map(route),
      parameters: list(held.parameters).slice(0, 500).map(object),
    });
  }
  return { stacks, networks: list(answer.networks).slice(0, NODES).map(network) };
}

function route(found) {
  const each = object(found);
  return {
    host: plain(each.host, 200),
    prefix: plain(each.prefix, 200),
    service: plain(each.service, 100),
    port: Number.isInteger(each.port) ? each.port : null,
    path: plain(each.path, 200),
    methods: list(each.methods).map((one) => plain(one, 20)),
  };
}

function network(found) {
  const each = object(found);
  return {
    name: plain(each.name, 100),
    stack: plain(each.stack, 300),
    kind: plain(each.kind, 20),
    subnets: list(each.subnets).map((one) => plain(one, 50)),
    internal: each.internal === true,
    members: list(each.members).slice(0, NODES).map((one) => plain(one, 300)),
  };
}

/** Where a route is reached, as one reads it: `host/prefix`. */
export function mounted(each) {
  return `${each.host}${each.prefix}` || "/";
}
