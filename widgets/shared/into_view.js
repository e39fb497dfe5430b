// What is told beside a field that is out of sight.

const UNFOLDED = 250; // ms, after which the style sheets have unfolded a message

/**
 * Scroll an element into view, and its message with it; the focus stays where it is. Settings that
 * are folded away are opened: the panel hears of it.
 * @param {Element} element
 */
export function bringIntoView(element) {
  if (!element.checkVisibility()) {
    element.dispatchEvent(new CustomEvent("mls-open-settings", { bubbles: true }));
  }
  setTimeout(() => element.scrollIntoView({ block: "nearest" }), UNFOLDED);
}
