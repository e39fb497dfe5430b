// Points, sizes and boxes, on the screen or in a picture.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ width: number, height: number }} Size */
/** @typedef {[left: number, top: number, right: number, bottom: number]} Box */

/**
 * Return the number between `low` and `high` that is nearest to `value`; `high` where there is none.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Say whether two pictures have the same shape, but for the rounding of their sizes.
 * @param {Size} one
 * @param {Size} other
 */
export const isSameShape = (one, other) =>
  Math.abs(one.width / one.height / (other.width / other.height) - 1) < 0.02;
