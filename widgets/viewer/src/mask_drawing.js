// How the mask is drawn over the picture: a tint or its outline, the brush, the shape being drawn.

/** @import { Stage } from "./stage.js" */
/** @import { Place } from "./panes.js" */

const ALPHA = 0.55; // of the tint
const DASHES = [5, 4]; // screen pixels

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {Place} place where the picture is
 */
export function drawMask(pen, stage, { left, top, width, height }) {
  const { camera, store } = stage;
  const { overlay, mask } = store.masks;
  if (!overlay || !mask) return;
  // What is being made is seen under the mask, too.
  if (store.model.get("shows_mask") && !store.preview) {
    pen.globalAlpha = ALPHA;
    pen.drawImage(overlay.canvas, left, top, width, height);
    pen.globalAlpha = 1;
  } else {
    pen.save();
    pen.translate(left, top);
    pen.scale(camera.scale, camera.scale);
    strokeTwice(pen, overlay.outline(mask), camera.scale);
    pen.restore();
  }
  if (stage.shape) drawShape(pen, stage, stage.shape);
  else drawBrush(pen, stage);
}

/**
 * Draw the brush where the pointer is.
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 */
function drawBrush(pen, { hover, camera, store, isSpaceHeld }) {
  if (!hover || isSpaceHeld || store.model.get("mask_tool") !== "brush") return;
  const radius = Math.max((store.model.get("brush_size") / 2) * camera.scale, 1.5);
  const circle = new Path2D();
  circle.arc(hover.x, hover.y, radius, 0, 2 * Math.PI);
  strokeTwice(pen, circle);
}

/**
 * Draw the lasso or rectangle that is being drawn.
 * @param {CanvasRenderingContext2D} pen
 * @param {Stage} stage
 * @param {import("../../shared/geometry.js").Point[]} shape corners in the picture
 */
function drawShape(pen, { camera }, shape) {
  const path = new Path2D();
  for (const { x, y } of shape) {
    path.lineTo(x * camera.scale + camera.x, y * camera.scale + camera.y);
  }
  path.closePath();
  pen.fillStyle = "rgba(255, 45, 120, 0.2)";
  pen.fill(path);
  strokeTwice(pen, path, 1, DASHES);
}

/**
 * Draw a line light within dark: seen on any picture.
 * @param {CanvasRenderingContext2D} pen
 * @param {Path2D} path
 * @param {number} scale of the pen
 * @param {number[]} dashes
 */
function strokeTwice(pen, path, scale = 1, dashes = []) {
  pen.strokeStyle = "rgba(0, 0, 0, 0.7)";
  pen.lineWidth = 3 / scale;
  pen.stroke(path);
  pen.setLineDash(dashes);
  pen.strokeStyle = "white";
  pen.lineWidth = 1.25 / scale;
  pen.stroke(path);
  pen.setLineDash([]);
}
