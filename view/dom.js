// Elements made one by one. No text is ever read as markup: there is no other way to make a node in this folder.

import { plain } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const NAMES = /^(?!on|style|srcdoc|href|src|action|formaction)[a-z][a-z0-9-]*$/i;

/** An HTML element. A function as the value of `onNAME` listens; other values are attributes, false is none. */
export function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  add(element, children);
  return element;
}

/** Set one attribute, listener (`onclick`) or property that is no attribute (`value`, `checked`). */
export function set(element, name, value) {
  if (typeof value === "function" && name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked") element[name] = value;
  else if (!NAMES.test(name)) throw new TypeError(`no attribute ${name} is ever set`);
  else if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Append nodes, and anything else as text; lists are taken apart, nothing is left out. */
export function add(element, children) {
  for (const each of children.flat(Infinity)) {
    if (each === null || each === undefined || each === false || each === "") continue;
    element.append(each instanceof Node ? each : document.createTextNode(plain(each, 20000)));
  }
}

/** Change what an element says, and only if it says something else: readers are not told twice. */
export function say(element, text) {
  const shown = plain(text, 2000);
  if (element.textContent !== shown) element.textContent = shown;
}

/**
 * Fill a place anew when `state` is not what it was at the last time; the focus stays on the part that bears the
 * same `data-key`.
 */
export function refill(place, state, build) {
  const seen = JSON.stringify(state);
  if (place.seen === seen) return;
  place.seen = seen;
  const held = place.getRootNode().activeElement;
  const key = held && place.contains(held) ? held.dataset?.key : undefined;
  place.replaceChildren();
  add(place, [build()]);
  if (key === undefined) return;
  for (const each of place.querySelectorAll("[data-key]")) if (each.dataset.key === key) each.focus();
}

/** A status word as a coloured mark; the word is always there, the colour never alone. */
export function pill(word, mood) {
  return h("span", { class: `pill ${mood}` }, h("span", { class: "glyph", "aria-hidden": "true" }), word);
}
