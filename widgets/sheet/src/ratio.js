// Width and height that depend on each other.

/** @typedef {{ width: number, height: number }} Size in pixels */

/**
 * Return the size that has one side, and the ratio of another size, in whole steps.
 * @param {"width" | "height"} side
 * @param {number} pixels
 * @param {Size} like
 * @param {number} step in pixels
 * @returns {Size}
 */
export function inRatio(side, pixels, like, step) {
  const across = like.width / like.height;
  const other = side === "width" ? pixels / across : pixels * across;
  const whole = Math.max(Math.round(other / step), 1) * step;
  return side === "width" ? { width: pixels, height: whole } : { width: whole, height: pixels };
}
