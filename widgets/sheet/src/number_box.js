// A number that is typed, or stepped by keys; its unit stands in the same box.
import { make } from "../../shared/dom.js";
import { arithmeticOf, outside, stepsOf } from "./numbers.js";

/** @import { Field, Message, Shown, Value } from "./types" */

/**
 * @typedef {object} Owner
 * @property {string} id
 * @property {AbortSignal} signal
 * @property {string} [label] the name, where no label names the box
 * @property {(value: Value, isMoving: boolean) => void} set take a number, null for none
 * @property {(message: Message | null, text?: string) => void} wrong
 */

export class NumberBox {
  /** @param {Owner} owner */
  constructor(owner) {
    this.owner = owner;
    this.input = make("input", {
      class: "mls-input",
      id: owner.id,
      type: "text",
      role: "spinbutton",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": owner.label,
    });
    this.unit = make("span", { class: "mls-unit", "aria-hidden": "true" });
    this.element = make("div", { class: "mls-number" }, this.input, this.unit);
    this.unit.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.input.focus();
    });
    this.arithmetic = arithmeticOf("number");
    /** @type {Field | undefined} */
    this.field = undefined;
    /** @type {Shown} */
    this.shown = { value: null, inherited: null, note: "" };
    this.text = ""; // as it is shown while nobody types
    this.isWrong = false;
    this.isMoving = false;
    this.listen();
  }

  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.arithmetic = arithmeticOf(field.kind);
    this.element.classList.toggle("mls-unit-first", field.unit === "×");
    this.showUnit();
    this.setOrRemove("aria-valuemin", field.min);
    this.setOrRemove("aria-valuemax", field.max);
  }

  showUnit() {
    this.unit.textContent = this.unitOf(this.shown.value ?? this.shown.inherited);
  }

  /**
   * The unit, or what 0 stands for.
   * @param {Value} value
   */
  unitOf(value) {
    const { zero, unit } = this.field ?? {};
    return (Number(value ?? NaN) === 0 && zero) || (unit ?? "");
  }

  /** @param {Shown} shown */
  show(shown) {
    const isNews = String(shown.value) !== String(this.shown.value);
    this.shown = shown;
    this.showUnit();
    const text = this.written(shown.value);
    const hasTyped = this.input.value !== this.text;
    this.text = text;
    this.input.placeholder = this.written(shown.inherited) || (this.field?.example ?? "");
    const now = shown.value ?? shown.inherited;
    this.setOrRemove("aria-valuenow", this.isNumber(now) ? now : 0);
    this.setOrRemove("aria-valuetext", this.spoken(now));
    // What is being typed, or was typed wrong, is not lost to what Python says meanwhile.
    if (hasTyped && (this.hasFocus || (this.isWrong && !isNews))) return;
    this.settle();
  }

  /** Show the value in place of what was typed. */
  settle() {
    this.input.value = this.text;
    if (!this.isWrong) return;
    this.isWrong = false;
    this.wrong(null);
  }

  get hasFocus() {
    return this.input.ownerDocument.activeElement === this.input;
  }

  listen() {
    const { input } = this;
    const options = { signal: this.owner.signal };
    input.addEventListener("change", () => this.commit(), options);
    input.addEventListener("blur", () => this.commit(), options);
    input.addEventListener("keydown", (event) => this.press(event), options);
    input.addEventListener("keyup", () => this.rest(), options);
    selectWhenClicked(input, options);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") this.commit();
    else if (event.key === "Escape" && this.input.value !== this.text) {
      event.preventDefault();
      this.settle();
      this.input.select();
    } else if (this.step(event)) event.preventDefault();
  }

  /**
   * Step by a key; false for a key that is the text's own.
   * @param {KeyboardEvent} event
   */
  step(event) {
    const by = stepsOf(event);
    if (by === null || event.key === "ArrowLeft" || event.key === "ArrowRight") return false;
    if (typeof by === "string") {
      const limit = this.field?.slider ? this.field[by] : undefined;
      if (limit === undefined || limit === null || this.input.value !== this.text) return false;
      this.give(limit, event.repeat);
      return true;
    }
    const typed = this.arithmetic.parse(this.input.value);
    const from = typed ?? this.numberOr(this.shown.value ?? this.shown.inherited);
    this.give(this.arithmetic.stepped(from, by, this.field ?? {}), event.repeat);
    return true;
  }

  /**
   * @param {Value} value
   * @param {boolean} isMoving
   */
  give(value, isMoving) {
    this.isMoving = isMoving;
    this.input.value = this.written(value);
    this.text = this.input.value;
    this.owner.set(value, isMoving);
    this.mark(value);
    this.input.select();
  }

  /** A key that was held is let go. */
  rest() {
    if (!this.isMoving) return;
    this.isMoving = false;
    this.owner.set(this.shown.value, false);
  }

  /** Take what is typed. */
  commit() {
    this.rest();
    const { input } = this;
    const typed = input.value.trim();
    if (input.value === this.text) return;
    if (typed === "" && this.field?.optional) this.take(null);
    else {
      const value = this.arithmetic.parse(withoutUnit(typed, this.field?.unit));
      if (value === null) this.refuse(typed);
      else this.take(value);
    }
  }

  /** @param {Value} value */
  take(value) {
    this.text = this.written(value);
    this.input.value = this.text;
    if (String(value) !== String(this.shown.value)) this.owner.set(value, false);
    this.mark(value);
  }

  /** @param {string} typed */
  refuse(typed) {
    this.isWrong = true;
    const text = typed ? `“${typed}” is not a number.` : "Type a number.";
    this.wrong({ text }, typed);
  }

  /**
   * Say whether a number is outside the limits; it is sent all the same, and refused by name when
   * it is used.
   * @param {Value} value
   */
  mark(value) {
    const found = value === null ? null : outside(this.arithmetic, value, this.field ?? {});
    this.isWrong = false;
    if (!found) this.wrong(null);
    else {
      const label = `Use ${this.arithmetic.format(found.nearest, this.field?.step)}`;
      const use = { name: "use", label, value: found.nearest };
      this.wrong({ text: found.text, action: use });
    }
  }

  /**
   * Say what is wrong; a box that no label names marks itself, too.
   * @param {Message | null} message
   * @param {string} [text]
   */
  wrong(message, text) {
    if (this.owner.label) this.setOrRemove("aria-invalid", message && "true");
    this.owner.wrong(message, text);
  }

  /** @param {Value} value */
  isNumber = (value) => value !== null && this.arithmetic.parse(String(value)) !== null;

  /** @param {Value} value */
  numberOr(value) {
    return this.isNumber(value) ? value : (this.field?.min ?? 0);
  }

  /** @param {Value} value */
  written(value) {
    if (value === null || value === undefined) return "";
    return this.isNumber(value) ? this.arithmetic.format(value, this.field?.step) : String(value);
  }

  /** @param {Value} value */
  spoken(value) {
    const { note, value: own } = this.shown;
    const text = [this.written(value), this.unitOf(value)].filter(Boolean).join(" ");
    return own === null ? [text || "empty", note].filter(Boolean).join(", ") : text;
  }

  /**
   * @param {string} name
   * @param {Value} value
   */
  setOrRemove(name, value) {
    if (value === null || value === undefined) this.input.removeAttribute(name);
    else this.input.setAttribute(name, String(value));
  }
}

/**
 * Return what is typed without a unit at its end: "20 px" is 20.
 * @param {string} typed
 * @param {string} [unit]
 */
const withoutUnit = (typed, unit) =>
  unit && typed.endsWith(unit) ? typed.slice(0, -unit.length) : typed;

/**
 * Have the first click into a box select its text, as Tab does: a number is mostly typed anew.
 * @param {HTMLInputElement} input
 * @param {AddEventListenerOptions} options
 */
function selectWhenClicked(input, options) {
  let isNew = false;
  const press = () => (isNew = input.ownerDocument.activeElement !== input);
  const release = () => {
    if (isNew && input.selectionStart === input.selectionEnd) input.select();
    isNew = false;
  };
  input.addEventListener("pointerdown", press, options);
  input.addEventListener("click", release, options);
}
