// A group of fields under its heading.
import { addTo, make } from "../../shared/dom.js";
import { icon } from "./buttons.js";
import { newId } from "./ids.js";
import { Rows } from "./rows.js";

/** @import { Field, Group, Scope } from "./types" */

export class Section {
  /**
   * @param {Group | null} group null for the fields of no group, which have no heading
   * @param {Scope} scope
   */
  constructor(group, scope) {
    const id = newId("section");
    this.group = group;
    this.isOpen = !group?.folded;
    this.body = make("div", { class: "mls-section-body", id });
    this.element = make("section", { class: "mls-section" });
    this.count = make("span", { class: "mls-section-count" });
    /** @type {HTMLButtonElement | null} */
    this.fold = null;
    if (group) this.addHeading(group, id);
    const shell = addTo(this.element, "div", { class: "mls-section-shell" }, this.body);
    this.shell = shell;
    this.rows = new Rows(this.body, scope);
    this.showOpen();
  }

  /**
   * @param {Group} group
   * @param {string} id
   */
  addHeading({ title, folded }, id) {
    const heading = addTo(this.element, "h3", { class: "mls-section-head", id: `${id}-head` });
    this.element.setAttribute("aria-labelledby", `${id}-head`);
    if (folded === undefined || folded === null) {
      heading.append(title);
      return;
    }
    this.fold = addTo(
      heading,
      "button",
      {
        class: "mls-section-fold",
        type: "button",
        "aria-controls": id,
        onclick: () => this.open(!this.isOpen),
      },
      icon("fold"),
      title,
      this.count,
    );
  }

  /**
   * Open the group, or fold it away.
   * @param {boolean} isOpen
   */
  open(isOpen) {
    this.isOpen = isOpen;
    this.showOpen();
  }

  showOpen() {
    this.fold?.setAttribute("aria-expanded", String(this.isOpen));
    this.element.classList.toggle("mls-folded", !this.isOpen);
    this.shell.inert = !this.isOpen;
  }

  /** @param {Field[]} fields */
  draw(fields) {
    this.rows.draw(fields);
    this.showCount();
  }

  /** @param {string} [name] */
  update(name) {
    this.rows.update(name);
    this.showCount();
  }

  /** Tell in the heading how many settings in it are a person's own. */
  showCount() {
    const { changed } = this.rows;
    this.count.textContent = changed ? `${changed} set` : "";
  }

  close() {
    this.rows.close();
    this.element.remove();
  }
}
