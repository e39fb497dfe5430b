// Where the tiles of the grid are. All lengths in CSS pixels.
import { clamp } from "../../shared/geometry.js";

const SMALLEST = 72; // a tile: three in a row of the narrowest shelf
export const GAP = 4;
const MARGIN = 1; // rows kept above and below the screen
const MOST_ROWS = 60; // should a page give the grid no height of its own

/** @typedef {{ columns: number, tile: number }} Layout how many tiles a row has, and their width */

/** @type {Layout} */
export const NARROWEST = { columns: 1, tile: SMALLEST };

/**
 * Return the layout that fills a width.
 * @param {number} width
 * @returns {Layout}
 */
export function layoutFor(width) {
  const columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
  return { columns, tile: Math.floor((width - GAP * (columns - 1)) / columns) };
}

/**
 * Return the height of a row and the gap under it.
 * @param {Layout} layout
 */
export const rowHeight = ({ tile }) => tile + GAP;

/**
 * Return which rows have to exist, the last one excluded.
 * @param {Layout} layout
 * @param {number} count of all entries
 * @param {{ scrollTop: number, clientHeight: number }} screen what of the grid is seen
 */
export function rowsSeen(layout, count, { scrollTop, clientHeight }) {
  const height = rowHeight(layout);
  const all = Math.ceil(count / layout.columns);
  const first = Math.max(0, Math.floor(scrollTop / height) - MARGIN);
  const last = Math.ceil((scrollTop + clientHeight) / height) + MARGIN;
  return { first, end: Math.min(all, last, first + MOST_ROWS) };
}

/**
 * Return the scroll position at which an entry is seen whole, as near as possible to this one.
 * @param {Layout} layout
 * @param {number} at index of the entry
 * @param {{ scrollTop: number, clientHeight: number }} screen
 */
export function scrollTo(layout, at, { scrollTop, clientHeight }) {
  const top = Math.floor(at / layout.columns) * rowHeight(layout);
  const bottom = top + rowHeight(layout) - GAP;
  if (top < scrollTop) return top;
  return bottom > scrollTop + clientHeight ? bottom - clientHeight : scrollTop;
}

/**
 * Return the entry a key goes to from the current one; -1 where there is none at all.
 * @param {number} current index, -1 while none is chosen
 * @param {number} by how many entries, infinite for the first or the last
 * @param {number} count
 */
export function stepped(current, by, count) {
  if (count === 0) return -1;
  const isFirst = current < 0 && Number.isFinite(by);
  return clamp(isFirst ? 0 : current + by, 0, count - 1);
}
