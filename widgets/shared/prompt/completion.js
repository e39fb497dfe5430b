// What is offered for what is typed.

/** @import { Typed, Word } from "./types" */

const LONGEST_NAME = 300; // characters before the caret that are looked at
const MOST_SHOWN = 50; // a longer list is found by typing on

/**
 * Return what is being typed at the caret, null where it begins no word.
 * @param {string} text
 * @param {number} caret
 * @returns {Typed | null}
 */
export function typedAt(text, caret) {
  // No name is longer; a search for an end in a whole text grows with its square.
  const from = Math.max(0, caret - LONGEST_NAME);
  const before = text.slice(from, caret);
  const tag = /<(?:(?:lora|lyco):)?([^<>:\n]*)$/i.exec(before);
  if (tag) return { start: from + tag.index, typed: tag[1], kinds: ["lora"] };
  const wildcard = /(^|[^_])__(?!_)((?:(?!__)[\w\-./ ])*)$/.exec(before);
  if (wildcard && opensWildcard(text.slice(0, caret))) {
    const start = from + wildcard.index + wildcard[1].length;
    return { start, typed: wildcard[2], kinds: ["wildcard"] };
  }
  const word = /[^\s,.:;|()[\]{}<>]{2,}$/.exec(before);
  if (!word || !/^[\p{L}\p{N}]/u.test(word[0])) return null;
  return { start: from + word.index, typed: word[0], kinds: ["embedding", "style", "word"] };
}

/**
 * Say whether the last `__` begins a wildcard, and does not end one.
 * @param {string} before
 */
function opensWildcard(before) {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return (line.match(/__/g) ?? []).length % 2 === 1;
}

/**
 * Return the words to offer: those that begin with what is typed, then those that contain it.
 * @param {Word[]} words
 * @param {Typed} what
 */
export function offered(words, { typed, kinds }) {
  const wanted = typed.toLowerCase();
  /** @type {Word[]} */
  const begin = [];
  /** @type {Word[]} */
  const contain = [];
  for (const word of words) {
    if (!kinds.includes(word.kind)) continue;
    const label = word.label.toLowerCase();
    if (label.startsWith(wanted)) begin.push(word);
    else if (label.includes(wanted)) contain.push(word);
  }
  const found = [...begin, ...contain].slice(0, MOST_SHOWN);
  // What is written out in full needs no list over it.
  return found.length === 1 && found[0].insert === typed ? [] : found;
}
