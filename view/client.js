// Calls to one controller and to those below it. The token is kept here, in memory, and goes to this base only.

import { plain } from "./text.js";

const KEY = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const ROLES = ["viewer", "operator", "admin"];
const PATIENCE = 20000; // milliseconds for an answer that is no stream
const LINE = 1 << 20; // characters of a line that is still read

/** An answer that is no success: its HTTP status (0 for none at all), a sentence, and the problems it lists. */
export class Problem extends Error {
  constructor(status, detail, problems = []) {
    super(plain(detail, 1000) || `the answer was ${status}`);
    this.status = status;
    this.problems = Array.isArray(problems) ? problems.slice(0, 100) : [];
  }
}

/** One stack's REST interface under `base`, the address of its `_admin/`. */
export class Client {
  #token = "";

  constructor(base) {
    const found = new URL(base);
    if (!["http:", "https:"].includes(found.protocol)) throw new TypeError("not a web address");
    found.search = found.hash = found.username = found.password = "";
    if (!found.pathname.endsWith("/")) found.pathname += "/";
    this.base = found;
  }

  set token(text) {
    this.#token = typeof text === "string" ? text.trim() : "";
  }

  get hasToken() {
    return this.#token !== "";
  }

  /** What the token says of itself; it only decides what is offered, the controller decides what is done. */
  get claims() {
    try {
      const text = this.#token.split(".")[0].replaceAll("-", "+").replaceAll("_", "/");
      const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
      const found = JSON.parse(new TextDecoder().decode(bytes));
      return found !== null && typeof found === "object" ? found : {};
    } catch {
      return {};
    }
  }

  /** Whether the token has a role, or one above it. */
  may(role) {
    return ROLES.indexOf(this.claims.role) >= ROLES.indexOf(role);
  }

  /** The address of a call to the stack at the end of these keys. Raises for what is no key: it leads nowhere. */
  address(keys, name, query = {}) {
    if (!keys.every((each) => KEY.test(each))) throw new Problem(0, "this name leads to no stack");
    const found = new URL([...keys.flatMap((each) => ["children", each]), name].join("/"), this.base);
    for (const [key, value] of Object.entries(query)) found.searchParams.set(key, value);
    return found;
  }

  async #call(keys, name, { method = "GET", query, body, signal } = {}) {
    const headers = { Authorization: `Bearer ${this.#token}`, Accept: "application/json, application/x-ndjson, text/event-stream" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const options = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
    const fixed = { credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", cache: "no-store" };
    let answer;
    try {
      answer = await fetch(this.address(keys, name, query), { ...options, ...fixed });
    } catch (error) {
      if (error instanceof Problem || signal?.reason?.name === "AbortError") throw error;
      throw new Problem(0, "the controller does not answer");
    }
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  /** The JSON that a call answers. Raises Problem. */
  async json(keys, name, options = {}) {
    const signal = options.signal ?? AbortSignal.timeout(PATIENCE);
    const answer = await this.#call(keys, name, { ...options, signal });
    try {
      return await answer.json();
    } catch {
      throw new Problem(answer.status, "the answer is not JSON");
    }
  }

  /** The objects of an endless answer, a line each; empty lines are signs of life. Raises Problem. */
  async *lines(keys, name, query, signal) {
    const answer = await this.#call(keys, name, { query, signal });
    for await (const found of split(answer)) yield found.filter((each) => each.trim() !== "").map(parsed);
  }

  /** True for each batch of news of the stack itself, false for a sign of life. Raises Problem. */
  async *events(signal) {
    const answer = await this.#call([], "events", { signal });
    for await (const found of split(answer)) yield found.some((each) => each.startsWith("data:"));
  }
}

/** The lines of an endless answer, as many at once as come at once. */
async function* split(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (held + value).split("\n");
      held = parts.pop().slice(0, LINE);
      yield parts;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parsed(line) {
  try {
    const found = JSON.parse(line);
    return found !== null && typeof found === "object" ? found : { text: line };
  } catch {
    return { text: line };
  }
}

async function refusal(answer) {
  const found = await answer.json().catch(() => null);
  return new Problem(answer.status, found?.detail ?? `the answer was ${answer.status}`, found?.problems);
}
