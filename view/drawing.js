// The drawing of a stack: boxes in boxes, made of SVG elements, walked with the arrow keys like a list.

import { h, pill, refill, set, svg } from "./dom.js";
import { layout } from "./layout.js";

const LEGEND = ["running", "starting", "updating", "waiting", "shutdown", "warning", "failed", "error", "unreachable"];
const NARROWEST = 260;
const ROUND = { stack: 10, service: 6, family: 8, sibling: 8, edge: 8 };

/** A panel that draws; `chosen(id)` is called for a stack or service. */
export class Drawing {
  #held = null;
  #width = 0;

  constructor(chosen) {
    this.chosen = chosen;
    this.place = h("div", { class: "drawing" });
    const legend = h("p", { class: "quiet" }, "Solid boxes are stacks, dashed ones networks; the bar on top of a stack is its gateway.");
    const colours = h("ul", { class: "legend", "aria-label": "Colours" }, LEGEND.map((each) => h("li", {}, pill(each, each))));
    this.element = h("div", {}, this.place, legend, colours);
    new ResizeObserver(() => this.#resized()).observe(this.place);
  }

  /** Show a stack, with one of its parts marked. */
  update(top, topology, selected) {
    this.#held = { top, topology, selected };
    this.#draw();
  }

  #resized() {
    const width = Math.floor(this.place.clientWidth);
    if (Math.abs(width - this.#width) < 8) return;
    this.#width = width;
    this.#draw();
  }

  #draw() {
    if (!this.#held || !this.#width) return;
    const { top, topology, selected } = this.#held;
    const room = Math.max(NARROWEST, this.#width - 4);
    const found = layout(top, topology, Math.min(room, 1100));
    refill(this.place, { found, selected }, () => this.#picture(found, top, selected));
  }

  #picture({ w, h: height, boxes, lines }, top, selected) {
    const size = { width: w + 2, height: height + 2, viewBox: `-1 -1 ${w + 2} ${height + 2}` };
    const name = `Drawing of ${top.name}: stacks, networks and services as nested boxes`;
    const parts = boxes.map((each) => box(each, selected, this.chosen));
    const stops = parts.filter((each) => each.hasAttribute("tabindex"));
    const first = stops.find((each) => each.classList.contains("selected")) ?? stops[0];
    if (first) set(first, "tabindex", "0");
    const ways = lines.map((each) => svg("polyline", { class: "way", points: each.map(String).join(" ") }));
    const frames = parts.filter((each) => !each.classList.contains("service"));
    const chips = parts.filter((each) => each.classList.contains("service"));
    const role = { role: "group", "aria-label": name, onkeydown: (event) => walk(event, stops) };
    return svg("svg", { ...size, ...role }, frames, ways, chips);
  }
}

function box(each, selected, chosen) {
  const { x, y, w, h: height, kind } = each;
  const radius = ROUND[kind] ?? 8;
  const frame = svg("rect", { x, y, width: w, height, rx: radius, class: `frame ${kind} ${each.mood}` });
  const title = svg("title", {}, [each.name, each.word, each.note].filter(Boolean).join(", "));
  const parts = kind === "service" ? chip(each) : heading(each);
  if (kind !== "stack" && kind !== "service") return svg("g", { class: kind }, title, frame, parts);
  const on = each.id === selected;
  const label = [each.label, each.word, each.note].filter(Boolean).join(", ");
  const names = { role: "button", tabindex: "-1", "aria-label": label, "aria-pressed": String(on) };
  const act = () => chosen(each.id);
  const keys = { onclick: act, onkeydown: (event) => press(event, act), "data-key": each.id };
  return svg("g", { ...names, ...keys, class: `${kind}${on ? " selected" : ""}` }, title, frame, parts);
}

function heading({ x, y, w, label, beside, kind, word, mood }) {
  const name = svg("text", { x: x + 10, y: y + 17, class: `title ${kind}` }, label);
  const rest = [beside, word].filter(Boolean).join(" · ");
  if (rest) name.append(svg("tspan", { dx: 8, class: "note" }, rest));
  if (kind !== "stack") return [name];
  return [svg("path", { d: band(x, y, w), class: `band ${mood}` }), name];
}

/** The title of a stack stands on its colour: a strip with the upper corners of the box. */
function band(x, y, w) {
  const r = ROUND.stack;
  return `M${x} ${y + 24}V${y + r}A${r} ${r} 0 0 1 ${x + r} ${y}H${x + w - r}A${r} ${r} 0 0 1 ${x + w} ${y + r}V${y + 24}Z`;
}

function chip({ x, y, h: height, label, note }) {
  const name = svg("text", { x: x + 10, y: y + 19, class: "title" }, label);
  if (height > 40) return [name, svg("text", { x: x + 10, y: y + 36, class: "note" }, note)];
  name.append(svg("tspan", { dx: 8, class: "note" }, note));
  return [name];
}

function press(event, act) {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

function walk(event, stops) {
  const at = stops.indexOf(event.target);
  const [last, on] = [stops.length - 1, ["ArrowRight", "ArrowDown"].includes(event.key)];
  const back = ["ArrowLeft", "ArrowUp"].includes(event.key);
  const to = on ? Math.min(last, at + 1) : back ? Math.max(0, at - 1) : { Home: 0, End: last }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  for (const each of stops) set(each, "tabindex", "-1");
  set(stops[to], "tabindex", "0");
  stops[to].focus();
}
