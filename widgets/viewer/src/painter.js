// What the stage draws on its canvas: one picture or two, the mask, the boxes.
import { clamp } from "../../shared/geometry.js";
import { drawBox } from "./box_drawing.js";
import { nameOf } from "./boxes.js";
import { drawMask } from "./mask_drawing.js";
import { sizeWithin } from "./panes.js";

/** @import { Frame, Stage } from "./stage.js" */
/** @import { Picture } from "./picture.js" */
/** @import { Place } from "./panes.js" */

const CRISP_FROM = 8; // screen pixels a pixel, from where on single pixels are to be seen
const CHECK = 8; // screen pixels of a square under a transparent picture

/**
 * Draw all that is seen of a frame.
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {Frame} frame
 */
export function drawFrame(pen, stage, frame) {
  const { comparison, panes, room } = stage;
  if (comparison.isBeside && frame.sides) {
    frame.sides.forEach((side, i) => within(pen, panes[i], () => drawPicture(pen, stage, side)));
  } else if (comparison.isSplit && frame.sides) {
    const [left, right] = frame.sides;
    const split = splitPlace(stage);
    const height = room.height;
    within(pen, { left: 0, top: 0, width: split, height }, () => drawPicture(pen, stage, left));
    pen.save();
    pen.beginPath();
    pen.rect(split, 0, room.width - split, height);
    pen.clip();
    drawPicture(pen, stage, right);
    pen.restore();
  } else if (frame.sides) {
    drawPicture(pen, stage, frame.sides[comparison.seen]);
  } else {
    drawPicture(pen, stage, frame.image);
  }
  if (!stage.isWorkable) return;
  if (stage.mode === "mask") drawMask(pen, stage, placeOf(stage, frame));
  if (stage.mode === "boxes") drawBoxes(pen, stage);
}

/**
 * Return where the split is on the screen; at the canvas's edge if it is out of sight.
 * @param {Stage} stage
 */
export function splitPlace({ camera, frame, room, store }) {
  const width = frame ? frame.width * camera.scale : 0;
  return clamp(camera.x + store.model.get("split") * width, 0, room.width);
}

/**
 * Draw within a pane, whose left upper corner is the origin.
 * @param {CanvasRenderingContext2D} pen
 * @param {Place} pane
 * @param {() => void} draw
 */
function within(pen, { left, top, width, height }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.translate(left, top);
  draw();
  pen.restore();
}

/**
 * Return where the frame is on the screen.
 * @param {Stage} stage
 * @param {Frame} frame
 * @returns {Place}
 */
function placeOf({ camera }, frame) {
  const [left, top, right, bottom] = camera.toScreen([0, 0, frame.width, frame.height]);
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * Draw a picture into the middle of the frame, in its own shape.
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {Picture} picture
 */
function drawPicture(pen, stage, picture) {
  const { frame } = stage;
  if (!frame) return;
  const place = placeOf(stage, frame);
  const { width, height } = sizeWithin(picture, place);
  const left = place.left + (place.width - width) / 2;
  const top = place.top + (place.height - height) / 2;
  if (picture.isTransparent) drawChecks(pen, { left, top, width, height });
  const level = picture.levelFor(width * devicePixelRatio);
  pen.imageSmoothingEnabled = width / picture.width < CRISP_FROM;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(level, left, top, width, height);
}

/** @type {OffscreenCanvas | null} */
let checks = null;

/**
 * Draw the squares that are seen through a transparent picture.
 * @param {CanvasRenderingContext2D} pen
 * @param {Place} place
 */
function drawChecks(pen, { left, top, width, height }) {
  checks ??= makeChecks();
  const pattern = pen.createPattern(checks, "repeat");
  if (!pattern) return;
  pattern.setTransform(new DOMMatrix().translate(left, top));
  pen.fillStyle = pattern;
  pen.fillRect(left, top, width, height);
}

function makeChecks() {
  const canvas = new OffscreenCanvas(2 * CHECK, 2 * CHECK);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 2 * CHECK, 2 * CHECK);
  pen.fillStyle = "#d4d4d4";
  pen.fillRect(0, 0, CHECK, CHECK);
  pen.fillRect(CHECK, CHECK, CHECK, CHECK);
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 */
function drawBoxes(pen, { store, draft, camera }) {
  const { all, selected } = store.boxes;
  /** @param {number} index */
  const draw = (index) => {
    const box = draft?.index === index ? draft.box : all[index].box;
    const state = { isChosen: index === selected, isOn: all[index].enabled };
    drawBox(pen, camera.toScreen(box), nameOf(all[index], index), state);
  };
  all.forEach((_, index) => index !== selected && draw(index));
  if (selected >= 0) draw(selected); // on top of the others
  if (draft?.index === -1) {
    const state = { isChosen: true, isOn: true };
    drawBox(pen, camera.toScreen(draft.box), `${all.length + 1}`, state);
  }
}
