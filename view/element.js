// <ailtire-stack src="https://shop.example/_admin/">: one stack and all below it, live, in any page.
//
// `src` is the address of the stack's `_admin/`, relative to the page. The token is typed in, or set by the page as
// the property `token`; it is kept in memory, goes to that address only, and cannot be read back.

import { Client } from "./client.js";
import { h, set } from "./dom.js";
import { Board } from "./board.js";

const sheet = new CSSStyleSheet();
const styled = fetch(new URL("./element.css", import.meta.url), { credentials: "omit" })
  .then((answer) => (answer.ok ? answer.text() : ""))
  .then((text) => sheet.replace(text))
  .catch(() => {});

class AiltireStack extends HTMLElement {
  static observedAttributes = ["src"];
  #client = null;
  #board = null;
  #place = h("div", { class: "whole", hidden: true });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#place);
    styled.then(() => set(this.#place, "hidden", false));
  }

  connectedCallback() {
    if (Object.hasOwn(this, "token")) {
      const early = this.token; // set before this element was known
      delete this.token;
      this.#start();
      this.token = early;
    } else if (!this.#board) this.#start();
  }

  disconnectedCallback() {
    this.#board?.stop();
    this.#board = null;
  }

  attributeChangedCallback(name, before, after) {
    if (this.isConnected && before !== after) this.#start();
  }

  /** Whoever looks; an empty text forgets them. */
  set token(text) {
    if (!this.#board) this.#start();
    this.#board.enter(text);
  }

  /** Never the token itself: only whether there is one. */
  get signedIn() {
    return this.#client?.hasToken ?? false;
  }

  /** With another address a token is forgotten: it was not meant for that one. */
  #start() {
    this.#board?.stop();
    try {
      this.#client = new Client(new URL(this.getAttribute("src") ?? ".", document.baseURI));
    } catch {
      this.#board = null;
      this.#place.replaceChildren(h("p", { class: "bad" }, "The attribute src is not the address of a stack."));
      return;
    }
    const changed = (detail) => this.dispatchEvent(new CustomEvent("statuschange", { detail }));
    this.#board = new Board(this.#client, changed);
    this.#place.replaceChildren(this.#board.element);
  }
}

customElements.define("ailtire-stack", AiltireStack);
