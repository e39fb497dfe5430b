// Which entries are selected, as ranges of their indices: short to send, however many they are.

/** @import { Range } from "./types" */

/**
 * Say whether an entry is in one of the ranges.
 * @param {Range[]} ranges
 * @param {number} at
 */
export const holds = (ranges, at) => ranges.some(([first, end]) => at >= first && at < end);

/**
 * Return how many entries the ranges hold.
 * @param {Range[]} ranges
 */
export const sizeOf = (ranges) => ranges.reduce((sum, [first, end]) => sum + end - first, 0);

/**
 * Return ranges in order that hold the same entries, none of them empty and no two that touch.
 * @param {Range[]} ranges
 * @returns {Range[]}
 */
export function tidy(ranges) {
  /** @type {Range[]} */
  const tidied = [];
  for (const [first, end] of [...ranges].sort((one, other) => one[0] - other[0])) {
    if (first >= end) continue;
    const last = tidied.at(-1);
    if (last && first <= last[1]) last[1] = Math.max(last[1], end);
    else tidied.push([first, end]);
  }
  return tidied;
}

/**
 * Return the ranges with an entry added, or without it if it was in them.
 * @param {Range[]} ranges
 * @param {number} at
 * @returns {Range[]}
 */
export function toggled(ranges, at) {
  if (!holds(ranges, at)) return tidy([...ranges, [at, at + 1]]);
  return tidy(
    ranges.flatMap(([first, end]) =>
      at >= first && at < end
        ? /** @type {Range[]} */ ([
            [first, at],
            [at + 1, end],
          ])
        : /** @type {Range[]} */ ([[first, end]]),
    ),
  );
}

/**
 * Return the range from one entry to another, both included, whichever comes first.
 * @param {number} one
 * @param {number} other
 * @returns {Range}
 */
export const between = (one, other) => [Math.min(one, other), Math.max(one, other) + 1];
