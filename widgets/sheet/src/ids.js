// Ids of elements. Each widget in a page has this module of its own, so a count is not enough.

const OWN = Math.random().toString(36).slice(2, 10);
let count = 0;

/**
 * Return an id that no other element of the page has.
 * @param {string} what
 */
export const newId = (what) => `mls-${what}-${OWN}-${++count}`;
