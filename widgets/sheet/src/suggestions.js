// A line of text with a list of what it may be: opened by typing, by an arrow or by a click.
import { ListBox } from "../../shared/list_box.js";

/** @import { Option } from "../../shared/list_box.js" */

const MOST_SHOWN = 100; // a longer list is found by typing on

/**
 * @typedef {object} SuggestionsOwner
 * @property {() => Option[]} options return all that may be offered
 * @property {(option: Option) => void} accept
 * @property {() => boolean} isTyped say whether the text is what a person types, so that it filters
 * @property {AbortSignal} signal
 */

export class Suggestions {
  /**
   * @param {Element} root
   * @param {HTMLInputElement} input which has an id
   * @param {SuggestionsOwner} owner
   */
  constructor(root, input, owner) {
    this.input = input;
    this.owner = owner;
    /** @type {Option[]} */
    this.offered = [];
    this.list = new ListBox(root, input, (index) => this.accept(index));
    const options = { signal: owner.signal };
    input.addEventListener("input", () => this.open(), options);
    input.addEventListener("pointerdown", () => this.open(), options);
    input.addEventListener("blur", () => this.list.hide(), options);
    input.addEventListener("keydown", (event) => this.press(event), options);
  }

  /**
   * Show what fits the text.
   * @param {number} at the one that is marked; -1 for none
   */
  open(at = -1) {
    const { input, list, owner } = this;
    this.offered = fitting(owner.options(), owner.isTyped() ? input.value : "");
    if (!this.offered.length || input.disabled) {
      list.hide();
      return;
    }
    const { left, top, bottom, width } = input.getBoundingClientRect();
    list.list.style.minWidth = `${width}px`;
    list.open(this.offered, { left, top, bottom }, Math.min(at, this.offered.length - 1));
  }

  /** @param {number} index */
  accept(index) {
    this.list.hide();
    this.owner.accept(this.offered[index]);
  }

  /**
   * Take the keys that are the list's; the input hears no more of those.
   * @param {KeyboardEvent} event
   */
  press(event) {
    const act = event.isComposing || event.ctrlKey || event.metaKey ? null : this.actOf(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // and the sheet keeps plain keys in any case
    event.stopPropagation();
    act();
  }

  /** @param {string} key */
  actOf(key) {
    const { list } = this;
    if (key === "ArrowDown") return () => (list.isOpen ? list.step(1) : this.open(0));
    if (!list.isOpen) return null;
    if (key === "ArrowUp") return () => list.step(-1);
    if (key === "Escape") return () => list.hide();
    return key === "Enter" && list.at >= 0 ? () => this.accept(list.at) : null;
  }

  close() {
    this.list.close();
  }
}

/**
 * Return the options for a text: those that begin with it, then those that contain it.
 * @param {Option[]} options
 * @param {string} typed
 */
export function fitting(options, typed) {
  const wanted = typed.trim().toLowerCase();
  /** @type {(test: (label: string) => boolean) => Option[]} */
  const those = (test) => options.filter(({ label }) => test(label.toLowerCase()));
  const begin = those((label) => label.startsWith(wanted));
  const contain = those((label) => !label.startsWith(wanted) && label.includes(wanted));
  return [...begin, ...contain].slice(0, MOST_SHOWN);
}
