// Tabs, one stop for the tab key: the arrow keys move among them, and what is shown is what has the focus.

import { h, set } from "./dom.js";

/** `pages` are `{key, label, panel}`; each panel is shown and hidden here, `shown(key)` says which one it is. */
export class Tabs {
  #pages;
  #key = "";

  constructor(label, pages, shown) {
    this.#pages = pages.map((each) => ({ ...each, tab: this.#tab(each) }));
    this.shown = shown;
    this.list = h("div", { role: "tablist", "aria-label": label, class: "tabs", onkeydown: (e) => this.#keys(e) });
    this.list.append(...this.#pages.map((each) => each.tab));
    this.panels = this.#pages.map((each) => this.#panel(each));
    this.choose(this.#pages[0].key);
  }

  get key() {
    return this.#key;
  }

  /** Show a page. */
  choose(key) {
    this.#key = key;
    for (const each of this.#pages) {
      const on = each.key === key;
      set(each.tab, "aria-selected", String(on));
      set(each.tab, "tabindex", on ? "0" : "-1");
      set(each.panel, "hidden", !on);
    }
    this.shown(key);
  }

  /** Offer a page, or do not. */
  offer(key, offered) {
    const page = this.#pages.find((each) => each.key === key);
    set(page.tab, "hidden", !offered);
    if (!offered && this.#key === key) this.choose(this.#pages[0].key);
  }

  #tab({ key, label }) {
    const names = { role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, type: "button" };
    return h("button", { ...names, onclick: () => this.choose(key) }, label);
  }

  #panel({ key, panel }) {
    const names = { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}`, tabindex: "0" };
    for (const [name, value] of Object.entries(names)) set(panel, name, value);
    return panel;
  }

  #keys(event) {
    const offered = this.#pages.filter((each) => !each.tab.hidden);
    const at = offered.findIndex((each) => each.key === this.#key);
    const last = offered.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last };
    if (!(event.key in to)) return;
    event.preventDefault();
    const page = offered[to[event.key]];
    this.choose(page.key);
    page.tab.focus();
  }
}
