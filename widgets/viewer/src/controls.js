// Buttons, sliders and groups that the viewer is made of.
import { make } from "../../shared/dom.js";
import { clamp } from "../../shared/geometry.js";
import { makeIcon } from "./icons.js";

/** @import { IconName } from "./icons.js" */

/**
 * Make a button of class mls-viewer-<name>. Its label stands beside its icon where there is room.
 * @param {string} name
 * @param {IconName} icon
 * @param {string} label what it is called
 * @param {string} help what it does, and its key in brackets; its tooltip
 * @param {(event: MouseEvent) => void} press
 */
export function makeButton(name, icon, label, help, press) {
  return make(
    "button",
    {
      type: "button",
      class: `mls-viewer-button mls-viewer-${name}`,
      title: help,
      "aria-label": label,
      onclick: press,
    },
    makeIcon(icon),
    make("span", { class: "mls-viewer-label" }, label),
  );
}

/**
 * Give a button another icon, label and tooltip.
 * @param {HTMLButtonElement} button
 * @param {IconName} icon
 * @param {string} label
 * @param {string} help
 */
export function changeButton(button, icon, label, help = label) {
  if (button.title === help && button.ariaLabel === label) return;
  button.title = help;
  button.setAttribute("aria-label", label);
  button.replaceChildren(makeIcon(icon), make("span", { class: "mls-viewer-label" }, label));
}

/**
 * @param {HTMLElement} button
 * @param {boolean} isOn
 */
export const press = (button, isOn) => button.setAttribute("aria-pressed", String(isOn));

/**
 * Make a row of controls that belong together.
 * @param {string} kind its class
 * @param {string} label what a screen reader calls it
 * @param {Node[]} children
 */
export const makeGroup = (kind, label, ...children) =>
  make("div", { class: kind, role: "group", "aria-label": label }, ...children);

/** @typedef {ReturnType<typeof makeSlider>} Slider */

/**
 * Make a labelled slider, with a field in which its value is typed. A value is `factor` times as
 * large where people see it: 0.8 is 80 %.
 * @param {string} name of its class, mls-viewer-<name>
 * @param {string} label
 * @param {{ min: number, max: number, step: number, unit?: string, factor?: number }} range
 * @param {{ input?: (value: number) => void, change?: (value: number) => void }} tell called at
 *   each move, or when it is let go
 */
export function makeSlider(name, label, { min, max, step, unit = "", factor = 1 }, tell) {
  const limits = { min: min * factor, max: max * factor, step: step * factor };
  const input = make("input", {
    type: "range",
    class: "mls-viewer-range",
    "aria-label": label,
    ...limits,
    oninput: () => {
      show(Number(input.value) / factor);
      tell.input?.(Number(input.value) / factor);
    },
    onchange: () => tell.change?.(Number(input.value) / factor),
  });
  const number = make("input", {
    type: "number",
    class: "mls-viewer-number",
    "aria-label": unit ? `${label} in ${unit === "%" ? "percent" : "pixels"}` : `${label}, number`,
    ...limits,
    onchange: () => {
      if (number.value === "") return;
      const typed = clamp(Number(number.value), limits.min, Number(input.max));
      number.value = String(typed);
      const value = typed / factor;
      tell.input?.(value);
      tell.change?.(value);
    },
  });
  const row = make(
    "div",
    { class: `mls-viewer-slider mls-viewer-${name}`, title: label },
    make("span", { class: "mls-viewer-label" }, label),
    input,
    number,
    make("span", { class: "mls-viewer-unit", "aria-hidden": "true" }, unit),
  );
  /**
   * @param {number} value
   * @param {boolean} isInherited show no number, since another value is in force
   */
  const show = (value, isInherited = false) => {
    const seen = Number((value * factor).toFixed(2));
    input.value = String(seen);
    const [least, most] = [Number(input.min), Number(input.max)];
    const share = (Math.min(seen, most) - least) / (most - least);
    input.style.setProperty("--mls-share", `${100 * share}%`);
    input.setAttribute("aria-valuetext", isInherited ? "as the stage" : `${seen} ${unit}`.trim());
    number.placeholder = isInherited ? "stage" : "";
    if (!isFocused(number) || isInherited) number.value = isInherited ? "" : String(seen);
  };
  /** @param {boolean} isDisabled */
  const disable = (isDisabled) => {
    input.disabled = number.disabled = isDisabled;
  };
  return { row, input, number, show, disable };
}

/**
 * Say whether an element has the focus, in whatever document or shadow it stands.
 * @param {HTMLElement} element
 */
export function isFocused(element) {
  const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  return root.activeElement === element;
}

/** @param {number} share from 0 to 1 */
export const asPercent = (share) => `${Math.round(100 * share)} %`;
