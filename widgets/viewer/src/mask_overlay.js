// The mask as a tinted picture to lay over the other, and a picture's grey values as a mask.
import { outlineOf } from "./outline.js";

/** @import { Area, Mask } from "./mask.js" */

const TINT = 0x782dff; // blue, green, red: a pink seen on skin, sky and leaves alike

/** The canvas of a mask; only what has changed is drawn into it. */
export class MaskOverlay {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.canvas = new OffscreenCanvas(width, height);
    this.pen = penOf(this.canvas);
    /** @type {Path2D | null} */
    this.path = null;
  }

  /**
   * @param {Mask} mask
   * @param {Area} area
   */
  draw(mask, area) {
    this.path = null;
    const part = mask.cut(area);
    const pixels = new Uint32Array(part.length);
    for (let i = 0; i < part.length; i++) pixels[i] = (part[i] << 24) | TINT;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), area.right - area.left);
    this.pen.putImageData(image, area.left, area.top);
  }

  /**
   * Return the mask's outline in pixels of the picture.
   * @param {Mask} mask
   */
  outline(mask) {
    if (!this.path) {
      this.path = new Path2D();
      for (const [x1, y1, x2, y2] of outlineOf(mask.data, mask.width, mask.height)) {
        this.path.moveTo(x1, y1);
        this.path.lineTo(x2, y2);
      }
    }
    return this.path;
  }
}

/**
 * Return the grey values of a picture, one byte a pixel, at a size.
 * @param {ImageBitmap} bitmap
 * @param {number} width
 * @param {number} height
 */
export function greyOf(bitmap, width, height) {
  const pen = penOf(new OffscreenCanvas(width, height), { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0, width, height);
  const pixels = pen.getImageData(0, 0, width, height).data;
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i];
  return grey;
}

/**
 * @param {OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} options
 */
function penOf(canvas, options = {}) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", options));
}
