// A tree that is walked with the arrow keys, as the ARIA practices describe it: one stop for the tab key, open and
// close with right and left, and the first letters of a name lead to it.

import { h, say, set } from "./dom.js";

const PAUSE = 700; // milliseconds between letters that belong together

/** `items` are `{key, label, mood, note, open, below: […]}`; `chosen(key)` is called when one is selected. */
export class Tree {
  #rows = new Map(); // by key: {element, item}
  #open = new Map(); // by key, where somebody decided
  #items = [];
  #shown = [];
  #selected = "";
  #letters = { text: "", at: 0 };

  constructor(label, chosen) {
    this.chosen = chosen;
    this.element = h("ul", { role: "tree", "aria-label": label, class: "tree", onkeydown: (e) => this.#key(e) });
  }

  /** Show other items, or the same in another state. What was open stays open, and the focus where it was. */
  update(items) {
    this.#items = items;
    this.#draw();
  }

  /** Select a row without telling anybody, and open what is above it. */
  select(key) {
    this.#selected = key;
    for (const each of trail(this.#items, key)) this.#open.set(each.key, true);
    this.#draw();
  }

  #isOpen(item) {
    return item.below.length > 0 && (this.#open.get(item.key) ?? item.open ?? false);
  }

  #draw() {
    this.#shown = [...this.#visible(this.#items, 1, null)];
    const stop = this.#shown.find((each) => each.item.key === this.#selected) ?? this.#shown[0];
    const elements = this.#shown.map((each) => this.#row(each, each === stop));
    const gone = new Set(this.#rows.keys());
    for (const each of this.#shown) gone.delete(each.item.key);
    for (const key of gone) this.#rows.delete(key);
    const now = [...this.element.children];
    if (now.length === elements.length && now.every((each, index) => each === elements[index])) return;
    const held = this.element.getRootNode().activeElement;
    this.element.replaceChildren(...elements);
    if (elements.includes(held)) held.focus();
  }

  *#visible(items, level, above) {
    for (const [index, item] of items.entries()) {
      yield { item, level, above, place: index + 1, of: items.length };
      if (this.#isOpen(item)) yield* this.#visible(item.below, level + 1, item);
    }
  }

  #row({ item, level, place, of }, stop) {
    const row = this.#rows.get(item.key) ?? this.#made(item.key);
    row.item = item;
    const { element, glyph, label, note } = row;
    for (const [name, value] of Object.entries({ "aria-level": level, "aria-posinset": place, "aria-setsize": of }))
      set(element, name, value);
    set(element, "aria-expanded", item.below.length ? String(this.#isOpen(item)) : false);
    set(element, "aria-selected", String(item.key === this.#selected));
    set(element, "aria-label", [item.label, item.word, item.note].filter(Boolean).join(", "));
    set(element, "tabindex", stop ? "0" : "-1");
    set(element, "class", `row level-${Math.min(level, 9)} ${item.kind ?? ""}`);
    set(glyph, "class", `dot ${item.mood ?? "none"}`);
    say(label, item.label);
    say(note, item.note ?? "");
    return element;
  }

  #made(key) {
    const [glyph, label, note] = ["dot", "label", "note"].map((each) => h("span", { class: each }));
    const twist = h("span", { class: "twist", "aria-hidden": "true", onclick: (e) => this.#twist(e, key) });
    const element = h("li", { role: "treeitem", onclick: () => this.#choose(key) }, twist, glyph, label, note);
    const row = { element, glyph, label, note };
    this.#rows.set(key, row);
    return row;
  }

  #twist(event, key) {
    event.stopPropagation();
    const { item } = this.#rows.get(key);
    this.#open.set(key, !this.#isOpen(item));
    this.#draw();
  }

  #choose(key) {
    if (key !== this.#selected) {
      this.#selected = key;
      this.#draw();
      this.chosen(key);
    }
    this.#rows.get(key)?.element.focus();
  }

  #go(index) {
    const found = this.#shown[Math.max(0, Math.min(index, this.#shown.length - 1))];
    if (!found) return;
    for (const { element } of this.#rows.values()) set(element, "tabindex", "-1");
    const { element } = this.#rows.get(found.item.key);
    set(element, "tabindex", "0");
    element.focus();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.#shown.findIndex((each) => this.#rows.get(each.item.key).element === event.target);
    if (at < 0) return;
    const move = this.#moves(at)[event.key];
    if (move) move();
    else if (event.key.length === 1 && event.key !== " ") this.#letter(event.key, at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #moves(at) {
    const { item, above } = this.#shown[at];
    const choose = () => this.#choose(item.key);
    return {
      ArrowDown: () => this.#go(at + 1),
      ArrowUp: () => this.#go(at - 1),
      Home: () => this.#go(0),
      End: () => this.#go(this.#shown.length - 1),
      ArrowRight: () => (this.#isOpen(item) ? this.#go(at + 1) : this.#turn(item, true)),
      ArrowLeft: () => (this.#isOpen(item) ? this.#turn(item, false) : this.#leave(above)),
      Enter: choose,
      " ": choose,
    };
  }

  #turn(item, open) {
    if (!item.below.length) return;
    this.#open.set(item.key, open);
    this.#draw();
  }

  #leave(above) {
    if (above) this.#go(this.#shown.findIndex((each) => each.item === above));
  }

  #letter(letter, at) {
    const now = performance.now();
    const typed = (now - this.#letters.at < PAUSE ? this.#letters.text : "") + letter.toLowerCase();
    this.#letters = { text: typed, at: now };
    const text = [...typed].every((each) => each === typed[0]) ? typed[0] : typed; // one letter again: the next one
    const from = text.length > 1 ? at : at + 1;
    const order = this.#shown.map((_, index) => (from + index) % this.#shown.length);
    const found = order.find((index) => this.#shown[index].item.label.toLowerCase().startsWith(text));
    if (found !== undefined) this.#go(found);
  }
}

/** The items above a key, the outermost first. */
function trail(items, key) {
  for (const each of items) {
    if (each.key === key) return [];
    const below = trail(each.below, key);
    if (below.length || each.below.some((one) => one.key === key)) return [each, ...below];
  }
  return [];
}
