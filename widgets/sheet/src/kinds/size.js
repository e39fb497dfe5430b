// The size of a picture: a menu of shapes, or any width and height.
import { make } from "../../../shared/dom.js";
import { iconButton, press } from "../buttons.js";
import { NumberBox } from "../number_box.js";
import { inRatio } from "../ratio.js";

/** @import { Control, Field, Host, Message, Shown } from "../types" */
/** @import { Size } from "../ratio.js" */
/** @typedef {"width" | "height"} Side */

/** @type {Side[]} */
const SIDES = ["width", "height"];
const CUSTOM = "Custom";
const STEP = 8; // px

/**
 * Make a menu of shapes, and under it width and height, a button that swaps them and a lock of their
 * ratio. A value is null for the model's own size, which is what is inherited.
 * @param {Host} host
 * @returns {Control}
 */
export function makeSize(host) {
  const control = new SizeControl(host);
  return {
    element: control.element,
    target: null,
    describe: (field) => control.describe(field),
    show: (shown) => control.show(shown),
    disable: (isDisabled) => control.disable(isDisabled),
  };
}

class SizeControl {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    /** @type {Size | null} */
    this.value = null;
    /** @type {Size | null} */
    this.inherited = null;
    /** @type {Size | null} */
    this.locked = null; // a size with the ratio that is kept
    /** @type {Partial<Record<Side, Message | null>>} */
    this.said = {};
    this.shape = make("select", {
      class: "mls-input mls-select",
      "aria-label": "Shape",
      onchange: () => this.choose(),
    });
    this.boxes = { width: this.makeBox("width"), height: this.makeBox("height") };
    this.swap = iconButton("swap", "Swap width and height", () => this.swapSides());
    this.lock = iconButton("ratio", "Keep the ratio of width to height", () => this.lockOrNot());
    const { width, height } = this.boxes;
    const times = make("span", { class: "mls-times", "aria-hidden": "true" }, "×");
    const sides = [width.element, times, height.element, this.swap, this.lock];
    const line = make("div", { class: "mls-line" }, ...sides);
    this.element = make("div", { class: "mls-size-box" }, this.shape, line);
    this.showLock();
  }

  /** The size in force, null where it is not known. */
  get size() {
    return this.value ?? this.inherited;
  }

  /** @param {Side} side */
  makeBox(side) {
    const label = side === "width" ? "Width" : "Height";
    return new NumberBox({
      id: `${this.host.id}-${side}`,
      label,
      signal: this.host.signal,
      set: (pixels, isMoving) => this.setSide(side, pixels, isMoving),
      wrong: (message, text) => this.wrong(side, message, text),
    });
  }

  /** @param {Field} field */
  describe(field) {
    this.field = field;
    const step = field.step ?? STEP;
    for (const box of Object.values(this.boxes)) {
      box.describe({ ...field, kind: "whole", optional: true, step, unit: "" });
    }
  }

  /** @param {Shown} shown */
  show({ value, inherited }) {
    const isNews = !isSame(value, this.value);
    this.value = value;
    this.inherited = inherited;
    for (const side of SIDES) {
      const shown = {
        value: value?.[side] ?? null,
        inherited: inherited?.[side] ?? null,
        note: "",
      };
      this.boxes[side].show(shown);
    }
    if (isNews) this.forget();
    const choices = this.field.choices ?? [];
    const labels = [...choices.map(([label]) => label), CUSTOM];
    if (labels.join("\n") !== [...this.shape.options].map((one) => one.label).join("\n")) {
      this.shape.replaceChildren(...labels.map((label) => make("option", {}, label)));
    }
    const at = choices.findIndex(([, size]) => isSame(size, value));
    this.shape.selectedIndex = at < 0 ? choices.length : at;
    this.shape.classList.toggle("mls-inherited", value === null);
    this.swap.disabled = this.size === null;
    this.lock.disabled = this.size === null;
  }

  choose() {
    const choice = this.field.choices?.[this.shape.selectedIndex];
    if (choice) this.give(choice[1]);
    else if (this.size) this.give({ ...this.size });
    else this.boxes.width.input.focus();
  }

  /**
   * @param {Side} side
   * @param {any} pixels null for an emptied box
   * @param {boolean} isMoving
   */
  setSide(side, pixels, isMoving) {
    if (pixels === null) {
      this.give(null);
      return;
    }
    const size = this.size ?? { width: pixels, height: pixels };
    const step = this.field.step ?? STEP;
    const kept = this.locked && pixels > 0;
    const next = kept
      ? inRatio(side, pixels, this.locked ?? size, step)
      : { ...size, [side]: pixels };
    this.host.set(next, isMoving);
  }

  /** @param {Size | null} size */
  give(size) {
    if (this.locked && size) this.locked = size;
    this.host.set(size);
  }

  swapSides() {
    const { size } = this;
    if (size) this.give({ width: size.height, height: size.width });
  }

  lockOrNot() {
    this.locked = this.locked ? null : this.size;
    this.showLock();
  }

  showLock() {
    press(this.lock, this.locked !== null);
  }

  /**
   * Say what is wrong with either side; a button that mends it mends the size.
   * @param {Side} side
   * @param {Message | null} message
   * @param {string} [text]
   */
  wrong(side, message, text) {
    const { action } = message ?? {};
    const mended = action && { ...action, value: { ...this.size, [side]: action.value } };
    this.said[side] = message && { ...message, action: mended };
    this.host.wrong(this.said.width ?? this.said.height ?? null, text);
  }

  /** Another size is set: what was said of numbers is no longer true, that of a text still is. */
  forget() {
    for (const side of SIDES) {
      if (this.boxes[side].isWrong) continue;
      this.said[side] = null;
      this.boxes[side].input.removeAttribute("aria-invalid");
    }
    const left = SIDES.find((side) => this.said[side]);
    if (left) this.host.wrong(this.said[left] ?? null, this.boxes[left].input.value);
  }

  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    for (const box of Object.values(this.boxes)) box.input.disabled = isDisabled;
    this.shape.disabled = isDisabled;
    if (isDisabled) this.swap.disabled = this.lock.disabled = true;
  }
}

/**
 * @param {Size | null} one
 * @param {Size | null} other
 */
const isSame = (one, other) => one?.width === other?.width && one?.height === other?.height;
