// Names of presets; pure.

/** @import { Entry } from "./types" */

/**
 * Return the preset of a name, where capitals do not count.
 * @param {Entry[]} presets
 * @param {string} name
 */
export const presetOf = (presets, name) =>
  presets.find((one) => one.name.toLowerCase() === name.trim().toLowerCase());

/**
 * Say what saving under a name does: "" for no name.
 * @param {Entry[]} presets
 * @param {string} name
 * @returns {"" | "Save" | "Replace"}
 */
export function savingOf(presets, name) {
  if (!name.trim()) return "";
  const found = presetOf(presets, name);
  return found && !found.shipped ? "Replace" : "Save";
}
