// The mask as a tinted picture to lay over the other, and a picture's grey values as a mask.

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
  }

  /**
   * @param {Mask} mask
   * @param {Area} area
   */
  draw(mask, area) {
    const part = mask.cut(area);
    const pixels = new Uint32Array(part.length);
    for (let i = 0; i < part.length; i++) pixels[i] = (part[i] << 24) | TINT;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), area.right - area.left);
    this.pen.putImageData(image, area.left, area.top);
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
  return Uint8Array.from({ length: width * height }, (_, i) => pixels[4 * i]);
}

/**
 * @param {OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} options
 */
function penOf(canvas, options = {}) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", options));
}
