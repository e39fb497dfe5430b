// Shapes drawn by hand, filled: how much of each pixel lies within them.

/** @import { Point } from "../../shared/geometry.js" */
/** @import { Area } from "./mask.js" */

const ROWS = 4; // lines looked at in each row of pixels

/**
 * Return the corners of the rectangle between two points, moved to whole pixels.
 * @param {Point} one
 * @param {Point} other
 * @returns {Point[]}
 */
export function cornersOf(one, other) {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)].map(Math.round);
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)].map(Math.round);
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

/**
 * Return the smallest area that holds all corners.
 * @param {Point[]} corners
 * @returns {Area}
 */
export function extentOf(corners) {
  const extent = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of corners) {
    extent.left = Math.min(extent.left, x);
    extent.top = Math.min(extent.top, y);
    extent.right = Math.max(extent.right, x);
    extent.bottom = Math.max(extent.bottom, y);
  }
  return extent;
}

/**
 * Return how much of each pixel of an area lies within a polygon, from 0 to 255, row by row. A
 * polygon that crosses itself is filled wherever it winds around (the non-zero rule).
 * @param {Point[]} corners the last is joined to the first
 * @param {Area} area
 */
export function coverOf(corners, { left, top, right, bottom }) {
  const width = right - left;
  const cover = new Float32Array(width * (bottom - top));
  for (let line = 0; line < ROWS * (bottom - top); line++) {
    const y = top + (line + 0.5) / ROWS;
    const row = cover.subarray(Math.floor(line / ROWS) * width).subarray(0, width);
    for (const [from, to] of spansAt(corners, y)) addSpan(row, from - left, to - left);
  }
  const bytes = new Uint8Array(cover.length);
  for (let i = 0; i < cover.length; i++) bytes[i] = Math.round((255 * cover[i]) / ROWS);
  return bytes;
}

/**
 * Return the stretches of a line at height `y` that lie within a polygon.
 * @param {Point[]} corners
 * @param {number} y
 */
function spansAt(corners, y) {
  /** @type {{ x: number, turn: number }[]} */
  const crossings = [];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % corners.length];
    if (from.y <= y === to.y <= y) return;
    const x = from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
    crossings.push({ x, turn: to.y > from.y ? 1 : -1 });
  });
  crossings.sort((one, other) => one.x - other.x);
  /** @type {[from: number, to: number][]} */
  const spans = [];
  let winding = 0;
  let from = 0;
  for (const { x, turn } of crossings) {
    if (winding === 0) from = x;
    winding += turn;
    if (winding === 0) spans.push([from, x]);
  }
  return spans;
}

/**
 * Add a stretch to a row of pixels: 1 to each that lies in it, its share to those at its ends.
 * @param {Float32Array} row
 * @param {number} from
 * @param {number} to
 */
function addSpan(row, from, to) {
  const [start, end] = [Math.max(from, 0), Math.min(to, row.length)];
  if (start >= end) return;
  const [first, last] = [Math.floor(start), Math.ceil(end) - 1];
  if (first === last) {
    row[first] += end - start;
    return;
  }
  row[first] += first + 1 - start;
  for (let x = first + 1; x < last; x++) row[x] += 1;
  row[last] += end - last;
}
