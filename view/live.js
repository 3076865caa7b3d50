// How things are, again and again: a look at once, one whenever the controller says that something happened, and one
// every few seconds in case it cannot say so. Nobody is asked while the page is hidden.

const EVERY = 2000; // milliseconds between looks without events
const SELDOM = 10000; // with them
const BREATH = 300; // between two looks, however many events come
const REST = 30000; // until events are asked for again

/** Calls `look()` in time; `look` returns a promise that never fails. */
export class Live {
  #timer = null;
  #events = null;
  #last = 0;
  #heard = false;
  #busy = false;
  #news = false;
  #running = false;

  constructor(client, look) {
    this.client = client;
    this.look = look;
    this.visible = () => (document.hidden ? this.#pause() : this.#resume());
  }

  start() {
    document.addEventListener("visibilitychange", this.visible);
    this.#running = true;
    this.visible();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.visible);
    this.#running = false;
    this.#pause();
  }

  /** Look as soon as it is decent. */
  soon() {
    this.#news = this.#busy;
    if (!this.#busy) this.#plan(Math.max(0, this.#last + BREATH - performance.now()));
  }

  #resume() {
    this.#plan(0);
    this.#listen();
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#events?.abort();
    this.#events = null;
  }

  #plan(delay) {
    clearTimeout(this.#timer);
    if (this.#running && !document.hidden) this.#timer = setTimeout(() => this.#turn(), delay);
  }

  async #turn() {
    if (this.#busy) return;
    this.#busy = true;
    this.#last = performance.now();
    await this.look();
    this.#busy = false;
    this.#plan(this.#news ? BREATH : this.#heard ? SELDOM : EVERY);
    this.#news = false;
  }

  async #listen() {
    const events = new AbortController();
    this.#events = events;
    while (this.#running && !events.signal.aborted) {
      try {
        for await (const found of this.client.events(events.signal)) {
          this.#heard = true;
          if (found) this.soon();
        }
      } catch {
        // without events the looks come more often
      }
      this.#heard = false;
      await new Promise((done) => setTimeout(done, REST));
    }
  }
}
