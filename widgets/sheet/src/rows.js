// The rows of some fields, one below another; those that stay keep their control, and the focus.
import { Row } from "./row.js";

/** @import { Field, Scope } from "./types" */

export class Rows {
  /**
   * @param {Element} parent
   * @param {Scope} scope
   */
  constructor(parent, scope) {
    this.parent = parent;
    this.scope = scope;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
  }

  /** @param {Field[]} fields */
  draw(fields) {
    const before = this.rows;
    this.rows = new Map();
    for (const field of fields) {
      const known = before.get(field.name);
      if (known?.fits(field)) {
        known.describe(field);
        this.rows.set(field.name, known);
        before.delete(field.name);
      } else this.rows.set(field.name, new Row(field, this.scope));
    }
    for (const row of before.values()) row.close();
    [...this.rows.values()].forEach(({ element }, index) => {
      const there = this.parent.children[index];
      if (there !== element) this.parent.insertBefore(element, there ?? null);
    });
  }

  /**
   * Show what has changed, of one field or of all.
   * @param {string} [name]
   */
  update(name) {
    for (const row of this.rows.values()) {
      if (name === undefined || row.field.name === name) row.update();
    }
  }

  /**
   * Return the row of a field, or the row around a setting inside it.
   * @param {string} path
   */
  around(path) {
    const names = [...this.rows.keys()].filter((name) => path.startsWith(`${name}.`));
    return this.rows.get(path) ?? this.rows.get(names[0] ?? "");
  }

  /** How many fields have a value of their own. */
  get changed() {
    return [...this.rows.values()].filter((row) => row.isChanged).length;
  }

  close() {
    for (const row of this.rows.values()) row.close();
    this.rows.clear();
  }
}
