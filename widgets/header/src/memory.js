// What the browser remembers of the studio's room: what is folded, and whether it fills the window.

const NAME = "media-lab-studio";

/** @typedef {{ left?: boolean, shelf?: boolean, filled?: boolean }} Remembered */

/**
 * Return what was remembered; nothing where the browser keeps nothing for this page.
 * @returns {Remembered}
 */
export function recall() {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Remember these values beside the others.
 * @param {Remembered} values
 */
export function remember(values) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ ...recall(), ...values }));
  } catch {
    // A page that may keep nothing begins anew each time.
  }
}
