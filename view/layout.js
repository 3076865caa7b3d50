// Where everything of the drawing stands: numbers only, made from the tree and the topology.
//
// A stack is a box with its gateway as a bar on top, since everything that comes in comes through it. Below the bar
// stand its networks: its own with its services, and for each child the family network, in which the child stands.

import { mounted } from "./model.js";

const GAP = 16;
const HEAD = 26; // the height of a box's title
const CHIP = { w: 148, h: 46 };
const SLIM = 28; // the height of a chip with one line of text
const NARROW = 560; // below this width boxes stand closer
const LETTER = 6.8; // the width of a character, about
const BOLD = 8.2;
const OURS = new Set(["gateway", "admin", "edge", "sweep"]);

/** `{w, h, boxes, lines}`: boxes from the outside in, lines as lists of points; `room` is the width to keep to. */
export function layout(top, topology, room) {
  const plan = new Plan(topology, room < NARROW ? 6 : 12);
  const whole = plan.outside(top, room);
  const found = { w: whole.w, h: whole.h, boxes: [], lines: [] };
  place(whole, 0, 0, found);
  return found;
}

function place(part, x, y, found) {
  if (part.box) found.boxes.push({ ...part.box, x, y, w: part.w, h: part.h });
  for (const { dx, dy, part: inner } of part.parts ?? []) place(inner, x + dx, y + dy, found);
  for (const line of part.lines ?? []) found.lines.push(line.map(([a, b]) => [x + a, y + b]));
}

class Plan {
  constructor(topology, pad) {
    this.networks = topology.networks;
    this.stacks = topology.stacks;
    this.pad = pad;
    this.margin = pad + 2; // on the left of a stack's networks, where lines run down
  }

  /** What the world meets first: the edge on its own network, if there is one, and below it the family network. */
  outside(top, room) {
    const edge = top.below.find((each) => each.short === "edge" && each.type === "Service");
    const family = this.family(top, room);
    if (!edge) return family;
    const ports = (this.stacks.get(top.name)?.publishes ?? []).map((each) => `:${each}`).join(" ");
    const found = this.networks.find((each) => each.stack === top.name && each.kind === "edge");
    const gate = this.frame(network(found, "edge network", "edge"), this.chip(edge, ports));
    const below = gate.h + GAP + 6;
    return {
      w: Math.max(gate.w, family.w),
      h: below + family.h,
      parts: [at(0, 0, gate), at(0, below, family)],
      lines: [[[gate.w / 2, gate.h], [gate.w / 2, below]]],
    };
  }

  family(node, room) {
    const own = node.below.filter((each) => each.type === "Service" && ["admin", "sweep"].includes(each.short));
    const chips = flow(own.map((each) => this.slim(each)), room - 2 * this.pad, GAP / 2);
    const inner = this.stack(node, room - 2 * this.pad);
    const found = this.networks.find((each) => each.stack === node.name && each.kind === "family");
    return this.frame(network(found, "family network", "family"), column([chips, inner]));
  }

  stack(node, room) {
    const [pad, margin] = [this.pad, this.margin];
    const width = room - 2 * pad - margin;
    const gateway = node.below.find((each) => each.short === "gateway" && each.type === "Service");
    const items = [...this.own(node, width), ...this.children(node, width)];
    const rows = flow(items, width);
    const w = Math.max(rows.w + margin, CHIP.w);
    const bar = gateway && { ...this.chip(gateway, this.offered(node)), w };
    const dy = bar ? bar.h + GAP : 0;
    const parts = [...(bar ? [at(0, 0, bar)] : []), at(margin, dy, rows)];
    const lines = bar ? rows.parts.map((each) => lane(each, bar.h, dy, margin)) : [];
    const version = this.stacks.get(node.name)?.version;
    const title = { kind: "stack", id: node.id, name: node.name, label: node.short, note: version, mood: node.mood };
    const framed = this.frame({ ...title, word: node.status }, { w, h: dy + rows.h, parts, lines });
    const up = framed.w - pad - 20;
    return bar ? { ...framed, lines: [[[up, 0], [up, HEAD + pad / 2]]] } : framed;
  }

