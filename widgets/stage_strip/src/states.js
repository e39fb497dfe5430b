// What a stage is doing, in words.

/** @import { Stage } from "./types" */

/**
 * Return a time in words, to a tenth below ten seconds.
 * @param {number} seconds
 */
export const secondsText = (seconds) =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;

/**
 * Return what a stage is doing, and for how long where it has a time.
 * @param {Stage} stage
 */
export function stateText({ state, seconds }) {
  const isTimed = typeof seconds === "number" && (state === "running" || state === "done");
  return isTimed ? `${state} ${secondsText(seconds)}` : state;
}

/**
 * Say whether a run can begin again from a stage: its result is there.
 * @param {Stage} stage
 */
export const canChoose = ({ state }) => state === "cached" || state === "done";
