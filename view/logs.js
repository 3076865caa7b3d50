// The log of what is selected, live: lines as they come, a search in them, and an end to what is kept.

import { Problem } from "./client.js";
import { h, say, set } from "./dom.js";
import { plain } from "./text.js";

const KEPT = 2000; // lines
const TAIL = 200; // lines of each service at first
const AGAIN = [1000, 2000, 5000, 10000]; // milliseconds until the next try

/** A panel with the log of a stack and all below it, or of one service. */
export class Logs {
  #stop = null;
  #lines = [];
  #waiting = [];
  #known = new Set(); // what came already: after a broken connection some lines come again
  #drawn = false;
  #target = null;

  constructor(client) {
    this.client = client;
    this.search = h("input", { type: "search", id: "log-search", oninput: () => this.#filter() });
    this.stream = h("select", { id: "log-stream", onchange: () => this.#filter() }, ["both", "stdout", "stderr"].map((each) => h("option", {}, each)));
    this.pinned = h("input", { type: "checkbox", id: "log-pinned", checked: true, onchange: () => this.#pin() });
    this.state = h("span", { class: "quiet", role: "status" });
    this.found = h("span", { class: "quiet", role: "status" });
    this.list = h("div", { class: "lines", role: "log", "aria-live": "off", "aria-label": "Log lines", tabindex: "0", onscroll: () => this.#scrolled() });
    const bar = h(
      "div",
      { class: "bar" },
      h("label", { for: "log-search" }, "Search"), this.search,
      h("label", { for: "log-stream" }, "Stream"), this.stream,
      this.pinned, h("label", { for: "log-pinned" }, "Follow"),
      h("button", { type: "button", class: "plain", onclick: () => this.#clear() }, "Clear"),
      this.found, this.state,
    );
    this.element = h("div", { class: "log" }, bar, this.list);
  }

  /** Show the log of the stack at the end of `keys`, or of its service; the same again changes nothing. */
  open(keys, service) {
    const target = JSON.stringify([keys, service]);
    if (target === this.#target && this.#stop) return;
    this.close();
    this.#target = target;
    this.#clear();
    this.#stop = new AbortController();
    this.#read(keys, service, this.#stop.signal);
  }

  /** Read no further. */
  close() {
    this.#stop?.abort();
    this.#stop = null;
    this.#target = null;
  }

  async #read(keys, service, signal) {
    const query = { format: "json", follow: "true", tail: String(TAIL), ...(service ? { service } : {}) };
    for (let failures = 0; !signal.aborted; failures += 1) {
      say(this.state, failures ? "connecting again …" : "");
      try {
        for await (const found of this.client.lines(keys, "log", query, signal)) {
          failures = 0;
          say(this.state, "");
          this.#take(found);
        }
      } catch (error) {
        if (signal.aborted) return;
        say(this.state, error instanceof Problem ? error.message : "the stream broke off");
        if (error instanceof Problem && [401, 403, 404].includes(error.status)) return;
      }
      await pause(AGAIN[Math.min(failures, AGAIN.length - 1)], signal);
      const last = this.#lines.at(-1)?.time;
      if (last) query.since = last;
    }
  }

  /** Lines come faster than they can be drawn: those of one frame are drawn at once. */
  #take(found) {
    this.#waiting.push(...found.map(line));
    if (this.#waiting.length > KEPT) this.#waiting.splice(0, this.#waiting.length - KEPT);
    if (this.#drawn) return;
    this.#drawn = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawn = false;
    const wanted = this.#wanted();
    for (const each of this.#waiting.splice(0)) {
      if (this.#known.has(each.key)) continue;
      if (each.time) this.#known.add(each.key);
      this.#lines.push(each);
      this.list.append(this.#element(each, wanted));
    }
    const extra = Math.max(0, this.#lines.length - KEPT);
    for (const each of this.#lines.splice(0, extra)) {
      this.#known.delete(each.key);
      this.list.firstChild.remove();
    }
    this.#count();
    this.#pin();
  }

  #element(each, wanted) {
    const row = h("div", { class: `line ${each.stream}` });
    row.line = each;
    this.#fill(row, wanted);
    return row;
  }

  #fill(row, wanted) {
    const { time, source, text } = row.line;
    const fits = wanted(row.line);
    set(row, "hidden", !fits);
    if (row.shown === this.search.value) return;
    row.shown = this.search.value;
    const parts = [h("span", { class: "time" }, clock(time)), h("span", { class: "source" }, source), " "];
    row.replaceChildren();
    row.append(...parts, h("span", { class: "text" }, marked(text, this.search.value)));
  }

  #wanted() {
    const text = this.search.value.toLowerCase();
    const stream = this.stream.value;
    return (each) =>
      (stream === "both" || each.stream === stream || each.stream === "note") &&
      (!text || each.text.toLowerCase().includes(text) || each.source.toLowerCase().includes(text));
  }

  #filter() {
    const wanted = this.#wanted();
    for (const row of this.list.children) this.#fill(row, wanted);
    this.#count();
    this.#pin();
  }

  #count() {
    const shown = [...this.list.children].filter((each) => !each.hidden).length;
    const all = this.#lines.length;
    say(this.found, shown === all ? `${all} lines` : `${shown} of ${all} lines`);
  }

  #clear() {
    [this.#lines, this.#waiting] = [[], []];
    this.#known.clear();
    this.list.replaceChildren();
    this.#count();
  }

  #pin() {
    if (this.pinned.checked) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Whoever scrolls up wants to read; who comes back to the end wants to follow. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (clientHeight) this.pinned.checked = scrollHeight - scrollTop - clientHeight < 24;
  }
}

const COLOURS = /\x1b\[[0-9;]*m/g; // sequences that do nothing but colour say nothing either

function line(found) {
  const text = typeof found.text === "string" ? found.text.slice(0, 20000) : "";
  const shown = plain(text.replace(COLOURS, "").replaceAll("\t", "    "), 4000);
  const [source, time] = [plain(found.source, 120), plain(found.time, 40)];
  const stream = ["stderr", "note"].includes(found.stream) ? found.stream : "stdout"; // a note: lines are missing
  return { source, stream, time, text: shown, key: `${time} ${source} ${shown}` };
}

function clock(text) {
  const found = new Date(text);
  return Number.isNaN(found.getTime()) ? "" : found.toLocaleTimeString(undefined, { hour12: false });
}

/** A text whose parts that are searched for are marked. */
function marked(text, wanted) {
  if (!wanted) return [text];
  const parts = [];
  const low = text.toLowerCase();
  let at = 0;
  for (let found = low.indexOf(wanted.toLowerCase()); found >= 0 && parts.length < 200; ) {
    parts.push(text.slice(at, found), h("mark", {}, text.slice(found, found + wanted.length)));
    at = found + wanted.length;
    found = low.indexOf(wanted.toLowerCase(), at);
  }
  return [...parts, text.slice(at)];
}

function pause(milliseconds, signal) {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
