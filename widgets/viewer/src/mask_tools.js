// The tools of the mask: brush, lasso and rectangle, undo and redo, and what changes all of it.
import { clamp } from "../../shared/geometry.js";
import { item } from "./bar.js";
import { makeButton, makeSlider, press } from "./controls.js";

/** @import { IconName } from "./icons.js" */
/** @import { Mask } from "./mask.js" */
/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */
/** @import { MaskTool } from "./types" */

const BRUSH_STEP = 1.2; // a key makes the brush so many times larger
const LARGEST_BRUSH = 1024; // pixels of the picture; viewer.py has the same limit

/** @type {[tool: MaskTool, icon: IconName, label: string, help: string][]} */
export const MASK_TOOLS = [
  ["brush", "brush", "Brush", "Brush (P)"],
  ["lasso", "lasso", "Lasso", "Lasso: draw around a part (L)"],
  ["rectangle", "rectangle", "Rectangle", "Rectangle: drag from corner to corner (R)"],
];

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
    this.tools = MASK_TOOLS.map(([tool, icon, label, help]) => {
      const button = makeButton("tool", icon, label, help, () => store.set({ mask_tool: tool }));
      button.dataset.tool = tool;
      return button;
    });
    const help = "Erase instead of paint; Alt does it for one stroke (E)";
    this.erase = makeButton("erase", "erase", "Erase", help, () =>
      store.set({ mask_erases: !store.model.get("mask_erases") }),
    );
    this.eye = makeButton(
      "shows-mask",
      "eye",
      "Show mask",
      "Show the mask, or its outline (H)",
      () => store.set({ shows_mask: !store.model.get("shows_mask") }),
    );
    this.sliders = this.makeSliders();
    this.undo = this.makeChange("undo", "undo", "Undo", "Undo (Ctrl+Z)", (mask) => mask.undo());
    this.redo = this.makeChange("redo", "redo", "Redo", "Redo (Ctrl+Shift+Z)", (mask) =>
      mask.redo(),
    );
    this.wholes = [
      this.makeChange("invert", "invert", "Invert", "Invert the mask (I)", (mask) => mask.invert()),
      this.makeChange("fill", "fill", "Fill", "Mask everything (F)", (mask) => mask.fill(255)),
      this.makeChange("clear", "trash", "Clear", "Clear the mask (Delete)", (mask) => mask.fill(0)),
    ];
    const isBrush = () => store.model.get("mask_tool") === "brush";
    this.groups = [
      { title: "Tool", items: this.tools.map((tool) => item(tool, 1)) },
      {
        title: "How it paints",
        items: [
          item(this.erase, 1),
          item(this.sliders.size.row, 5, isBrush),
          item(this.sliders.hardness.row, 9, isBrush),
          item(this.sliders.opacity.row, 9),
        ],
      },
      { title: "Changes", items: [item(this.undo, 2), item(this.redo, 3)] },
      { title: "Whole mask", items: this.wholes.map((whole) => item(whole, 4)) },
      { title: "Look", items: [item(this.eye, 2)] },
    ];
  }

  /**
   * @param {string} name
   * @param {IconName} icon
   * @param {string} label
   * @param {string} help
   * @param {(mask: Mask) => boolean} act
   */
  makeChange(name, icon, label, help, act) {
    return makeButton(name, icon, label, help, () => this.store.masks.change(act));
  }

  makeSliders() {
    const { store } = this;
    const share = { min: 0, max: 1, step: 0.05, unit: "%", factor: 100 };
    const pixels = { min: 1, max: 512, step: 1, unit: "px" };
    return {
      size: makeSlider("size", "Brush size", pixels, {
        input: (size) => store.set({ brush_size: size }),
      }),
      hardness: makeSlider("hardness", "Hardness", share, {
        input: (hardness) => store.set({ brush_hardness: hardness }),
      }),
      opacity: makeSlider(
        "opacity",
        "Opacity",
        { ...share, min: 0.05 },
        { input: (opacity) => store.set({ brush_opacity: opacity }) },
      ),
    };
  }

  show() {
    const { sliders, stage } = this;
    const { masks, model } = this.store;
    const { mask } = masks;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.history.done.length === 0;
    this.redo.disabled = !isReady || mask.history.undone.length === 0;
    for (const one of [...this.tools, ...this.wholes, this.erase]) one.disabled = !isReady;
    this.eye.disabled = !isReady || !masks.isPainted;
    for (const one of this.tools) press(one, one.dataset.tool === model.get("mask_tool"));
    press(this.erase, model.get("mask_erases"));
    press(this.eye, model.get("shows_mask"));
    if (mask) {
      const half = Math.ceil(Math.max(mask.width, mask.height) / 2);
      sliders.size.input.max = sliders.size.number.max = String(Math.min(LARGEST_BRUSH, half));
    }
    for (const slider of Object.values(sliders)) slider.disable(!isReady);
    sliders.size.show(model.get("brush_size"));
    sliders.hardness.show(model.get("brush_hardness"));
    sliders.opacity.show(model.get("brush_opacity"));
  }
}
