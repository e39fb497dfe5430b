// The weight of words and LoRA tags, changed by a step.
const STEP = 0.1; // for words; A1111's own
const TAG_STEP = 0.05; // for LoRA tags; A1111's too
// What ends a word for weighing: A1111's setting keyedit_delimiters, and white space.
const ENDS = ".,\\/!?%^*;:{}=`~()[]<>| \t\r\n";

const rounded = (weight) => parseFloat(weight.toFixed(4));
const shown = (weight) => (Number.isInteger(weight) ? weight.toFixed(1) : String(weight));

/** The text with the selection, or what is at the caret, weighed; null where there is nothing. */
export function weighed(text, start, end, isUp) {
  const tag = tagAround(text, start, end);
  if (tag) return weighedTag(text, tag, isUp);
  if (start === end) [start, end] = bracketsAround(text, start) || wordAround(text, start);
  while (end > start && /\s/.test(text[end - 1])) end--;
  while (end > start && /\s/.test(text[start])) start++;
  if (start === end) return null;
  let [from, to, weight] = [start, end, 1];
  const written = text[start - 1] === "(" && /^:\s*(-?[\d.]+)\s*\)/.exec(text.slice(end));
  if (written && Number.isFinite(parseFloat(written[1]))) {
    [from, to, weight] = [start - 1, end + written[0].length, parseFloat(written[1])];
  } else {
    // ((so)) and [so] are weights in the old way, 1.1 a bracket.
    const open = text[start - 1];
    const closes = { "(": ")", "[": "]" }[open];
    while (closes && text[from - 1] === open && text[to] === closes) {
      [from, to, weight] = [from - 1, to + 1, open === "(" ? weight * 1.1 : weight / 1.1];
    }
    weight = Math.round(weight / STEP) * STEP;
  }
  weight = rounded(weight + (isUp ? STEP : -STEP));
  const inner = text.slice(start, end);
  const isPlain = weight === 1;
  const piece = isPlain ? inner : `(${inner}:${shown(weight)})`;
  const begin = isPlain ? from : from + 1;
  return { from, to, piece, start: begin, end: begin + inner.length };
}

function tagAround(text, start, end) {
  const open = text.lastIndexOf("<", start - (text[start] === "<" ? 0 : 1));
  if (open < 0) return null;
  const close = text.indexOf(">", open);
  if (close < 0 || close < start || close + 1 < end) return null;
  const parts = text.slice(open + 1, close).split(":");
  return /^(lora|lyco|hypernet)$/i.test(parts[0]) && parts[1] ? { open, close, parts } : null;
}

/** Both numbers of a tag, the text encoder's and the UNet's; a tag without has 1. */
function weighedTag(text, { open, close, parts }, isUp) {
  const number = /^\s*-?(\d+\.?\d*|\.\d+)\s*$/;
  if (!number.test(parts[2] ?? "")) parts.splice(2, 0, "1");
  for (let at = 2; at < 4 && number.test(parts[at] ?? ""); at++) {
    parts[at] = shown(rounded(parseFloat(parts[at]) + (isUp ? TAG_STEP : -TAG_STEP)));
  }
  const piece = `<${parts.join(":")}>`;
  const caret = open + piece.length - 1;
  return { from: open, to: close + 1, piece, start: caret, end: caret };
}

/** The inside of the brackets around the caret, without its weight; null where there are none. */
function bracketsAround(text, caret) {
  for (const [open, close] of ["()", "[]"]) {
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
