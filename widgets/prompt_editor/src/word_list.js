// The list of words at the caret.
import { addTo, make, targetOf } from "../../shared/dom.js";
import { caretBox } from "./caret.js";

/** @import { Size } from "../../shared/geometry.js" */
/** @import { Caret } from "./caret.js" */
/** @import { Word, WordKind } from "./types" */

/** @type {Record<WordKind, string>} */
const MARKS = {
  lora: "LoRA",
  wildcard: "wildcard",
  embedding: "embedding",
  style: "style",
  word: "",
};
const GAP = 4; // px to the caret's line, and to the edge of the window

export class WordList {
  /**
   * @param {Element} root
   * @param {HTMLTextAreaElement} area
   * @param {(word: Word) => void} accept called with the word that is chosen
   */
  constructor(root, area, accept) {
    this.area = area;
    /** @type {Word[]} */
    this.words = [];
    this.at = 0;
    this.list = addTo(root, "ul", {
      class: "mls-completion",
      id: `${area.id}-words`,
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: "",
      // The top layer, where nothing around the panel can cut it off.
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null,
    });
    area.setAttribute("aria-controls", this.list.id);
    // Pressed, not clicked: the focus stays in the text.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = targetOf(event).closest("li");
      if (option) accept(this.words[[...this.list.children].indexOf(option)]);
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** The word that is marked. */
  get chosen() {
    return this.words[this.at];
  }

  /**
   * Show words, the first one marked.
   * @param {Word[]} words
   * @param {number} start where in the text they begin
   */
  open(words, start) {
    const { area, list } = this;
    this.words = words;
    list.replaceChildren(...words.map((word, index) => this.makeOption(word, index)));
    list.hidden = false;
    if (list.popover) list.showPopover();
    area.setAttribute("aria-expanded", "true");
    list.scrollTop = 0;
    const room = { width: innerWidth, height: innerHeight };
    const { left, top } = placeOf(list.getBoundingClientRect(), caretBox(area, start), room);
    list.style.left = `${left}px`;
    list.style.top = `${top}px`;
    this.mark(0);
  }

  close() {
    const { area, list } = this;
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    area.setAttribute("aria-expanded", "false");
    area.removeAttribute("aria-activedescendant");
  }

  /**
   * Mark the next word (1) or the one before (-1); after the last comes the first.
   * @param {number} by
   */
  step(by) {
    this.mark(this.at + by);
  }

  /** @param {number} index */
  mark(index) {
    this.at = (index + this.words.length) % this.words.length;
    const options = [...this.list.children];
    for (const option of options) {
      option.setAttribute("aria-selected", String(option === options[this.at]));
    }
    options[this.at].scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", options[this.at].id);
  }

  /**
   * @param {Word} word
   * @param {number} index
   */
  makeOption(word, index) {
    return make(
      "li",
      { class: "mls-word", id: `${this.area.id}-word-${index}`, role: "option" },
      make("span", { class: "mls-word-label" }, word.label),
      make("span", { class: "mls-word-kind" }, MARKS[word.kind] ?? ""),
    );
  }
}

/**
 * Return the place of a list: under the caret's line, or above it where there is no room below;
 * never out of the window.
 * @param {Size} list
 * @param {Caret} caret
 * @param {Size} room the window
 */
export function placeOf({ width, height }, caret, room) {
  const left = Math.max(GAP, Math.min(caret.left, room.width - width - GAP));
  const below = caret.bottom + GAP;
  const isBelow = below + height <= room.height;
  return { left, top: isBelow ? below : Math.max(GAP, caret.top - height - GAP) };
}
