// The fields of what the menu has chosen: how many, or prompts of a list. See axes.js for a sweep,
// and naming.js for what all of them have.
import { addTo, make } from "../../shared/dom.js";

/** @import { Asked, Fault } from "./types" */

/**
 * Fields of one mode: they draw what is asked for, and have a place for each fault.
 * @typedef {{ draw: (asked: Asked) => void, places: Record<string, HTMLElement> }} Fields
 */
/** @typedef {(changes: Partial<Asked>) => void} Change */

const MOST = 1000; // pictures

/**
 * Show faults, each beside its field.
 * @param {Record<string, HTMLElement>} places
 * @param {Fault[]} faults
 */
export function drawFaults(places, faults) {
  for (const [at, place] of Object.entries(places)) {
    const own = faults.filter((fault) => fault.at === at);
    const drawn = own.map(({ text }) => text).join("\n");
    if (place.dataset.drawn === drawn) continue; // a screen reader tells it once
    place.dataset.drawn = drawn;
    place.replaceChildren(...own.map(({ text }) => make("p", {}, text)));
  }
}

/** @param {HTMLElement} parent */
export const addPlace = (parent) =>
  addTo(parent, "div", { class: "mls-many-fault", role: "alert" });

/**
 * Write a value into a field, unless it is there: the cursor would move.
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string} value
 */
export function write(field, value) {
  if (field.value !== value) field.value = value;
}

/**
 * Add the field of a whole number from 1 on.
 * @param {HTMLElement} parent
 * @param {string} label
 * @param {(value: number) => void} changed
 * @param {number} [most]
 */
export function addNumber(parent, label, changed, most = MOST) {
  const line = addTo(parent, "label", { class: "mls-many-line" });
  addTo(line, "span", {}, label);
  /** @type {HTMLInputElement} */
  const input = addTo(line, "input", {
    type: "number",
    min: 1,
    max: most,
    step: 1,
    title: `From 1 to ${most.toLocaleString("en")}`,
    oninput: () => {
      if (input.value && input.checkValidity()) changed(input.valueAsNumber);
    },
    // A number that cannot be is left for the one that is in force.
    onchange: () => {
      if (!input.value || !input.checkValidity()) input.value = input.dataset.asked ?? "";
    },
  });
  return input;
}

/**
 * Write a number, unless it is there, or a person is typing one.
 * @param {HTMLInputElement} input
 * @param {number} value
 */
export function writeNumber(input, value) {
  input.dataset.asked = String(value);
  if (input !== document.activeElement || input.checkValidity()) write(input, String(value));
}

/**
 * @param {HTMLElement} body
 * @param {Change} change
 * @returns {Fields}
 */
export function makeTimes(body, change) {
  const times = addNumber(body, "Pictures", (value) => change({ times: value }));
  addTo(body, "p", { class: "mls-many-hint" }, "Each has a seed of its own.");
  const places = { times: addPlace(body) };
  return { draw: (asked) => writeNumber(times, asked.times), places };
}

/**
 * @param {HTMLElement} body
 * @param {Change} change
 * @returns {Fields}
 */
export function makeLines(body, change) {
  /** @type {HTMLTextAreaElement} */
  const lines = addTo(body, "textarea", {
    rows: 5,
    dir: "auto",
    "aria-label": "Prompts, one on each line",
    placeholder: "a cat\na dog in the snow",
    oninput: () => change({ lines: lines.value }),
  });
  const places = { lines: addPlace(body) };
  const hint = addTo(
    body,
    "p",
    { class: "mls-many-hint" },
    "One prompt on each line. As in A1111, ",
  );
  hint.append("a line may have flags of its own: ", make("code", {}, "--prompt a cat --steps 30"));
  const seeds = addNumber(body, "Seeds for each", (value) => change({ seeds: value }));
  const draw = (/** @type {Asked} */ asked) => {
    write(lines, asked.lines);
    writeNumber(seeds, asked.seeds);
  };
  return { draw, places };
}
