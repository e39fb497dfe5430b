// A view of the sheet: its groups of rows, as the model has them.
import { addTo } from "../../shared/dom.js";
import { bringIntoView } from "../../shared/into_view.js";
import { Link } from "./link.js";
import { scopeOf } from "./scope.js";
import { Section } from "./section.js";

/** @import { Arrived, Group, Model, Reveal, Taken, Thumbnail } from "./types" */

export class SheetView {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.ended = new AbortController();
    this.root = addTo(el, "div", { class: "mls-sheet" });
    this.voice = addTo(this.root, "div", { class: "mls-unseen", role: "status" });
    this.groups = addTo(this.root, "div", { class: "mls-sheet-groups" });
    this.link = new Link(model, (name) => this.update(name));
    this.scope = scopeOf(model, this.link, (text) => this.say(text));
    /** @type {Map<string, Section>} */
    this.sections = new Map();
    this.shown = this.follow();
    this.root.addEventListener("keydown", keepPlainKeys, { signal: this.ended.signal });
    this.draw();
  }

  /** Listen to the model. */
  follow() {
    const update = () => this.update();
    const draw = () => this.draw();
    /** @type {Map<string, (...what: any[]) => void>} */
    const shown = new Map([
      ["change:fields", draw],
      ["change:groups", draw],
      ["change:values", update],
      ["change:inherited", update],
      ["change:messages", update],
      ["change:disabled", update],
      ["change:tokens", update],
      [
        "msg:custom",
        (/** @type {any} */ message, /** @type {any} */ buffers) => this.hear(message, buffers),
      ],
    ]);
    for (const [event, act] of shown) this.model.on(/** @type {any} */ (event), act);
    return shown;
  }

  /**
   * @param {Taken | Thumbnail | Arrived | Reveal} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "reveal") this.reveal(message.name);
    else if (message.kind === "view") this.view(message.name);
    else this.link.hear(message, buffers);
  }

  /** Draw the groups in their order, each with its fields; those of no group come first. */
  draw() {
    const fields = this.model.get("fields");
    const before = this.sections;
    this.sections = new Map();
    for (const group of this.described()) {
      const name = group?.name ?? "";
      const known = before.get(name);
      const isSame = known && JSON.stringify(known.group) === JSON.stringify(group);
      const section = isSame ? known : new Section(group, this.scope);
      if (isSame) before.delete(name);
      this.sections.set(name, section);
      section.draw(fields.filter((field) => (field.group ?? "") === name));
    }
    for (const section of before.values()) section.close();
    // Only what stands elsewhere is moved: moving takes the focus away.
    [...this.sections.values()].forEach(({ element }, index) => {
      const there = this.groups.children[index];
      if (there !== element) this.groups.insertBefore(element, there ?? null);
    });
  }

  /** @returns {(Group | null)[]} those that have fields */
  described() {
    const used = new Set(this.model.get("fields").map(({ group }) => group ?? ""));
    const known = this.model.get("groups").filter(({ name }) => used.has(name));
    const names = new Set(known.map(({ name }) => name));
    const others = [...used].filter((name) => name && !names.has(name));
    return [
      ...(used.has("") ? [null] : []),
      ...known,
      ...others.map((name) => ({ name, title: name })),
    ];
  }

  /** @param {string} [name] */
  update(name) {
    for (const section of this.sections.values()) section.update(name);
  }

  /**
   * Have a field seen, its group open, and the focus in it.
   * @param {string} name a field's, or the path of a setting inside a unit
   */
  reveal(name) {
    const row = this.opened(name);
    if (!row) return;
    row.element.scrollIntoView({ block: "nearest" });
    const { control, field } = row;
    if (field.name !== name) control.reveal?.(name.slice(field.name.length + 1));
    else if (control.target) control.target.focus({ preventScroll: true });
    else firstIn(control.element)?.focus({ preventScroll: true });
  }

  /**
   * Have a field seen with what is told of it; the focus stays where it is.
   * @param {string} name
   */
  view(name) {
    const row = this.opened(name);
    if (row) bringIntoView(row.element);
  }

  /**
   * The row that has a field, after its group was opened.
   * @param {string} name
   */
  opened(name) {
    for (const section of this.sections.values()) {
      const row = section.rows.around(name);
      if (!row) continue;
      section.open(true);
      return row;
    }
    return undefined;
  }

  /** @param {string} text */
  say(text) {
    this.voice.textContent = text;
  }

  close() {
    for (const [event, act] of this.shown) this.model.off(/** @type {any} */ (event), act);
    this.link.close();
    for (const section of this.sections.values()) section.close();
    this.ended.abort();
  }
}

/**
 * Keep plain keys in the sheet: JupyterLab's own cut and convert cells. Esc that takes nothing back
 * is the panel's, which closes what is open.
 * @param {KeyboardEvent} event
 */
function keepPlainKeys(event) {
  const isCommand = event.ctrlKey || event.metaKey || event.altKey;
  const isClosing = event.key === "Escape" && !event.defaultPrevented;
  if (!isCommand && !isClosing) event.stopPropagation();
}

/**
 * Return what can have the focus in a group of controls.
 * @param {Element} element
 * @returns {HTMLElement | null}
 */
const firstIn = (element) =>
  element.querySelector(
    "input:enabled:not([hidden]), select:enabled, button:enabled:not([hidden])",
  );
