// Small buttons, and the icons on them.
import { make, makeSvg } from "../../shared/dom.js";

/**
 * What the icons are drawn with, on a field of 24 x 24: paths, some with a stroke of their own.
 * @type {Record<string, (string | [path: string, stroke: number])[]>}
 */
export const ICONS = {
  back: ["M12 5a7 7 0 1 1-6.7 9", "M5 4v5h5"],
  dice: [
    "M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z",
    ["M8 8h.01M12 12h.01M16 16h.01", 3.5],
  ],
  earlier: ["m15 6-6 6 6 6"],
  fold: ["m9 6 6 6-6 6"],
  later: ["m9 6 6 6-6 6"],
  lock: [
    "M7 11h10a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
    "M8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  ],
  plus: ["M12 5v14M5 12h14"],
  ratio: ["M9 7H7a5 5 0 0 0 0 10h2", "M15 7h2a5 5 0 0 1 0 10h-2", "M8 12h8"],
  remove: ["M6 6l12 12M18 6 6 18"],
  sweep: ["M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z"],
  swap: ["M7 8h12l-3.5-3.5", "M17 16H5l3.5 3.5"],
};

/** @param {string} name */
export const icon = (name) =>
  makeSvg(
    ICONS[name].map((one) =>
      typeof one === "string" ? [one, {}] : [one[0], { "stroke-width": one[1] }],
    ),
    { class: "mls-icon" },
  );

/**
 * Make a button that shows an icon alone.
 * @param {string} name the icon's
 * @param {string} label what it does
 * @param {() => void} act
 */
export function iconButton(name, label, act) {
  const button = make(
    "button",
    { class: "mls-icon-button", type: "button", onclick: act },
    icon(name),
  );
  rename(button, label);
  return button;
}

/**
 * Make a button with a text.
 * @param {string} label
 * @param {() => void} act
 * @param {string} [help]
 */
export const textButton = (label, act, help) =>
  make("button", { class: "mls-button-small", type: "button", title: help, onclick: act }, label);

/**
 * Give a button with an icon another name, which is its tooltip, too.
 * @param {HTMLButtonElement} button
 * @param {string} label
 */
export function rename(button, label) {
  button.title = label;
  button.setAttribute("aria-label", label);
}

/**
 * Show that a button is pressed in, or not.
 * @param {HTMLButtonElement} button
 * @param {boolean} isPressed
 */
export const press = (button, isPressed) => button.setAttribute("aria-pressed", String(isPressed));
