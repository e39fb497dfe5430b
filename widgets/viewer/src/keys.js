// What keys do in the viewer.
import { targetOf } from "../../shared/dom.js";
import { clamp } from "../../shared/geometry.js";
import { MODES } from "./bar.js";
import { draggedBox } from "./boxes.js";
import { HOWS } from "./compare_tools.js";
import { copyPicture, downloadPicture } from "./files.js";
import { MASK_TOOLS, steppedBrush } from "./mask_tools.js";
import { ZOOM_STEP } from "./picture_tools.js";

/** @import { View } from "./view.js" */
/** @typedef {Record<string, () => void>} Keys */

/**
 * A step to the right and down.
 * @typedef {[x: number, y: number]} Step
 */

/** @type {Record<string, Step>} */
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const PAN = 40; // screen pixels an arrow key moves the picture
const SPLIT = 0.01; // of the width
const TYPED_IN = "textarea, select, input:not([type=range], [type=checkbox])";

/**
 * Do what a key means, and keep it from the page if it means something here.
 * @param {View} view
 * @param {KeyboardEvent} event
 */
export function press(view, event) {
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = targetOf(event).matches(TYPED_IN) && event.key !== "Escape";
  const isUsed = !isTyping && (pressOnStage(view, event) || pressAnywhere(view, event));
  if (isUsed) event.preventDefault();
  // JupyterLab would take the rest for itself: D, D deletes a cell. Its Ctrl keys stay, and the
  // studio around the viewer has keys of its own, and stops the others.
  if (isUsed || !(isCommand || view.root.closest(".mls-studio"))) event.stopPropagation();
}

/**
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function pressAnywhere(view, event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    return undoOrRedo(view, key, event.shiftKey) || copy(view, event, key);
  }
  if (event.altKey) return false;
  if (key === "escape") return escape(view);
  const act = keysOf(view)[key];
  if (!act) return false;
  // A key that is held repeats; only steps are meant to.
  if (!event.repeat || REPEATED.includes(key)) act();
  return true;
}

const REPEATED = ["+", "=", "-", "[", "]"];

/**
 * Leave what lies over the picture, then the picture of a grid for the grid, then the grid.
 * @param {View} view
 */
function escape(view) {
  const { store, stage } = view;
  const mode = store.model.get("mode");
  if (view.bar.close()) return true;
  if (stage.hand.isAdding) stage.hand.isAdding = false;
  else if (mode === "boxes" && store.boxes.selected >= 0) store.boxes.select(-1);
  else if (mode === "grid" && store.picture) store.set({ mode: "view" });
  else if (mode !== "grid" && store.tiles.count) store.set({ mode: "grid" });
  else return false;
  store.changed();
  view.focus();
  return true;
}

/**
 * @param {View} view
 * @param {KeyboardEvent} event
 * @param {string} key
 */
function copy({ store, area }, event, key) {
  if (key !== "c" || event.target !== area || !store.picture) return false;
  copyPicture(store);
  return true;
}

/**
 * @param {View} view
 * @param {string} key
 * @param {boolean} isShifted
 */
function undoOrRedo({ store }, key, isShifted) {
  const mode = store.model.get("mode");
  const isRedo = key === "y" || (key === "z" && isShifted);
  if (!isRedo && key !== "z") return false;
  if (mode === "mask") store.masks.change((mask) => (isRedo ? mask.redo() : mask.undo()));
  else if (mode !== "boxes") return false;
  else if (isRedo) store.boxes.redo();
  else store.boxes.undo();
  return true;
}

/**
 * Return what the plain keys do.
 * @param {View} view
 * @returns {Keys}
 */
