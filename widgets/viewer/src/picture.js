// A picture that came as a file: decoded, with smaller copies of a large one to draw quickly from.

/** @import { Size } from "../../shared/geometry.js" */

const LARGE = 2 ** 22; // pixels; what has more gets smaller copies
const SMALLEST_SIDE = 512; // pixels of a copy that is worth having
const LOOKED_AT = 128; // pixels a side, in which a transparent place is looked for

export class Picture {
  /**
   * @param {ImageBitmap} bitmap
   * @param {Blob} file
   */
  constructor(bitmap, file) {
    this.bitmap = bitmap;
    this.file = file;
    this.width = bitmap.width;
    this.height = bitmap.height;
    /**
     * The picture and its copies, each half as wide and high as the one before.
     * @type {ImageBitmap[]}
     */
    this.levels = [bitmap];
    this.isPrepared = false; // or being so
    this.isClosed = false;
    this.isTransparent = mayBeTransparent(file) && isTransparent(bitmap);
  }

  /**
   * Decode a file.
   * @param {DataView} content
   * @returns {Promise<Picture>}
   */
  static async decode(content) {
    const file = new Blob([/** @type {BlobPart} */ (content)], { type: kindOf(content) });
    return new Picture(await createImageBitmap(file), file);
  }

  get isLarge() {
    return this.width * this.height > LARGE;
  }

  /** Make the smaller copies: a canvas scales a photo of 12 megapixels too slowly for each frame. */
  async prepare() {
    this.isPrepared = true;
    let [last] = this.levels;
    while (!this.isClosed && Math.min(last.width, last.height) >= 2 * SMALLEST_SIDE) {
      const half = createImageBitmap(last, {
        resizeWidth: Math.round(last.width / 2),
        resizeHeight: Math.round(last.height / 2),
        resizeQuality: "high",
      });
      last = await half;
      if (this.isClosed) last.close();
      else this.levels.push(last);
    }
  }

  /** Give the memory of the pixels back; the picture cannot be drawn any more. */
  close() {
    this.isClosed = true;
    for (const level of this.levels) level.close();
  }

  /**
   * Return the smallest copy that is drawn sharply at a width in screen pixels.
   * @param {number} width
   */
  levelFor(width) {
    return this.levels.filter((level) => level.width >= width).at(-1) ?? this.bitmap;
  }
}

/**
 * Return the MIME type of a file's content, by its first bytes.
 * @param {DataView} content
 */
export function kindOf(content) {
  const first = content.byteLength ? content.getUint8(0) : 0;
  if (first === 0x89) return "image/png";
  return first === 0xff ? "image/jpeg" : "image/webp";
}

/** @param {Blob} file */
const mayBeTransparent = (file) => file.type !== "image/jpeg";

/** @param {ImageBitmap} bitmap */
function isTransparent(bitmap) {
  const { width, height } = sizeAtMost(bitmap, LOOKED_AT);
  const canvas = new OffscreenCanvas(width, height);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  pen.drawImage(bitmap, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true;
  return false;
}

/**
 * Return a size of the same shape whose sides have at most so many pixels.
 * @param {Size} size
 * @param {number} most
 */
export function sizeAtMost({ width, height }, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
