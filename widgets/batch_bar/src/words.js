// What the line of a batch says.

/** @import { Batch } from "./types" */

/**
 * Return what the button that makes what is missing says; "" where nothing is missing.
 * @param {Batch} batch
 */
export function runText({ state, left, failed }) {
  if (state === "running" || !left) return "";
  if (failed === left) return `Retry ${failed.toLocaleString()} failed`;
  return state === "waiting" ? "Start" : "Resume";
}

/**
 * Return how many pictures are marked, in words.
 * @param {number} count
 */
export const markedText = (count) => (count ? `${count.toLocaleString()} marked` : "");

/**
 * Return the tags that a text names, between commas.
 * @param {string} text
 */
export const tagsIn = (text) =>
  text
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
