// A number: typed, and beside a slider where it has a range.
import { make } from "../../../shared/dom.js";
import { NumberBox } from "../number_box.js";
import { Slider } from "../slider.js";

/** @import { Control, Host, Shown } from "../types" */

/**
 * Make the control of a fraction or a whole number.
 * @param {Host} host
 * @returns {Control}
 */
export function makeNumber(host) {
  const { field, id, signal } = host;
  const box = new NumberBox({
    id,
    signal,
    set: (value, isMoving) => host.set(value, isMoving),
    wrong: (message, text) => host.wrong(message, text),
  });
  const element = make("div", { class: "mls-numbers" }, box.element);
  const slider = field.slider
    ? new Slider({
        label: field.label,
        signal,
        set: (value, isMoving) => host.set(value, isMoving),
        reset: () => host.reset(),
        spoken: () => box.spoken(box.shown.value ?? box.shown.inherited),
      })
    : null;
  if (slider) element.prepend(slider.element);
  const isLong = () => String(box.field?.max ?? "").length > 8;
  return {
    element,
    target: box.input,
    describe(described) {
      box.describe(described);
      slider?.describe(described);
      element.classList.toggle("mls-long", isLong());
    },
    /** @param {Shown} shown */
    show(shown) {
      box.show(shown);
      slider?.show(shown);
    },
    disable(isDisabled) {
      box.input.disabled = isDisabled;
      if (slider) slider.input.disabled = isDisabled;
    },
  };
}
