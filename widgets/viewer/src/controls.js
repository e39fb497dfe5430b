// Icons and inputs that the viewer is made of.
import { make, makeSvg } from "../../shared/dom.js";

// Strokes on a field of 24 x 24.
const ICONS = {
  view: "M8 13V5.5a1.5 1.5 0 0 1 3 0V12m0-6.5v-1a1.5 1.5 0 0 1 3 0V12m0-5.5a1.5 1.5 0 0 1 3 0V12m0-3.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-2a6 6 0 0 1-5-2.7L5.2 15.6a1.6 1.6 0 0 1 2.6-1.8L8 14",
  compare: "M12 3v18M4 5h5v14H4zM15 5h5v14h-5",
  mask: "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  boxes:
    "M4 8V5a1 1 0 0 1 1-1h3m8 0h3a1 1 0 0 1 1 1v3m0 8v3a1 1 0 0 1-1 1h-3m-8 0H5a1 1 0 0 1-1-1v-3M9 9h6v6H9z",
  open: "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3M12 15V4m-4 4 4-4 4 4",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V5a1 1 0 0 1 1-1h4m6 0h4a1 1 0 0 1 1 1v4m0 6v4a1 1 0 0 1-1 1h-4m-6 0H5a1 1 0 0 1-1-1v-4",
  paint:
    "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  erase:
    "m8 19-4.3-4.300a1.5 1.5 0 0 1 0-2.100l8.8-8.800a1.5 1.5 0 0 1 2.1 0l5 5a1.5 1.5 0 0 1 0 2.100L11.5 19H8zM8 8l8 8M8 19h12",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  invert: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  fill: "M5 5h14v14H5zM5 12l7-7M5 19 19 5M12 19l7-7",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  reset: "M4 4v5h5M4.5 9a8 8 0 1 1-.5 4",
};
/** @typedef {keyof typeof ICONS} IconName */

/** @type {Partial<Record<IconName, string>>} */
const FILLED = { invert: "M12 3a9 9 0 1 0 0 18z" };

/**
 * Make an icon, drawn in strokes.
 * @param {IconName} name
 */
export function makeIcon(name) {
  const filled = FILLED[name];
  return makeSvg([...(filled ? [part(filled, { fill: "currentColor" })] : []), part(ICONS[name])]);
}

/**
 * @param {string} path
 * @param {Record<string, string>} attributes
 * @returns {[string, Record<string, string>]}
 */
const part = (path, attributes = {}) => [path, attributes];

/**
 * Make a button of class mls-viewer-<name>.
 * @param {string} name
 * @param {IconName} icon
 * @param {string} help its tooltip
 * @param {(event: MouseEvent) => void} press
 * @param {string | null} label the text beside the icon, if it has one
 */
export function makeButton(name, icon, help, press, label = null) {
  const text = label ? [make("span", { class: "mls-viewer-label" }, label)] : [];
  return make(
    "button",
    {
      type: "button",
      class: `mls-viewer-button mls-viewer-${name}`,
      title: help,
      "aria-label": label ?? help,
      onclick: press,
    },
    makeIcon(icon),
    ...text,
  );
}

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
 * Make a labelled slider with its value as text.
 * @param {string} name of its class, mls-viewer-<name>
 * @param {string} label
 * @param {{ min: number, max: number, step: number, text: (value: number) => string }} range
 * @param {(value: number) => void} tell called at each move
 */
export function makeSlider(name, label, { min, max, step, text }, tell) {
  const input = make("input", {
    type: "range",
    class: "mls-viewer-range",
    "aria-label": label,
    min,
    max,
    step,
    oninput: () => tell(Number(input.value)),
  });
  const readout = make("output", { class: "mls-viewer-readout" });
  const row = make(
    "label",
    { class: `mls-viewer-slider mls-viewer-${name}` },
    make("span", {}, label),
    input,
    readout,
  );
  /** @param {number} value */
  const show = (value) => {
    input.value = String(value);
    const [least, most] = [Number(input.min), Number(input.max)];
    const share = (Math.min(value, most) - least) / (most - least);
    input.style.setProperty("--mls-share", `${100 * share}%`);
    readout.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  return { row, input, readout, show };
}

/** @param {number} share from 0 to 1 */
export const asPercent = (share) => `${Math.round(100 * share)} %`;
