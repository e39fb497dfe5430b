// The caret of a text area: where it is in the page, and text put in as if it were typed.
import { make } from "../dom.js";

/** @import { Anchor } from "../list_box.js" */

/** What decides where the characters of a text are. */
const SHAPING = [
  "direction",
  "box-sizing",
  "width",
  "border-width",
  "border-style",
  "padding",
  "font",
  "letter-spacing",
  "line-height",
  "tab-size",
  "text-indent",
];

/**
 * Put a text where another one is, as if it were typed: the browser's undo takes it back.
 * @param {HTMLTextAreaElement} area
 * @param {number} from
 * @param {number} to
 * @param {string} piece
 */
export function replace(area, from, to, piece) {
  area.focus();
  area.setSelectionRange(from, to);
  const wasTyped = document.execCommand(piece ? "insertText" : "delete", false, piece);
  if (wasTyped) return;
  area.setRangeText(piece, from, to, "end"); // a browser without; its undo forgets
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Return where a place of the text is; a hidden copy of the text is measured.
 * @param {HTMLTextAreaElement} area
 * @param {number} index
 * @returns {Anchor}
 */
export function caretBox(area, index) {
  const mark = make("span", {}, "\u200b");
  const copy = make("div", {}, area.value.slice(0, index), mark);
  const style = getComputedStyle(area);
  for (const name of SHAPING) copy.style.setProperty(name, style.getPropertyValue(name));
  Object.assign(copy.style, {
    position: "fixed",
    top: 0,
    left: 0,
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word",
  });
  document.body.append(copy);
  const at = area.getBoundingClientRect();
  const box = mark.getBoundingClientRect();
  copy.remove();
  const top = at.top + box.top - area.scrollTop;
  return { left: at.left + box.left - area.scrollLeft, top, bottom: top + box.height };
}
