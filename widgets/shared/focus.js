// Keeps the focus where a part of the page is drawn anew, by the names of its pieces (`data-part`).

/**
 * Return the name of the piece within an element that has the focus.
 * @param {Element | null | undefined} element
 */
export function heldIn(element) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  return element?.contains(active) ? active?.dataset.part : undefined;
}

/**
 * Give the focus to the piece of that name.
 * @param {Element | null | undefined} element
 * @param {string | undefined} held what `heldIn` returned before it was drawn
 * @param {HTMLElement} [otherwise] gets it where the piece is gone
 */
export function giveBack(element, held, otherwise) {
  if (!held) return;
  /** @type {HTMLElement | null | undefined} */
  const piece = element?.querySelector(`[data-part="${CSS.escape(held)}"]`);
  (piece ?? otherwise)?.focus();
}
