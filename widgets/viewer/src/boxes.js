// The detections as boxes: where the pointer grips them, and where they lie once dragged.
import { clamp } from "../../shared/geometry.js";

/** @import { Box, Point, Size } from "../../shared/geometry.js" */
/** @import { Detection } from "./types" */
/** @typedef {"move" | "l" | "r" | "t" | "b" | "lt" | "lb" | "rt" | "rb"} Grip */

const GRIP = 8; // screen pixels around a corner or an edge that take hold of it
const SMALLEST_BOX = 4; // pixels of the picture

/**
 * Return which edges of a box the pointer grips, "move" inside it, null outside.
 * @param {Box} box in screen pixels
 * @param {Point} pointer in screen pixels
 * @returns {Grip | null}
 */
export function gripOf([left, top, right, bottom], { x, y }) {
  const inside = x > left - GRIP && x < right + GRIP && y > top - GRIP && y < bottom + GRIP;
  if (!inside) return null;
  const across = sideOf(x, left, right, "l", "r");
  const down = sideOf(y, top, bottom, "t", "b");
  return /** @type {Grip} */ (across + down) || "move";
}

/**
 * Return the name of the edge that is near `value`, "" if neither is.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @param {string} lowName
 * @param {string} highName
 */
function sideOf(value, low, high, lowName, highName) {
  // In a small box half of it is an edge's, so that it can be moved too.
  const reach = Math.min(GRIP, (high - low) / 4);
  if (value < low + reach) return lowName;
  return value > high - reach ? highName : "";
}

/** @type {Record<Grip, string>} */
export const GRIP_CURSORS = {
  move: "move",
  l: "ew-resize",
  r: "ew-resize",
  t: "ns-resize",
  b: "ns-resize",
  lt: "nwse-resize",
  rb: "nwse-resize",
  rt: "nesw-resize",
  lb: "nesw-resize",
};

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const wholeBetween = (value, low, high) => Math.round(clamp(value, low, high));

/**
 * Return a box whose gripped edges were dragged, kept inside the picture.
 * @param {Box} box
 * @param {Grip} grip
 * @param {number} dx pixels of the picture
 * @param {number} dy pixels of the picture
 * @param {Size} picture
 * @returns {Box}
 */
export function draggedBox([left, top, right, bottom], grip, dx, dy, { width, height }) {
  if (grip === "move") {
    const x = wholeBetween(left + dx, 0, width - (right - left));
    const y = wholeBetween(top + dy, 0, height - (bottom - top));
    return [x, y, x + right - left, y + bottom - top];
  }
  return [
    grip.includes("l") ? wholeBetween(left + dx, 0, right - SMALLEST_BOX) : left,
    grip.includes("t") ? wholeBetween(top + dy, 0, bottom - SMALLEST_BOX) : top,
    grip.includes("r") ? wholeBetween(right + dx, left + SMALLEST_BOX, width) : right,
    grip.includes("b") ? wholeBetween(bottom + dy, top + SMALLEST_BOX, height) : bottom,
  ];
}

/**
 * Return the box between two points of the picture; null if it is too small to be meant.
 * @param {Point} one
 * @param {Point} other
 * @param {Size} picture
 * @returns {Box | null}
 */
export function boxBetween(one, other, { width, height }) {
  const [left, right] = ordered(wholeBetween(one.x, 0, width), wholeBetween(other.x, 0, width));
  const [top, bottom] = ordered(wholeBetween(one.y, 0, height), wholeBetween(other.y, 0, height));
  if (right - left < SMALLEST_BOX || bottom - top < SMALLEST_BOX) return null;
  return [left, top, right, bottom];
}

/**
 * Return the box of these numbers, moved and made smaller until it lies in the picture.
 * @param {{ x: number, y: number, width: number, height: number }} typed in pixels
 * @param {Size} picture
 * @returns {Box}
 */
export function typedBox({ x, y, width, height }, picture) {
  const wide = wholeBetween(width, SMALLEST_BOX, picture.width);
  const high = wholeBetween(height, SMALLEST_BOX, picture.height);
  const left = wholeBetween(x, 0, picture.width - wide);
  const top = wholeBetween(y, 0, picture.height - high);
  return [left, top, left + wide, top + high];
}

/**
 * @param {number} one
 * @param {number} other
 */
const ordered = (one, other) => (one < other ? [one, other] : [other, one]);

/**
 * Return a box in the middle, a quarter of the picture wide and high.
 * @param {Size} picture
 * @returns {Box}
 */
export function middleBox({ width, height }) {
  const [left, top, right, bottom] = [0.375 * width, 0.375 * height, 0.625 * width, 0.625 * height];
  return [Math.round(left), Math.round(top), Math.round(right), Math.round(bottom)];
}

/**
 * Return a detection as a person adds it: nothing known yet but its place.
 * @param {Box} box
 * @param {string} label
 * @returns {Detection}
 */
export function newDetection(box, label) {
  return {
    label,
    box,
    enabled: true,
    mask: null,
    confidence: 1,
    prompt: null,
    denoising_strength: null,
    made_for: null,
    index: null,
  };
}

/**
 * Return a detection at another place; its mask, if it has one, belonged to the place before.
 * @param {Detection} detection
 * @param {Box} box
 * @returns {Detection}
 */
export const movedDetection = (detection, box) => ({ ...detection, box, mask: null });

/**
 * Return a list with one item at another place.
 * @template Item
 * @param {Item[]} items
 * @param {number} from
 * @param {number} to
 */
export function reordered(items, from, to) {
  const moved = [...items];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

/**
 * Return a detection's name: its number, and its label.
 * @param {Detection} detection
 * @param {number} index
 */
export const nameOf = (detection, index) => `${index + 1} ${detection.label || "part"}`;
