// The weight of words and LoRA tags, changed by a step.

/** @import { Change } from "./types" */
/** @typedef {[start: number, end: number]} Range */

const STEP = 0.1; // for words; A1111's own
const TAG_STEP = 0.05; // for LoRA tags; A1111's too
const BRACKET = 1.1; // what a bracket without a number weighs
// What ends a word for weighing: A1111's setting keyedit_delimiters, and white space.
const ENDS = ".,\\/!?%^*;:{}=`~()[]<>| \t\r\n";
/** @type {Record<string, string>} */
const CLOSES = { "(": ")", "[": "]" };

/** @param {number} weight */
const rounded = (weight) => parseFloat(weight.toFixed(4));

/** @param {number} weight */
const shown = (weight) => (Number.isInteger(weight) ? weight.toFixed(1) : String(weight));

/**
 * Return the change that weighs the selection, or what is at the caret, a step more or less; null
 * where there is nothing to weigh.
 * @param {string} text
 * @param {number} start of the selection
 * @param {number} end of the selection
 * @param {boolean} isUp
 * @returns {Change | null}
 */
export function weighed(text, start, end, isUp) {
  const tag = tagAround(text, start, end);
  if (tag) return weighedTag(tag, isUp);
  const inside = start === end ? (bracketsAround(text, start) ?? wordAround(text, start)) : null;
  const [first, last] = trimmed(text, inside ?? [start, end]);
  if (first === last) return null;
  const { from, to, weight } = weightOf(text, first, last);
  const next = rounded(weight + (isUp ? STEP : -STEP));
  const inner = text.slice(first, last);
  const isPlain = next === 1;
  const piece = isPlain ? inner : `(${inner}:${shown(next)})`;
  const begin = isPlain ? from : from + 1;
  return { from, to, piece, start: begin, end: begin + inner.length };
}

/**
 * Return a range without the white space at its ends.
 * @param {string} text
 * @param {Range} range
 * @returns {Range}
 */
function trimmed(text, [start, end]) {
  let [first, last] = [start, end];
  while (last > first && /\s/.test(text[last - 1])) last--;
  while (last > first && /\s/.test(text[first])) first++;
  return [first, last];
}

/**
 * Return what a range weighs, and from where to where its brackets go.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 */
function weightOf(text, start, end) {
  const written = text[start - 1] === "(" && /^:\s*(-?[\d.]+)\s*\)/.exec(text.slice(end));
  if (written && Number.isFinite(parseFloat(written[1]))) {
    return { from: start - 1, to: end + written[0].length, weight: parseFloat(written[1]) };
  }
  // ((so)) and [so] are weights in the old way.
  let [from, to, weight] = [start, end, 1];
  const open = text[start - 1];
  const close = CLOSES[open];
  while (close && text[from - 1] === open && text[to] === close) {
    [from, to] = [from - 1, to + 1];
    weight = open === "(" ? weight * BRACKET : weight / BRACKET;
  }
  return { from, to, weight: Math.round(weight / STEP) * STEP };
}

/** @typedef {{ open: number, close: number, parts: string[] }} Tag where it begins and ends */

/**
 * Return the LoRA tag that holds the selection, null where there is none.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {Tag | null}
 */
function tagAround(text, start, end) {
  const open = text.lastIndexOf("<", start - (text[start] === "<" ? 0 : 1));
  if (open < 0) return null;
  const close = text.indexOf(">", open);
  if (close < 0 || close < start || close + 1 < end) return null;
  const parts = text.slice(open + 1, close).split(":");
  return /^(lora|lyco|hypernet)$/i.test(parts[0]) && parts[1] ? { open, close, parts } : null;
}

/**
 * Return the change of both numbers of a tag, the text encoder's and the UNet's; a tag without a
 * number has 1.
 * @param {Tag} tag
 * @param {boolean} isUp
 * @returns {Change}
 */
function weighedTag({ open, close, parts }, isUp) {
  const number = /^\s*-?(\d+\.?\d*|\.\d+)\s*$/;
  if (!number.test(parts[2] ?? "")) parts.splice(2, 0, "1");
  for (let at = 2; at < 4 && number.test(parts[at] ?? ""); at++) {
    parts[at] = shown(rounded(parseFloat(parts[at]) + (isUp ? TAG_STEP : -TAG_STEP)));
  }
  const piece = `<${parts.join(":")}>`;
  const caret = open + piece.length - 1;
  return { from: open, to: close + 1, piece, start: caret, end: caret };
}

/**
 * Return the inside of the brackets around the caret, without its weight; null where there are none.
 * @param {string} text
 * @param {number} caret
 * @returns {Range | null}
 */
function bracketsAround(text, caret) {
  for (const [open, close] of Object.entries(CLOSES)) {
    const start = text.lastIndexOf(open, caret - 1);
    const end = text.indexOf(close, caret);
    if (caret === 0 || start < 0 || end < 0) continue;
    if (text.slice(start + 1, caret).includes(close)) continue;
    if (text.slice(caret, end).includes(open)) continue;
    const weight = /:\s*-?[\d.]+\s*$/.exec(text.slice(start + 1, end));
    return [start + 1, weight ? start + 1 + weight.index : end];
  }
  return null;
}

/**
 * Return the word, or the whole wildcard, at the caret; an empty range where there is none.
 * @param {string} text
 * @param {number} caret
 * @returns {Range}
 */
function wordAround(text, caret) {
  for (const wildcard of text.matchAll(/__[\w\-./ ]+?__/g)) {
    const end = wildcard.index + wildcard[0].length;
    if (wildcard.index <= caret && caret <= end) return [wildcard.index, end];
  }
  let [start, end] = [caret, caret];
  while (start > 0 && !ENDS.includes(text[start - 1])) start--;
  while (end < text.length && !ENDS.includes(text[end])) end++;
  return [start, end];
}
