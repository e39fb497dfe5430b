// Where a key goes in a row or column of tabs.

/** @type {Record<string, (at: number, count: number) => number>} */
const STEPS = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at + count - 1) % count,
  ArrowUp: (at, count) => (at + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/**
 * Return the tab that a key goes to; undefined for a key that means nothing here.
 * @param {string} key
 * @param {number} at the tab now
 * @param {number} count of the tabs
 * @returns {number | undefined}
 */
export const stepped = (key, at, count) => STEPS[key]?.(at, count);