  /** The stack's own networks with the services on them; those on none that is known come last. */
  own(node, room) {
    const left = new Set(node.below.filter((each) => each.type === "Service" && !OURS.has(each.short)));
    const found = this.networks.filter((each) => each.stack === node.name && each.kind === "sibling");
    const boxes = found.map((each) => {
      const members = [...left].filter((one) => each.members.includes(one.name));
      for (const one of members) left.delete(one);
      return this.frame(network(each, "sibling network", "sibling"), this.chips(members, room));
    });
    if (!left.size) return boxes;
    return [...boxes, this.frame(network(undefined, "no network known", "sibling"), this.chips([...left], room))];
  }

  chips(services, room) {
    const fit = Math.max(1, Math.floor((room - 2 * this.pad + GAP / 2) / (CHIP.w + GAP / 2)));
    const columns = Math.min(fit, Math.max(1, Math.ceil(Math.sqrt(services.length))));
    const width = columns * (CHIP.w + GAP / 2);
    return flow(services.map((each) => this.chip(each, this.routed(each))), width, GAP / 2);
  }

  children(node, room) {
    return node.below.filter((each) => each.type === "Stack").map((each) => this.family(each, room));
  }

  chip(node, note) {
    const text = [`${node.running}/${node.desired}`, note, this.leaves(node) ? "way out" : ""];
    const box = { kind: "service", id: node.id, name: node.name, label: fitted(node.short, CHIP.w, BOLD), mood: node.mood };
    return { ...CHIP, box: { ...box, word: node.status, note: fitted(text.filter(Boolean).join(" · "), CHIP.w) } };
  }

  /** The controller stands beside what it controls. */
  slim(node) {
    const { box } = this.chip(node, "");
    return { w: CHIP.w, h: SLIM, box: { ...box, note: node.short === "admin" ? "controller" : "" } };
  }

  routed(node) {
    const stack = this.stacks.get(node.name.slice(0, node.name.lastIndexOf("/")));
    return (stack?.interface ?? []).filter((each) => each.service === node.short).map(mounted).join(" ");
  }

  offered(node) {
    const routes = this.stacks.get(node.name)?.interface.length;
    return routes ? `${routes} route${routes === 1 ? "" : "s"}` : "";
  }

  /** A box with a title around something; where a title has no room for its note, only the tooltip tells it. */
  frame(box, content) {
    const pad = this.pad;
    const inner = Math.max(content.w, CHIP.w);
    const fits = LETTER * `${box.label} ${box.note ?? ""} ${box.word ?? ""}`.length < inner - 24;
    const [w, h] = [inner + 2 * pad, content.h + HEAD + pad + (content.h ? pad / 2 : 0)];
    const titled = { ...box, label: fitted(box.label, inner, BOLD), beside: fits ? box.note : "" };
    return { w, h, box: titled, parts: [at(pad, HEAD + pad / 2, content)] };
  }

  leaves(node) {
    return this.networks.some((each) => each.kind === "egress" && each.members.includes(node.name));
  }
}

const at = (dx, dy, part) => ({ dx, dy, part });

function fitted(text, width, letter = LETTER) {
  const most = Math.floor((width - 16) / letter);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function network(found, label, kind) {
  return { kind, label, name: found?.name ?? "", note: found?.subnets.join(" ") ?? "", mood: "none" };
}


function column(items) {
  let y = 0;
  const parts = [];
  for (const each of items.filter((one) => one.h > 0)) {
    parts.push(at(0, y, each));
    y += each.h + GAP / 2;
  }
  return { w: Math.max(0, ...items.map((each) => each.w)), h: Math.max(0, y - GAP / 2), parts };
}

/** Side by side as long as there is room, then in the next row. */
function flow(items, room, gap = GAP) {
  let [x, y, row, w] = [0, 0, 0, 0];
  const parts = [];
  for (const each of items) {
    if (x > 0 && x + each.w > room) [x, y, row] = [0, y + row + gap, 0];
    parts.push(at(x, y, each));
    w = Math.max(w, x + each.w);
    row = Math.max(row, each.h);
    x += each.w + gap;
  }
  return { w, h: y + row, parts };
}

/** From the gateway's bar to a network: straight down into the first row, by the margin into others. */
function lane({ dx, dy, part }, bar, top, margin) {
  const x = margin + dx + Math.min(30, part.w / 2);
  const y = top + dy;
  if (dy === 0) return [[x, bar], [x, y]];
  return [[margin / 2, bar], [margin / 2, y - GAP / 2], [x, y - GAP / 2], [x, y]];
}
