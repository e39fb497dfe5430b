// What the stage draws on its canvas: the picture, what it was before, the mask, the boxes.
import { clamp, isSameShape } from "../../shared/geometry.js";
import { drawBox } from "./box_drawing.js";
import { nameOf } from "./boxes.js";

/** @import { Size } from "../../shared/geometry.js" */
/** @import { Frame, Stage } from "./stage.js" */
/** @typedef {{ left: number, top: number, width: number, height: number }} Place on the screen */

const CRISP_FROM = 8; // screen pixels a pixel, from where on single pixels are to be seen
const MASK_ALPHA = 0.55;

/**
 * Draw all that is seen of a frame.
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {Frame} frame
 */
export function drawFrame(pen, stage, frame) {
  const { camera, mode, store } = stage;
  pen.imageSmoothingEnabled = camera.scale < CRISP_FROM;
  pen.imageSmoothingQuality = "high";
  const [left, top, right, bottom] = camera.toScreen([0, 0, frame.width, frame.height]);
  const place = { left, top, width: right - left, height: bottom - top };
  pen.drawImage(frame.image, left, top, place.width, place.height);
  if (stage.isComparing && store.before) drawBefore(pen, stage, store.before, place);
  if (!stage.isWorkable) return;
  if (mode === "mask" && store.overlay) drawMask(pen, stage, store.overlay.canvas, place);
  if (mode === "boxes") drawBoxes(pen, stage);
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
 * Return the size of a picture within a place: all of it where the shapes are the same; else (it
 * was cropped or widened) in its own shape.
 * @param {Size} picture
 * @param {Size} place
 */
export function sizeWithin(picture, place) {
  if (isSameShape(picture, place)) return { width: place.width, height: place.height };
  const scale = Math.min(place.width / picture.width, place.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {ImageBitmap} before
 * @param {Place} place
 */
function drawBefore(pen, stage, before, place) {
  const { left, top, width, height } = place;
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, splitPlace(stage), stage.room.height);
  pen.clip();
  pen.clearRect(left, top, width, height);
  const size = sizeWithin(before, place);
  const x = left + (width - size.width) / 2;
  const y = top + (height - size.height) / 2;
  pen.drawImage(before, x, y, size.width, size.height);
  pen.restore();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {OffscreenCanvas} overlay
 * @param {Place} place
 */
function drawMask(pen, stage, overlay, { left, top, width, height }) {
  const { hover, camera, store } = stage;
  pen.globalAlpha = MASK_ALPHA;
  pen.drawImage(overlay, left, top, width, height);
  pen.globalAlpha = 1;
  if (!hover || stage.isSpaceHeld) return;
  // The brush, light within dark: seen on any picture.
  const radius = Math.max((store.model.get("brush_size") / 2) * camera.scale, 1.5);
  pen.beginPath();
  pen.arc(hover.x, hover.y, radius, 0, 2 * Math.PI);
  pen.strokeStyle = "rgba(0, 0, 0, 0.7)";
  pen.lineWidth = 3;
  pen.stroke();
  pen.strokeStyle = "white";
  pen.lineWidth = 1.25;
  pen.stroke();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 */
function drawBoxes(pen, { store, draft, camera }) {
  const { boxes, selected } = store;
  /** @param {number} index */
  const draw = (index) => {
    const box = draft?.index === index ? draft.box : boxes[index].box;
    const state = { isChosen: index === selected, isOn: boxes[index].enabled };
    drawBox(pen, camera.toScreen(box), nameOf(boxes[index], index), state);
  };
  boxes.forEach((_, index) => index !== selected && draw(index));
  if (selected >= 0) draw(selected); // on top of the others
  if (draft?.index === -1) {
    const state = { isChosen: true, isOn: true };
    drawBox(pen, camera.toScreen(draft.box), `${boxes.length + 1}`, state);
  }
}
