// The list beside the picture: for each box whether it counts, its place, its prompt and strength.
import { make } from "../../shared/dom.js";
import { nameOf, reordered } from "./boxes.js";
import { asPercent, makeButton, makeGroup, makeSlider } from "./controls.js";

/** @import { Detection } from "./types" */
/** @import { Store } from "./store.js" */

const STAGE_STRENGTH = 0.4; // where the slider stands while the stage's strength counts

export class BoxList {
  /**
   * @param {Store} store
   * @param {HTMLElement} whenEmpty gets the focus when the last box is removed
   */
  constructor(store, whenEmpty) {
    this.store = store;
    this.whenEmpty = whenEmpty;
    /** @type {BoxRow[]} */
    this.rows = [];
    /** The chosen box that was scrolled into view. */
    this.scrolled = -1;
    this.list = make("ol", { class: "mls-viewer-list" });
    const hint = "No boxes. Add one, then drag over the part to repaint.";
    this.none = make("p", { class: "mls-viewer-none" }, hint);
    this.root = makeGroup("mls-viewer-side", "Parts to repaint", this.none, this.list);
  }

  update() {
    const { boxes, selected } = this.store;
    while (this.rows.length < boxes.length) {
      const row = new BoxRow(this, this.rows.length);
      this.rows.push(row);
      this.list.append(row.root);
    }
    for (const row of this.rows.splice(boxes.length)) row.root.remove();
    this.rows.forEach((row, index) => row.show(boxes[index], index === selected));
    this.none.hidden = boxes.length > 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }

  /**
   * Move a box up (-1) or down (1); the focus goes with it.
   * @param {number} index
   * @param {number} by
   */
  move(index, by) {
    this.store.changeBoxes(reordered(this.store.boxes, index, index + by), index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }

  /** @param {number} index */
  remove(index) {
    const boxes = this.store.boxes.filter((_, i) => i !== index);
    this.store.changeBoxes(boxes, Math.min(index, boxes.length - 1));
  }
}

class BoxRow {
  /**
   * @param {BoxList} list
   * @param {number} index
   */
  constructor(list, index) {
    const { store } = list;
    this.list = list;
    this.index = index;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => store.changeBox(index, { enabled: this.tick.checked }),
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => store.select(store.selected === index ? -1 : index),
    });
    this.up = makeButton("up", "up", "Draw it earlier", () => list.move(index, -1));
    this.down = makeButton("down", "down", "Draw it later", () => list.move(index, 1));
    this.trash = makeButton("remove", "trash", "Remove it", () => this.remove());
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => store.changeBox(index, { prompt: this.prompt.value.trim() || null }),
    });
    this.strength = this.makeStrength();
    this.reset = makeButton("reset", "reset", "Use the stage’s strength", () =>
      store.changeBox(index, { denoising_strength: null }),
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset),
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.trash);
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details,
    );
  }

  makeStrength() {
    /** @param {number} value */
    const text = (value) => value.toFixed(2);
    const range = { min: 0, max: 1, step: 0.05, text };
    const slider = makeSlider("strength", "Strength", range, (value) => slider.show(value));
    // Python is told when the slider is let go, so that a drag is one change.
    slider.input.addEventListener("change", () => {
      const strength = Number(slider.input.value);
      this.list.store.changeBox(this.index, { denoising_strength: strength });
    });
    return slider;
  }

  remove() {
    const { index, list } = this;
    list.remove(index);
    const next = list.rows[Math.min(index, list.rows.length - 1)];
    (next?.name ?? list.whenEmpty).focus();
  }

  /**
   * @param {Detection} detection
   * @param {boolean} isChosen
   */
  show(detection, isChosen) {
    const name = nameOf(detection, this.index);
    const confidence = detection.confidence < 1 ? asPercent(detection.confidence) : "";
    this.root.dataset.selected = String(isChosen);
    this.root.dataset.enabled = String(detection.enabled);
    this.tick.checked = detection.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = detection.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, confidence));
    this.name.setAttribute("aria-expanded", String(isChosen));
    this.up.disabled = this.index === 0;
    this.down.disabled = this.index === this.list.store.boxes.length - 1;
    this.details.hidden = !isChosen;
    const shadow = /** @type {Document | ShadowRoot} */ (this.prompt.getRootNode());
    const isTyped = shadow.activeElement === this.prompt;
    if (!isTyped) this.prompt.value = detection.prompt ?? "";
    this.showStrength(detection.denoising_strength);
  }

  /** @param {number | null} strength */
  showStrength(strength) {
    this.strength.show(strength ?? STAGE_STRENGTH);
    this.strength.row.dataset.unset = String(strength === null);
    if (strength === null) this.strength.readout.textContent = "as stage";
    this.reset.disabled = strength === null;
  }
}
