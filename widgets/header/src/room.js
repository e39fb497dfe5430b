// The room of the studio: its height, what is folded away, and whether it fills the window. The state
// stands in attributes of the panel; the style sheet does the rest.
import { targetOf } from "../../shared/dom.js";
import { KEYS, TEXT_FIELD, isKey } from "../../shared/keys.js";
import { fill } from "./filled.js";
import { Folds } from "./folds.js";
import { keepHeight } from "./height.js";
import { KeysList } from "./keys_list.js";
import { recall, remember } from "./memory.js";

/** @import { Part, Room as Size } from "./folds.js" */

const TEXT = `${TEXT_FIELD}, select`;
// What Esc ends first, without a word to others: what lies over the page, and a search that is begun.
const OPENED = "[popover=auto]:popover-open";
const SEARCH = "input[type=search]:not(:placeholder-shown)";

export class Room {
  /**
   * @param {HTMLElement} panel
   * @param {HTMLElement} probe an element in it, to which the style sheet tells how wide it is
   * @param {() => void} redraw called after each change
   */
  constructor(panel, probe, redraw) {
    this.panel = panel;
    this.probe = probe;
    this.redraw = redraw;
    this.ended = new AbortController();
    const { signal } = this.ended;
    const { filled, ...columns } = recall();
    this.folds = new Folds(columns);
    this.keys = new KeysList(panel);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(panel);
    keepHeight(panel, signal);
    panel.dataset.filled ??= "false";
    panel.addEventListener("mls-open-shelf", (event) => this.answer(event), { signal });
    panel.addEventListener("mls-open-settings", () => this.set("left", true), { signal });
    // Captured, and looked at after all others: whoever used the key has said so by then.
    const hear = (/** @type {KeyboardEvent} */ event) => {
      const ends = event.key === "Escape" && this.endsFirst(event);
      setTimeout(() => ends || this.press(event));
    };
    document.addEventListener("keydown", hear, { capture: true, signal });
    this.draw();
    if (filled) this.fill(true);
  }

  close() {
    this.watch.disconnect();
    fill(this.panel, false);
    this.ended.abort();
  }

  /** @returns {Size} */
  get size() {
    const told = getComputedStyle(this.probe).getPropertyValue("--mls-room").trim();
    return told === "narrow" || told === "middle" ? told : "wide";
  }

  get isFilled() {
    return this.panel.dataset.filled === "true";
  }

  /** @param {Part} part */
  isOpen(part) {
    return this.folds.isOpen(part, this.size);
  }

  /**
   * Open or close a part.
   * @param {Part} part
   * @param {boolean} isOpen
   */
  set(part, isOpen = !this.isOpen(part)) {
    this.folds.set(part, this.size, isOpen);
    remember(this.folds.columns);
    this.draw();
  }

  /** @param {boolean} isFilled */
  fill(isFilled) {
    fill(this.panel, isFilled);
    remember({ filled: isFilled });
    this.redraw();
  }

  draw() {
    for (const part of /** @type {const} */ (["left", "shelf"])) {
      this.panel.dataset[part] = this.isOpen(part) ? "open" : "folded";
    }
    this.keepFocus();
    this.redraw();
  }

  /** A control that is folded away loses the focus; the page, whose keys do other things, gets none. */
  keepFocus() {
    const focused = document.activeElement;
    if (focused && focused !== this.panel && this.panel.contains(focused)) {
      if (!focused.checkVisibility()) this.panel.focus({ preventScroll: true });
    }
  }

  /**
   * Open the shelf, or close it where the tab that is open is pressed again.
   * @param {Event} event with `detail.again`: whether that tab was the open one
   */
  answer(event) {
    const { again } = /** @type {CustomEvent<{ again: boolean }>} */ (event).detail;
    const closes = again && this.isOpen("shelf") && this.size !== "wide";
    this.set("shelf", !closes);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const target = targetOf(event);
    const isHere = this.panel.contains(target) || (this.isFilled && target === document.body);
    if (event.defaultPrevented || this.keys.isOpen || !isHere) return;
    const { rows } = KEYS.studio;
    if (isKey(event, rows.escape)) this.escape();
    else if (target.closest(TEXT)) return;
    else if (isKey(event, rows.left)) this.set("left");
    else if (isKey(event, rows.shelf)) this.set("shelf");
    else if (isKey(event, rows.keys)) this.keys.open();
  }

  /**
   * Say whether Esc closes what lies over the page, or empties the search that has the focus: the
   * browser does so, and tells nobody.
   * @param {Event} event
   */
  endsFirst(event) {
    return this.panel.querySelector(OPENED) !== null || targetOf(event).matches?.(SEARCH);
  }

  escape() {
    if (this.folds.closeDrawers(this.size)) this.draw();
    else if (this.isFilled) this.fill(false);
  }
}
