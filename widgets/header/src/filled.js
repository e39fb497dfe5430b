// The studio over the whole window. It stays where it is in the page, since the page owns it; what it
// stands in must neither hold it nor lie below the rest of the page.

const AROUND = "mls-around-filled";

/**
 * Fill the window with the studio, or put it back in its page.
 * @param {HTMLElement} panel
 * @param {boolean} isFilled
 */
export function fill(panel, isFilled) {
  const wasFilled = panel.dataset.filled === "true";
  if (wasFilled === isFilled) return;
  for (const one of document.querySelectorAll(`.${AROUND}`)) one.classList.remove(AROUND);
  panel.dataset.filled = String(isFilled);
  if (isFilled) {
    for (let one = panel.parentElement; one && one !== document.body; one = one.parentElement) {
      one.classList.add(AROUND);
    }
  } else {
    panel.scrollIntoView({ block: "start" });
  }
}
