// A seed: a number; None, or -1 where a setting may not be None, is another one at each picture.
import { make } from "../../../shared/dom.js";
import { iconButton, press, rename } from "../buttons.js";
import { NumberBox } from "../number_box.js";
import { WHOLES } from "../numbers.js";

/** @import { Control, Host, Shown } from "../types" */

const RANDOM = -1;
const MOST = 2 ** 32; // seeds drawn here are as short as other programs'

/**
 * Make a number's box with a switch for random seeds, and a lock that keeps the last one. What is
 * inherited is the seed of the last picture.
 * @param {Host} host
 * @returns {Control}
 */
export function makeSeed(host) {
  /** @type {any} */
  let last = null;
  let isRandom = false;
  /** @type {number | null} */
  let random = null;
  const box = new NumberBox({
    id: host.id,
    signal: host.signal,
    // An emptied box has no number: the seed is random again.
    set: (value, isMoving) => host.set(value ?? random, isMoving),
    wrong: (message, text) => host.wrong(message, text),
  });
  const dice = iconButton("dice", "A new random seed for every picture", () =>
    host.set(isRandom ? (last ?? Math.floor(Math.random() * MOST)) : random),
  );
  const lock = iconButton("lock", "", () => host.set(last));
  return {
    element: make("div", { class: "mls-line mls-long" }, box.element, dice, lock),
    target: box.input,
    describe(field) {
      random = field.optional ? null : RANDOM;
      box.describe({ ...field, kind: "whole", optional: true, min: 0, example: "random" });
    },
    /** @param {Shown} shown */
    show({ value, inherited }) {
      last = WHOLES.parse(String(inherited)); // a text is none
      isRandom = value === null || Number(value) === RANDOM;
      const note = isRandom ? "random" : "";
      box.show({ value: isRandom ? null : value, inherited: null, note });
      press(dice, isRandom);
      const isKept = !isRandom && String(value) === String(last);
      press(lock, isKept);
      lock.disabled = last === null || isKept;
      if (last === null) rename(lock, "Keep the last seed: there is no picture yet");
      else rename(lock, isKept ? "The last seed is kept" : `Keep the last seed, ${last}`);
    },
    disable(isDisabled) {
      box.input.disabled = dice.disabled = isDisabled;
      if (isDisabled) lock.disabled = true;
    },
  };
}
