// The width of a panel in CSS pixels, as a person changes it.

export const STEP = 16; // an arrow key; with Shift four times that

/** @import { Traits } from "./types" */
/** @typedef {Pick<Traits, "smallest" | "largest">} Limits */

/**
 * Return the whole width between the limits that is nearest to the wanted one; 0 stays 0, which
 * leaves the width to the row.
 * @param {number} width
 * @param {Limits} limits
 */
export const limited = (width, { smallest, largest }) =>
  width && Math.round(Math.max(smallest, Math.min(largest, width)));

/**
 * Return the width that a key asks for, undefined for a key that means nothing here.
 * @param {string} key
 * @param {number} width of the panel now
 * @param {Limits & { isBefore: boolean, isShifted: boolean }} options
 * @returns {number | undefined}
 */
export function widthByKey(key, width, { smallest, largest, isBefore, isShifted }) {
  const by = STEP * (isShifted ? 4 : 1) * (isBefore ? 1 : -1);
  /** @type {Record<string, number>} */
  const widths = {
    ArrowRight: width + by,
    ArrowLeft: width - by,
    Home: smallest,
    End: largest,
    Enter: 0,
  };
  return widths[key];
}