export function keysOf(view) {
  const { store, stage, pictureTools, tileTools } = view;
  const mode = store.model.get("mode");
  /** @type {Keys} */
  const modes = {};
  for (const [own] of MODES) if (own !== "grid") modes[own[0]] = () => store.enter(own);
  if (mode === "grid") return { ...modes, o: () => pictureTools.file.click() };
  /** @type {Keys} */
  const ofAll = {
    ...modes,
    0: () => stage.fit(),
    1: () => stage.actualSize(),
    "+": () => stage.zoomBy(ZOOM_STEP),
    "=": () => stage.zoomBy(ZOOM_STEP),
    "-": () => stage.zoomBy(1 / ZOOM_STEP),
    o: () => pictureTools.file.click(),
    d: () => downloadPicture(store),
    pageup: () => tileTools.step(-1),
    pagedown: () => tileTools.step(1),
  };
  if (mode === "mask") return { ...ofAll, ...keysOfMask(view) };
  if (mode === "compare") return { ...ofAll, ...keysOfCompare(view) };
  return mode === "boxes" ? { ...ofAll, a: () => view.boxTools.addByKey() } : ofAll;
}

/**
 * @param {View} view
 * @returns {Keys}
 */
function keysOfMask({ store }) {
  const { model, masks } = store;
  /** @param {boolean} isLarger */
  const brush = (isLarger) =>
    store.set({ brush_size: steppedBrush(model.get("brush_size"), isLarger) });
  const clear = () => masks.change((mask) => mask.fill(0));
  /** @type {Keys} */
  const keys = {
    "[": () => brush(false),
    "]": () => brush(true),
    e: () => store.set({ mask_erases: !model.get("mask_erases") }),
    h: () => store.set({ shows_mask: !model.get("shows_mask") }),
    i: () => masks.change((mask) => mask.invert()),
    f: () => masks.change((mask) => mask.fill(255)),
    p: () => store.set({ mask_tool: "brush" }),
    delete: clear,
    backspace: clear,
  };
  for (const [tool] of MASK_TOOLS.slice(1)) keys[tool[0]] = () => store.set({ mask_tool: tool });
  return keys;
}

/**
 * @param {View} view
 * @returns {Keys}
 */
function keysOfCompare({ store, stage }) {
  const { comparison } = stage;
  const at = HOWS.findIndex(([how]) => how === comparison.how);
  return {
    s: () => store.set({ how: HOWS[(at + 1) % HOWS.length][0] }),
    p: () => comparison.toggleBlinking(),
    x: () => comparison.hold(true),
  };
}

/**
 * Do what those keys mean that stand for the picture itself: the arrow block, and space.
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function pressOnStage(view, event) {
  const { store, stage } = view;
  const onSplit = event.target === stage.comparison.split;
  if (!stage.frame || (event.target !== view.area && !onSplit)) return false;
  const step = ARROWS[event.key];
  if (event.key === " ") view.holdSpace(true);
  else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
    const split = steppedSplit(store.model.get("split"), event.key, event.shiftKey);
    store.set({ split });
  } else if (isOnBox(view) && pressOnBox(view, event)) return true;
  else if (step && !(event.ctrlKey || event.metaKey)) stage.pan(-PAN * step[0], -PAN * step[1]);
  else return false;
  return true;
}

/** @param {View} view */
const isOnBox = ({ store, stage }) =>
  store.model.get("mode") === "boxes" && store.boxes.selected >= 0 && stage.isWorkable;

/**
 * Return where the split goes by a key: to one end, or a step to a side.
 * @param {number} split from 0 to 1
 * @param {string} key
 * @param {boolean} isShifted ten steps at once
 */
export function steppedSplit(split, key, isShifted) {
  if (key === "Home") return 0;
  if (key === "End") return 1;
  const [x, y] = ARROWS[key];
  // Right and up raise it, as a slider's keys do.
  const next = split + SPLIT * (isShifted ? 10 : 1) * (x - y);
  return clamp(Number(next.toFixed(4)), 0, 1);
}

/**
 * Move the chosen box (Shift: ten pixels); with Ctrl its right and lower edge.
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function pressOnBox({ store, stage, boxPanel }, event) {
  const index = store.boxes.selected;
  const step = ARROWS[event.key];
  if (event.key === "Delete" || event.key === "Backspace") boxPanel.remove(index);
  else if (step && stage.frame) {
    const [dx, dy] = step.map((part) => part * (event.shiftKey ? 10 : 1));
    const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
    const { box } = store.boxes.all[index];
    stage.hand.place(index, draggedBox(box, grip, dx, dy, stage.frame));
  } else return false;
  return true;
}
