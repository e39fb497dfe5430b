// What keys do in the viewer.
import { targetOf } from "../../shared/dom.js";
import { clamp } from "../../shared/geometry.js";
import { draggedBox } from "./boxes.js";
import { steppedBrush } from "./mask_tools.js";
import { MODES, ZOOM_STEP } from "./toolbar.js";

/** @import { View } from "./view.js" */

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

/**
 * Do what a key means, and keep it from the page if it means something here.
 * @param {View} view
 * @param {KeyboardEvent} event
 */
export function press(view, event) {
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = targetOf(event).matches("textarea, input:not([type=range], [type=checkbox])");
  const isUsed = !isTyping && (pressOnStage(view, event) || pressAnywhere(view, event));
  if (isUsed) event.preventDefault();
  // JupyterLab would take the rest for itself: D, D deletes a cell. Its Ctrl keys stay.
  if (isUsed || !isCommand) event.stopPropagation();
}

/**
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function pressAnywhere(view, event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return undoOrRedo(view, key, event.shiftKey);
  const act = keysOf(view)[key];
  if (!act || event.altKey) return false;
  act();
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
  if (mode === "mask") store.changeMask((mask) => (isRedo ? mask.redo() : mask.undo()));
  else if (mode !== "boxes") return false;
  else if (isRedo) store.redoBoxes();
  else store.undoBoxes();
  return true;
}

/**
 * Return what the plain keys do.
 * @param {View} view
 * @returns {Record<string, () => void>}
 */
function keysOf({ store, stage }) {
  const { model } = store;
  /** @param {boolean} isLarger */
  const brush = (isLarger) =>
    store.set({ brush_size: steppedBrush(model.get("brush_size"), isLarger) });
  const ofMask = {
    "[": () => brush(false),
    "]": () => brush(true),
    e: () => store.set({ brush_erases: !model.get("brush_erases") }),
  };
  return {
    0: () => stage.fit(),
    1: () => stage.actualSize(),
    "+": () => stage.zoomBy(ZOOM_STEP),
    "=": () => stage.zoomBy(ZOOM_STEP),
    "-": () => stage.zoomBy(1 / ZOOM_STEP),
    ...Object.fromEntries(MODES.map(([mode]) => [mode[0], () => store.set({ mode })])),
    ...(model.get("mode") === "mask" ? ofMask : {}),
  };
}

/**
 * Do what those keys mean that stand for the picture itself: the arrow block, and space.
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function pressOnStage(view, event) {
  const { store, stage } = view;
  const onSplit = event.target === stage.split;
  if (!stage.frame || (event.target !== view.area && !onSplit)) return false;
  const step = ARROWS[event.key];
  if (event.key === " ") view.holdSpace(true);
  else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
    const split = steppedSplit(store.model.get("split"), event.key, event.shiftKey);
    store.set({ split });
  } else if (event.key === "Escape" && stage.isAdding) {
    stage.isAdding = false;
    view.update();
  } else if (store.model.get("mode") === "boxes" && store.selected >= 0 && stage.isWorkable) {
    return pressOnBox(view, event);
  } else if (step) stage.pan(-PAN * step[0], -PAN * step[1]);
  else return false;
  return true;
}

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
function pressOnBox({ store, stage, boxList }, event) {
  const index = store.selected;
  const step = ARROWS[event.key];
  if (event.key === "Delete" || event.key === "Backspace") boxList.remove(index);
  else if (event.key === "Escape") store.select(-1);
  else if (step && stage.frame) {
    const [dx, dy] = step.map((part) => part * (event.shiftKey ? 10 : 1));
    const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
    const { box } = store.boxes[index];
    stage.placeBox(index, draggedBox(box, grip, dx, dy, stage.frame));
  } else return false;
  return true;
}
