// The place of a stage's sheet: in the list's place, closed by Esc, with the focus going to and fro.

const COLUMN = ".mls-form";
const SHEET = ".mls-form-sheet";
const FIRST = ".mls-form-sheet-close";

export class Place {
  /**
   * @param {HTMLElement} el the list's element
   * @param {(name: string) => HTMLElement | undefined} opener returns the button of a stage
   * @param {(name: string) => void} open
   */
  constructor(el, opener, open) {
    this.el = el;
    this.opener = opener;
    this.opened = "";
    this.scrolled = 0;
    /** @param {KeyboardEvent} event */
    this.press = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (!this.opened || event.key !== "Escape" || event.defaultPrevented) return;
      if (!target.closest?.(SHEET)) return;
      event.preventDefault();
      event.stopPropagation();
      open("");
    };
    /** @type {HTMLElement | null} */
    this.column = null;
  }

  /** Hear Esc inside the panel, which keeps plain keys from the page. */
  listen() {
    const column = /** @type {HTMLElement | null} */ (this.el.closest(COLUMN));
    if (column === this.column) return;
    this.column?.removeEventListener("keydown", this.press);
    this.column = column;
    column?.addEventListener("keydown", this.press);
  }

  /** The part of the column that scrolls. */
  get scroller() {
    let part = this.el.closest(COLUMN)?.parentElement;
    while (part && part.scrollHeight <= part.clientHeight) part = part.parentElement;
    return part;
  }

  /** @param {string} name */
  show(name) {
    if (name === this.opened) return;
    this.listen();
    const before = this.opened;
    this.opened = name;
    if (name && !before) this.scrolled = this.scroller?.scrollTop ?? 0;
    // The sheet's own widget is drawn after this change.
    this.el.ownerDocument.defaultView?.setTimeout(() => this.move(before), 60);
  }

  /** @param {string} before */
  move(before) {
    if (this.opened) {
      const first = this.el.closest(COLUMN)?.querySelector(FIRST);
      /** @type {HTMLElement | null | undefined} */ (first)?.focus({ preventScroll: true });
      const { scroller } = this;
      if (scroller) scroller.scrollTop = 0;
    } else {
      const { scroller } = this;
      if (scroller) scroller.scrollTop = this.scrolled;
      this.opener(before)?.focus({ preventScroll: true });
    }
  }

  close() {
    this.column?.removeEventListener("keydown", this.press);
  }
}
