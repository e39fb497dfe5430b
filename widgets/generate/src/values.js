// The values of an axis as text: lists and ranges, as A1111 writes them.

/**
 * Return a value as it stands among others: one with a comma or quotes is quoted.
 * @param {string} value
 */
const written = (value) =>
  /[",\n]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;

/**
 * Return the values that a text separates by commas or lines; quotes keep a comma.
 * @param {string} text
 */
export function valuesIn(text) {
  /** @type {string[]} */
  const found = [];
  let value = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isQuoted && sign === '"' && text[at + 1] === '"') value += text[++at];
    else if (sign === '"' && (isQuoted || !value.trim())) {
      isQuoted = !isQuoted;
      if (isQuoted) value = "";
    } else if (!isQuoted && /[,\n]/.test(sign)) {
      found.push(value.trim());
      value = "";
    } else value += sign;
  }
  return [...found, value.trim()].filter(Boolean);
}

/**
 * Return values as a text that `valuesIn` reads.
 * @param {string[]} values
 */
export const textOf = (values) => values.map(written).join(", ");

/** @typedef {{ from: string, to: string, count: string }} Range */

const RANGE = /^\s*([+-]?[\d.]+)\s*-\s*([+-]?[\d.]+)\s*\[\s*(\d+)\s*\]\s*$/;

/**
 * Return the range that a text is, such as "3-7 [5]"; null if it is none.
 * @param {string} text
 * @returns {Range | null}
 */
export function rangeIn(text) {
  const [, from, to, count] = RANGE.exec(text) ?? [];
  return count === undefined ? null : { from, to, count };
}

/**
 * Return the text of a range; "" where a part of it is missing.
 * @param {Range} range
 */
export const textOfRange = ({ from, to, count }) =>
  from && to && count ? `${from}-${to} [${count}]` : "";

/** An example of values for each kind of setting. */
export const EXAMPLES = /** @type {Record<string, string>} */ ({
  number: "3, 5, 7   or   0-1 [5]",
  whole: "10, 20, 30   or   10-30 (+5)",
  tick: "on, off",
  choice: "one, another",
  replace: "red, green, blue",
  text: "one prompt on each line",
});
