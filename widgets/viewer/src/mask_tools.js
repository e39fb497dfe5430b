// The tools of the mask: the brush, undo and redo, and what changes the whole mask.
import { make } from "../../shared/dom.js";
import { clamp } from "../../shared/geometry.js";
import { asPercent, makeButton, makeGroup, makeSlider } from "./controls.js";

/** @import { Mask } from "./mask.js" */
/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

const BRUSH_STEP = 1.2; // a key makes the brush so many times larger
const LARGEST_BRUSH = 1024; // pixels of the picture; viewer.py has the same limit

/**
 * Return the size of the brush one step larger or smaller.
 * @param {number} size
 * @param {boolean} isLarger
 */
export function steppedBrush(size, isLarger) {
  const next = isLarger ? Math.ceil(size * BRUSH_STEP) : Math.floor(size / BRUSH_STEP);
  return clamp(next, 1, LARGEST_BRUSH);
}

export class MaskTools {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    /** @param {(mask: Mask) => boolean} act */
    const change = (act) => () => store.changeMask(act);
    this.brushes = [
      this.makeBrush(false, "paint", "Paint", "Paint: this is drawn again (E)"),
      this.makeBrush(true, "erase", "Erase", "Erase: this stays as it is (E)"),
    ];
    this.sliders = this.makeSliders();
    this.undo = makeButton(
      "undo",
      "undo",
      "Undo (Ctrl+Z)",
      change((mask) => mask.undo()),
    );
    this.redo = makeButton(
      "redo",
      "redo",
      "Redo (Ctrl+Shift+Z)",
      change((mask) => mask.redo()),
    );
    this.wholes = [
      makeButton(
        "invert",
        "invert",
        "Invert the mask",
        change((mask) => mask.invert()),
      ),
      makeButton(
        "fill",
        "fill",
        "Mask everything",
        change((mask) => mask.fill(255)),
      ),
      makeButton(
        "clear",
        "trash",
        "Clear the mask",
        change((mask) => mask.fill(0)),
      ),
    ];
    this.root = makeGroup(
      "mls-viewer-tools",
      "Mask",
      make("div", { class: "mls-viewer-modes" }, ...this.brushes),
      ...Object.values(this.sliders).map((slider) => slider.row),
      make("div", { class: "mls-viewer-set" }, this.undo, this.redo, ...this.wholes),
    );
  }

  /**
   * @param {boolean} erases
   * @param {"paint" | "erase"} icon
   * @param {string} label
   * @param {string} help
   */
  makeBrush(erases, icon, label, help) {
    const pick = () => this.store.set({ brush_erases: erases });
    const button = makeButton(icon, icon, help, pick, label);
    button.dataset.erases = String(erases);
    return button;
  }

  makeSliders() {
    const { store } = this;
    const share = { min: 0, max: 1, step: 0.05, text: asPercent };
    const fromLittle = { ...share, min: 0.05 };
    /** @param {number} value */
    const text = (value) => `${value} px`;
    const pixels = { min: 1, max: 512, step: 1, text };
    return {
      size: makeSlider("size", "Size", pixels, (size) => store.set({ brush_size: size })),
      hardness: makeSlider("hardness", "Hardness", share, (hardness) =>
        store.set({ brush_hardness: hardness }),
      ),
      opacity: makeSlider("opacity", "Opacity", fromLittle, (opacity) =>
        store.set({ brush_opacity: opacity }),
      ),
    };
  }

  show() {
    const { sliders, stage } = this;
    const { mask, model } = this.store;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.history.done.length === 0;
    this.redo.disabled = !isReady || mask.history.undone.length === 0;
    for (const button of [...this.brushes, ...this.wholes]) button.disabled = !isReady;
    for (const button of this.brushes) {
      const isOn = String(model.get("brush_erases")) === button.dataset.erases;
      button.setAttribute("aria-pressed", String(isOn));
    }
    if (mask) {
      const half = Math.ceil(Math.max(mask.width, mask.height) / 2);
      sliders.size.input.max = String(Math.min(LARGEST_BRUSH, half));
    }
    for (const slider of Object.values(sliders)) slider.input.disabled = !isReady;
    sliders.size.show(model.get("brush_size"));
    sliders.hardness.show(model.get("brush_hardness"));
    sliders.opacity.show(model.get("brush_opacity"));
  }
}
