// A view of the stages: a row for each that is on, and a menu of the others.
import { addTo } from "../../shared/dom.js";
import { bringIntoView } from "../../shared/into_view.js";
import { Link } from "../../sheet/src/link.js";
import { scopeOf } from "../../sheet/src/scope.js";
import { Menu } from "./menu.js";
import { StageRow } from "./row.js";
import { Place } from "./place.js";

/** @import { Reveal, Taken } from "../../sheet/src/types" */
/** @import { Model } from "./types" */

export class StageListView {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "div", { class: "mls-sheet mls-stage-list" });
    this.voice = addTo(this.root, "div", { class: "mls-unseen", role: "status" });
    this.list = addTo(this.root, "ul", { class: "mls-stage-rows", "aria-label": "Stages" });
    this.menu = new Menu(this.root, (name) => model.send({ kind: "add", name }));
    this.link = new Link(/** @type {any} */ (model), () => this.update());
    this.scope = scopeOf(model, this.link, (text) => (this.voice.textContent = text));
    this.place = new Place(el, (name) => this.rows.get(name)?.opener, this.open);
    /** @type {Map<string, StageRow>} */
    this.rows = new Map();
    this.shown = this.follow();
    this.root.addEventListener("keydown", keepPlainKeys);
    this.draw();
    this.place.show(model.get("opened"));
  }

  /** Ask for the sheet of a stage; "" for none. */
  open = (/** @type {string} */ name) => this.model.send({ kind: "open", name });

  /** Listen to the model. */
  follow() {
    const update = () => this.update();
    const draw = () => this.draw();
    /** @type {Map<string, (...what: any[]) => void>} */
    const shown = new Map([
      ["change:rows", draw],
      ["change:more", draw],
      ["change:fields", draw],
      ["change:values", update],
      ["change:inherited", update],
      ["change:messages", update],
      ["change:disabled", update],
      ["change:opened", () => this.place.show(this.model.get("opened"))],
      ["msg:custom", (/** @type {Taken | Reveal} */ message) => this.hear(message)],
    ]);
    for (const [event, act] of shown) this.model.on(/** @type {any} */ (event), act);
    return shown;
  }

  /** @param {Taken | Reveal} message */
  hear(message) {
    if (message.kind === "taken") this.link.taken(message);
    else if (message.kind === "view") this.view(message.name);
  }

  /**
   * Have a stage's row seen with what is told of it.
   * @param {string} name
   */
  view(name) {
    const row = this.rows.get(name);
    if (row) bringIntoView(row.element);
  }

  /** Draw the rows in their order; those that are there keep their place, and the focus. */
  draw() {
    const described = this.model.get("rows");
    const fields = new Map(this.model.get("fields").map((field) => [field.name, field]));
    const names = new Set(described.map(({ name }) => name));
    for (const [name, row] of this.rows) {
      if (names.has(name)) continue;
      row.close();
      this.rows.delete(name);
    }
    described.forEach((own, index) => {
      let row = this.rows.get(own.name);
      if (!row) {
        row = new StageRow(own, this.scope, fields, this.open);
        this.rows.set(own.name, row);
      }
      row.describe(own, fields);
      const there = this.list.children[index];
      if (there !== row.element) this.list.insertBefore(row.element, there ?? null);
    });
    this.menu.offer(this.model.get("more"));
  }

  update() {
    for (const row of this.rows.values()) row.update();
  }

  close() {
    for (const [event, act] of this.shown) this.model.off(/** @type {any} */ (event), act);
    this.link.close();
    this.menu.close();
    this.place.close();
    for (const row of this.rows.values()) row.close();
  }
}

/**
 * Keep plain keys in the list: JupyterLab's own cut and convert cells.
 * @param {KeyboardEvent} event
 */
function keepPlainKeys(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}
