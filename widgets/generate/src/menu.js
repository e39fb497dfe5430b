// A button that opens a menu: arrows, Home, End, a letter, Enter, Escape; a click beside it closes it.
import { addTo } from "../../shared/dom.js";
import { placeAt } from "../../shared/popup.js";

/** @typedef {{ name: string, label: string, isChosen?: boolean, hint?: string }} Item */

let menus = 0; // for ids that are unique in the page

export class Menu {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   look: string, label: string, items: () => Item[], choose: (name: string) => void,
   * }} told look: the button's class
   */
  constructor(parent, { look, label, items, choose }) {
    this.items = items;
    this.choose = choose;
    this.root = addTo(parent, "div", { class: "mls-gen-menu" });
    const id = `mls-gen-menu-${++menus}`;
    this.button = addTo(this.root, "button", {
      class: look,
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-label": label,
      title: label,
      onclick: () => (this.isOpen ? this.close(true) : this.open()),
    });
    addTo(this.button, "span", { "aria-hidden": "true" }, "▾");
    this.list = addTo(this.root, "div", {
      class: "mls-gen-menu-list",
      role: "menu",
      id,
      "aria-label": label,
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null,
      hidden: "",
    });
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.leave = (/** @type {Event} */ event) => {
      if (!this.root.contains(/** @type {Node} */ (event.target))) this.close(false);
    };
  }

  get isOpen() {
    return !this.list.hidden;
  }

  open() {
    this.list.replaceChildren();
    for (const { name, label, isChosen, hint } of this.items()) {
      const role = isChosen === undefined ? "menuitem" : "menuitemradio";
      const item = addTo(this.list, "button", {
        class: "mls-gen-menu-item",
        type: "button",
        role,
        tabindex: "-1",
        "aria-checked": isChosen === undefined ? null : String(isChosen),
        onclick: () => {
          this.close(true);
          this.choose(name);
        },
      });
      addTo(item, "span", {}, label);
      if (hint) addTo(item, "small", {}, hint);
    }
    this.list.hidden = false;
    placeAt(this.button, this.list);
    if (this.list.popover) this.list.showPopover();
    if (this.list.getBoundingClientRect().left < 0) {
      Object.assign(this.list.style, { left: "0", right: "auto" });
    }
    this.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.leave, true);
    this.buttons[0]?.focus();
  }

  /** @param {boolean} returns whether the focus goes back to the button */
  close(returns) {
    if (!this.isOpen) return;
    if (this.list.popover) this.list.hidePopover();
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.leave, true);
    if (returns) this.button.focus();
  }

  /** @returns {HTMLElement[]} */
  get buttons() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll("button"))];
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.isOpen) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      this.open();
    } else if (event.key === "Escape") this.close(true);
    else if (event.key === "Tab") {
      this.close(false);
      return;
    } else {
      const { buttons } = this;
      const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const last = buttons.length - 1;
      /** @type {Record<string, number>} */
      const to = {
        ArrowDown: at === last ? 0 : at + 1,
        ArrowUp: at <= 0 ? last : at - 1,
        Home: 0,
        End: last,
      };
      if (!(event.key in to)) return;
      buttons[to[event.key]].focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
