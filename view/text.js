// Foreign text made harmless to read: nothing in it may steer the eye, as nothing in it can become markup.

const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b" };

/** One line of at most `limit` characters, in which control characters and direction marks are written out. */
export function plain(value, limit = 500) {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return cut.replace(HARMFUL, written);
}

function written(character) {
  const code = character.codePointAt(0);
  const digits = code.toString(16);
  return NAMED[character] ?? (code < 256 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`);
}

/** Any JSON value on one line: what a field was or will be. */
export function value(found, limit = 2000) {
  if (found === null || found === undefined) return "(none)";
  return plain(typeof found === "string" ? found : JSON.stringify(found), limit);
}

/** How long ago, coarse enough not to change all the time; `seconds` is an age. */
export function ago(seconds) {
  if (typeof seconds !== "number" || !(seconds >= 0) || seconds > 1e9) return "";
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

/** A moment as the reader's own clock writes it; text that is no moment stays as it is. */
export function moment(text) {
  const found = new Date(plain(text, 40));
  return Number.isNaN(found.getTime()) ? plain(text, 40) : found.toLocaleString();
}

/** `1 task`, `2 tasks`. */
export function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
