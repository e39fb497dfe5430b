// The menu of the stages that are off: "+ Stage".
import { addTo, make } from "../../shared/dom.js";

/** @import { OffStage } from "./types" */

let menus = 0; // for ids that are unique in the page

export class Menu {
  /**
   * @param {HTMLElement} parent
   * @param {(name: string) => void} choose
   */
  constructor(parent, choose) {
    this.choose = choose;
    this.box = addTo(parent, "div", { class: "mls-stage-menu-box" });
    this.id = `mls-stage-menu-${++menus}`;
    this.button = addTo(
      this.box,
      "button",
      {
        class: "mls-button-small mls-stage-add",
        type: "button",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: () => this.show(this.list.hidden),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          this.show(true);
        },
      },
      "+ Stage",
    );
    this.list = addTo(this.box, "div", {
      class: "mls-stage-menu",
      id: this.id,
      role: "menu",
      "aria-label": "Stages that are off",
      hidden: "",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
    });
    /** @param {Event} event */
    this.away = (event) => {
      if (!this.box.contains(/** @type {Node} */ (event.target))) this.show(false);
    };
    parent.ownerDocument.addEventListener("pointerdown", this.away);
    this.box.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.box.contains(/** @type {Node} */ (event.relatedTarget))) {
        this.show(false);
      }
    });
  }

  /** @param {OffStage[]} stages */
  offer(stages) {
    this.box.hidden = stages.length === 0;
    this.list.replaceChildren(
      ...stages.map(({ name, title, help }) =>
        make(
          "button",
          {
            class: "mls-stage-item",
            type: "button",
            role: "menuitem",
            tabindex: -1,
            onclick: () => this.take(name),
          },
          make("span", { class: "mls-stage-item-title" }, title),
          make("span", { class: "mls-stage-item-help" }, help),
        ),
      ),
    );
  }

  /** @param {string} name */
  take(name) {
    this.show(false);
    this.button.focus();
    this.choose(name);
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.list.hidden = !isShown;
    this.button.setAttribute("aria-expanded", String(isShown));
    if (isShown) this.items[0]?.focus();
  }

  /** @returns {HTMLElement[]} */
  get items() {
    return /** @type {HTMLElement[]} */ ([...this.list.children]);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { items } = this;
    const at = items.indexOf(/** @type {HTMLElement} */ (event.target));
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + items.length,
      Home: 0,
      End: items.length - 1,
    };
    if (event.key === "Escape") {
      event.preventDefault();
      this.show(false);
      this.button.focus();
    } else if (event.key in moves) {
      event.preventDefault();
      items[moves[event.key] % items.length]?.focus();
    }
  }

  close() {
    this.box.ownerDocument.removeEventListener("pointerdown", this.away);
  }
}
