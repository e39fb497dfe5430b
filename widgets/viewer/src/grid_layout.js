// How the tiles of a grid are laid out: as large as they fit, never smaller than can be seen.

/** @import { Size } from "../../shared/geometry.js" */

const GAP = 8; // screen pixels between two tiles
const SMALLEST = 88; // screen pixels of a tile's width; more of them are scrolled
const LABEL = 20; // screen pixels of a tile's own label

/** @typedef {{ across: number, width: number, height: number }} Layout of tiles in screen pixels */

/**
 * @param {Size} tile
 * @param {number} count
 * @param {number} across
 * @param {Size} room
 * @param {number} label
 */
function widthFor(tile, count, across, room, label) {
  const down = Math.ceil(count / across);
  const byWidth = (room.width - GAP * (across - 1)) / across;
  const byHeight = ((room.height - GAP * (down - 1)) / down - label) * (tile.width / tile.height);
  return Math.min(byWidth, byHeight);
}

/**
 * Return how many tiles stand in a row, and how large they are.
 * @param {{ size: Size, count: number, across: number, hasLabels: boolean }} grid `size` gives the
 *   shape of its tiles; `across` is 0 where it is not given
 * @param {Size} room for the tiles, without the labels of rows and columns
 * @returns {Layout}
 */
export function layOutTiles({ size, count, across, hasLabels }, room) {
  const shape = size.width && size.height ? size : { width: 1, height: 1 };
  const label = hasLabels ? LABEL : 0;
  let best = { across: across || 1, width: 0 };
  const tries = across ? [across] : Array.from({ length: count }, (_, i) => i + 1);
  for (const one of tries) {
    const width = widthFor(shape, count, one, room, label);
    if (width > best.width) best = { across: one, width };
  }
  if (best.width < SMALLEST) best = scrolled(across, room);
  const width = Math.floor(best.width);
  return { across: best.across, width, height: Math.round((width * shape.height) / shape.width) };
}

/**
 * Return a layout of the smallest tiles, which is scrolled: down alone where it may be.
 * @param {number} across
 * @param {Size} room
 */
function scrolled(across, room) {
  if (across) {
    const width = (room.width - GAP * (across - 1)) / across;
    return { across, width: Math.max(SMALLEST, Math.min(width, 2 * SMALLEST)) };
  }
  const most = Math.max(1, Math.floor((room.width + GAP) / (SMALLEST + GAP)));
  return { across: most, width: (room.width - GAP * (most - 1)) / most };
}

/**
 * Return the tile that a key leads to; null if it is no key of a grid.
 * @param {string} key
 * @param {number} index
 * @param {{ count: number, across: number, page: number }} grid `page` is the rows that are seen
 */
export function tileByKey(key, index, { count, across, page }) {
  const rows = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[key];
  if (rows !== undefined) {
    const next = index + rows * across;
    if (next >= 0 && next < count) return next;
    const column = index % across;
    const last = Math.floor((count - 1 - column) / across) * across + column;
    return rows < 0 ? column : last;
  }
  const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: count - 1 }[key];
  return next === undefined ? null : Math.min(Math.max(next, 0), count - 1);
}

/**
 * Say whether a key is meant for the marked tiles: stars, or the bin.
 * @param {string} key
 */
export const isMarkKey = (key) => /^([0-5]|Delete|Backspace)$/.test(key);
