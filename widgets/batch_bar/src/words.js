// What the line of a batch says.

/** @import { Batch } from "./types" */

/**
 * Return what the button that makes what is missing says; "" where nothing is missing.
 * @param {Batch} batch
 */
export function runText({ state, left, failed }) {
  if (state === "running" || !left) return "";
  if (failed === left) return `Retry ${failed.toLocaleString("en")} failed`;
  return state === "waiting" ? "Start" : "Resume";
}

/**
 * Return how many pictures are marked, in words.
 * @param {number} count
 */
export const markedText = (count) => (count ? `${count.toLocaleString("en")} marked` : "");
