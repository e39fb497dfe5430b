// A list of suggestions that hangs at a text, in the window's top layer.
import { addTo, make, targetOf } from "./dom.js";

/** @import { Size } from "./geometry.js" */

/** @typedef {{ label: string, note?: string }} Option what is offered, and a word about it */
/** @typedef {{ left: number, top: number, bottom: number }} Anchor in the window, in CSS pixels */

const GAP = 4; // px to the anchor, and to the edge of the window

export class ListBox {
  /**
   * @param {Element} root
   * @param {HTMLInputElement | HTMLTextAreaElement} input which has an id
   * @param {(index: number) => void} accept called with the option that is chosen
   */
  constructor(root, input, accept) {
    this.input = input;
    this.at = 0;
    this.ended = new AbortController();
    this.list = addTo(root, "ul", {
      class: "mls-completion",
      id: `${input.id}-words`,
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: "",
      // The top layer, where nothing around the panel can cut it off.
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null,
    });
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", this.list.id);
    // A text of several lines may not be a combobox; the option that is marked is read all the same.
    this.isCombobox = input.tagName === "INPUT";
    if (this.isCombobox) input.setAttribute("role", "combobox");
    this.tellOpen(false);
    // Pressed, not clicked: the focus stays in the text.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = targetOf(event).closest("li");
      if (option) accept([...this.list.children].indexOf(option));
    });
    this.top = 0;
    // The list hangs in the window: it would stay behind when the page moves under it. A scroll is
    // told a frame late, so that of the focus may be told when the list has been opened after it.
    const scrolled = () => {
      if (this.isOpen && Math.abs(input.getBoundingClientRect().top - this.top) >= 1) this.hide();
    };
    const { signal } = this.ended;
    document.addEventListener("scroll", scrolled, { capture: true, signal });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /**
   * Show options.
   * @param {Option[]} options
   * @param {Anchor} anchor the line they hang at
   * @param {number} at the one that is marked; -1 for none
   */
  open(options, anchor, at = 0) {
    const { list } = this;
    list.replaceChildren(...options.map((option, index) => this.makeOption(option, index)));
    list.hidden = false;
    if (list.popover) list.showPopover();
    this.tellOpen(true);
    this.top = this.input.getBoundingClientRect().top;
    list.scrollTop = 0;
    const room = { width: innerWidth, height: innerHeight };
    const { left, top } = placeOf(list.getBoundingClientRect(), anchor, room);
    list.style.left = `${left}px`;
    list.style.top = `${top}px`;
    this.mark(at);
  }

  hide() {
    const { input, list } = this;
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    list.replaceChildren();
    this.tellOpen(false);
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {boolean} isOpen */
  tellOpen(isOpen) {
    if (this.isCombobox) this.input.setAttribute("aria-expanded", String(isOpen));
  }

  /**
   * Mark the next option (1) or the one before (-1); after the last comes the first.
   * @param {number} by
   */
  step(by) {
    const { length } = this.list.children;
    this.mark(this.at < 0 && by < 0 ? length - 1 : (this.at + by + length) % length);
  }

  /** @param {number} index */
  mark(index) {
    this.at = index;
    const options = [...this.list.children];
    for (const option of options) {
      option.setAttribute("aria-selected", String(option === options[index]));
    }
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else {
      options[index].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", options[index].id);
    }
  }

  /**
   * @param {Option} option
   * @param {number} index
   */
  makeOption({ label, note }, index) {
    return make(
      "li",
      { class: "mls-word", id: `${this.input.id}-word-${index}`, role: "option" },
      make("span", { class: "mls-word-label" }, label),
      make("span", { class: "mls-word-kind" }, note ?? ""),
    );
  }

  /** Take the list out of the page. */
  close() {
    this.ended.abort();
    this.list.remove();
  }
}

/**
 * Return the place of a list: under its anchor, or above it where there is no room below; never out
 * of the window.
 * @param {Size} list
 * @param {Anchor} anchor
 * @param {Size} room the window
 */
export function placeOf({ width, height }, anchor, room) {
  const left = Math.max(GAP, Math.min(anchor.left, room.width - width - GAP));
  const below = anchor.bottom + GAP;
  const isBelow = below + height <= room.height;
  return { left, top: isBelow ? below : Math.max(GAP, anchor.top - height - GAP) };
}
