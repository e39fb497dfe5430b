// The bin of models: each can come back, or be removed for good.
import { addTo } from "../../shared/dom.js";
import { addPageHead } from "./page_head.js";

/** @import { BinnedRow } from "./types" */

export class Bin {
  /**
   * @param {HTMLElement} parent
   * @param {() => void} back
   * @param {(action: string, id: string) => void} act
   */
  constructor(parent, back, act) {
    this.act = act;
    this.root = addTo(parent, "section", {
      class: "mls-model-drawer mls-models-bin",
      "aria-label": "Bin of models",
      hidden: "",
    });
    const { head, back: button, title } = addPageHead(this.root, back);
    this.back = button;
    title.textContent = "Bin";
    this.empty = addTo(head, "button", { class: "mls-models-button", type: "button" });
    this.empty.addEventListener("click", () => this.removeAll());
    this.list = addTo(this.root, "ul", { class: "mls-model-body mls-models-binned" });
  }

  /** @param {BinnedRow[]} rows */
  draw(rows) {
    this.empty.textContent = "Empty the bin";
    this.empty.hidden = !rows.length;
    const held = /** @type {HTMLElement | null} */ (this.list.querySelector(":focus"));
    this.list.replaceChildren();
    for (const [id, name, about] of rows) this.drawRow(id, name, about);
    if (held) (this.list.querySelector("button") ?? this.back).focus();
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {string} about
   */
  drawRow(id, name, about) {
    const row = addTo(this.list, "li", {});
    const text = addTo(row, "div", { class: "mls-model-text" });
    addTo(text, "div", { class: "mls-model-name", title: name }, name);
    addTo(text, "div", { class: "mls-model-facts" }, about);
    const restore = addTo(row, "button", { class: "mls-models-button", type: "button" }, "Restore");
    restore.setAttribute("aria-label", `Restore ${name}`);
    restore.addEventListener("click", () => this.act("restore", id));
    const remove = addTo(row, "button", { class: "mls-models-button", type: "button" }, "Remove");
    remove.setAttribute("aria-label", `Remove ${name} for good`);
    remove.addEventListener("click", () => {
      if (remove.dataset.sure) this.act("remove", id);
      else ask(remove, "For good?");
    });
  }

  removeAll() {
    if (this.empty.dataset.sure) this.act("empty", "");
    else ask(this.empty, "Remove all for good?");
  }
}

/**
 * Let a button ask before its second click does what it says; it forgets when it loses the focus.
 * @param {HTMLButtonElement} button
 * @param {string} question
 */
function ask(button, question) {
  const before = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = question;
  const forget = () => {
    delete button.dataset.sure;
    if (button.textContent === question) button.textContent = before;
  };
  button.addEventListener("blur", forget, { once: true });
}
