// A small panel over the grid, of which one is open at a time.
import { addTo, targetOf } from "../../shared/dom.js";

/** @typedef {{ name: string, button: HTMLButtonElement, panel: HTMLElement, open: () => void }} One */

export class Popovers {
  /** @param {HTMLElement} root in which a click outside of the open one closes it */
  constructor(root) {
    this.root = root;
    /** @type {One | null} */
    this.opened = null;
    /** @param {Event} event */
    this.outside = (event) => {
      const { opened } = this;
      const at = targetOf(event);
      if (opened && !opened.panel.contains(at) && !opened.button.contains(at)) this.close(false);
    };
    document.addEventListener("pointerdown", this.outside, true);
  }

  end() {
    document.removeEventListener("pointerdown", this.outside, true);
  }

  /**
   * Make a panel that a button opens and closes.
   * @param {HTMLButtonElement} button
   * @param {string} name its class and, for screen readers, its name
   * @param {() => void} open fills the panel each time
   */
  add(button, name, open) {
    const kind = name.toLowerCase().replaceAll(" ", "-");
    const panel = addTo(this.root, "div", {
      class: `mls-gallery-popover mls-gallery-${kind}`,
      role: "dialog",
      "aria-label": name,
      hidden: "",
    });
    /** @type {One} */
    const one = { name, button, panel, open };
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      if (this.opened === one) this.close();
      else this.show(one);
    });
    return panel;
  }

  /** @param {One} one */
  show(one) {
    this.close(false);
    this.opened = one;
    one.open();
    one.panel.hidden = false;
    one.button.setAttribute("aria-expanded", "true");
    /** @type {HTMLElement | null} */
    const first = one.panel.querySelector("input, select, button:not([disabled])");
    first?.focus();
  }

  /**
   * Close the open panel; return whether there was one.
   * @param {boolean} [goesBack] whether the button that opened it has the focus again
   */
  close(goesBack = true) {
    const { opened } = this;
    if (!opened) return false;
    this.opened = null;
    opened.panel.hidden = true;
    opened.button.setAttribute("aria-expanded", "false");
    if (goesBack) opened.button.focus();
    return true;
  }
}
