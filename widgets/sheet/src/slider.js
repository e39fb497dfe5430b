// A slider: dragged, moved by keys, and taken back by a double click.
import { make } from "../../shared/dom.js";
import { arithmeticOf, snapped, stepsOf } from "./numbers.js";

/** @import { Field, Shown, Value } from "./types" */

/**
 * @typedef {object} SliderOwner
 * @property {string} label
 * @property {AbortSignal} signal
 * @property {(value: Value, isMoving: boolean) => void} set
 * @property {() => void} reset take the value back to what is inherited, or the default
 * @property {() => string} spoken return the value in words
 */

export class Slider {
  /** @param {SliderOwner} owner */
  constructor(owner) {
    this.owner = owner;
    this.input = make("input", { class: "mls-slider", type: "range", step: "any" });
    this.element = this.input;
    this.range = { min: 0, max: 1, step: 0.05 };
    this.arithmetic = arithmeticOf("number");
    this.isMoving = false;
    /** @type {Value} */
    this.value = null;
    this.isLive = true;
    this.listen();
  }

  /** @param {Field} field */
  describe({ kind, min, max, step, live, label }) {
    this.arithmetic = arithmeticOf(kind);
    this.range = { min: Number(min ?? 0), max: Number(max ?? 1), step: step ?? 1 };
    this.isLive = live ?? true;
    this.input.min = String(this.range.min);
    this.input.max = String(this.range.max);
    this.input.setAttribute("aria-label", label);
  }

  /** @param {Shown} shown */
  show({ value, inherited }) {
    if (this.isDragged) return;
    this.value = value ?? inherited;
    const { min, max } = this.range;
    const isKnown = this.arithmetic.parse(String(this.value)) !== null;
    this.input.value = String(isKnown ? Number(this.value) : (min + max) / 2);
    this.input.classList.toggle("mls-inherited", value === null);
    this.draw();
  }

  /** Whether a person holds the knob. */
  isDragged = false;

  draw() {
    const { min, max } = this.range;
    const share = (Number(this.input.value) - min) / (max - min || 1);
    this.input.style.setProperty("--share", `${(share * 100).toFixed(2)}%`);
    this.input.setAttribute("aria-valuetext", this.owner.spoken());
  }

  listen() {
    const { input } = this;
    const options = { signal: this.owner.signal };
    input.addEventListener("pointerdown", () => (this.isDragged = true), options);
    input.addEventListener("input", () => this.drag(), options);
    for (const end of ["change", "pointerup", "pointercancel"]) {
      input.addEventListener(end, () => this.drop(), options);
    }
    input.addEventListener("keydown", (event) => this.press(event), options);
    for (const end of ["keyup", "blur"]) input.addEventListener(end, () => this.drop(), options);
    input.addEventListener("dblclick", () => this.owner.reset(), options);
  }

  drag() {
    const place = snapped(Number(this.input.value), this.range);
    this.input.value = String(place);
    this.give(this.arithmetic.parse(String(place)));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const by = event.ctrlKey || event.metaKey || event.altKey ? null : stepsOf(event);
    if (by === null) return;
    event.preventDefault();
    const from =
      this.arithmetic.parse(String(this.value)) ?? this.arithmetic.parse(this.input.value);
    const next =
      typeof by === "string"
        ? this.arithmetic.parse(String(this.range[by]))
        : this.arithmetic.stepped(from ?? this.range.min, by, this.range);
    this.input.value = String(Number(next));
    this.give(next);
  }

  /** @param {Value} value */
  give(value) {
    if (String(value) === String(this.value) && !this.input.classList.contains("mls-inherited")) {
      return;
    }
    this.value = value;
    this.isMoving = true;
    this.owner.set(value, true);
    this.input.classList.remove("mls-inherited");
    this.draw();
  }

  /** The knob, or the key, is let go. */
  drop() {
    this.isDragged = false;
    if (!this.isMoving) return;
    this.isMoving = false;
    this.owner.set(this.value, false);
  }
}
