// How a box is drawn on the canvas.

/** @import { Box } from "../../shared/geometry.js" */

const COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };
const DASHES = [6, 4]; // screen pixels

/**
 * Draw one box, its handles if it is chosen, and its name.
 * @param {CanvasRenderingContext2D} pen
 * @param {Box} box in screen pixels
 * @param {string} name
 * @param {{ isChosen: boolean, isOn: boolean }} state
 */
export function drawBox(pen, box, name, { isChosen, isOn }) {
  const [left, top, right, bottom] = box;
  const onOrOff = isOn ? COLOURS.other : COLOURS.off;
  const colour = isChosen ? COLOURS.chosen : onOrOff;
  pen.save();
  // Dark between light: seen on any picture.
  pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
  pen.lineWidth = isChosen ? 5 : 3.5;
  pen.strokeRect(left, top, right - left, bottom - top);
  pen.setLineDash(isOn ? [] : DASHES);
  pen.strokeStyle = colour;
  pen.lineWidth = isChosen ? 2.5 : 1.5;
  pen.strokeRect(left, top, right - left, bottom - top);
  pen.setLineDash([]);
  if (isChosen) drawHandles(pen, box);
  drawTag(pen, name, left, top, colour);
  pen.restore();
}

/**
 * Draw the squares at the corners, and in the middle of each edge.
 * @param {CanvasRenderingContext2D} pen
 * @param {Box} box
 */
function drawHandles(pen, [left, top, right, bottom]) {
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  pen.lineWidth = 1.5;
  pen.fillStyle = "white";
  for (const x of [left, middle.x, right]) {
    for (const y of [top, middle.y, bottom]) {
      if (x === middle.x && y === middle.y) continue;
      pen.fillRect(x - 4, y - 4, 8, 8);
      pen.strokeRect(x - 4, y - 4, 8, 8);
    }
  }
}

/**
 * Draw the name above the box, or inside it where there is no room above.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} name
 * @param {number} left
 * @param {number} top
 * @param {string} colour
 */
function drawTag(pen, name, left, top, colour) {
  pen.font = "600 12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const width = pen.measureText(name).width + 12;
  const y = top >= 24 ? top - 24 : top + 6;
  const x = top >= 24 ? left - 1 : left + 6;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(x, y, width, 20, 4);
  pen.fill();
  pen.fillStyle = "white";
  pen.fillText(name, x + 6, y + 10.5);
}
