// The mask: one byte a pixel, 255 = repaint, painted with a round brush or as a shape, with undo.
import { clamp } from "../../shared/geometry.js";
import { History } from "./history.js";
import { greyPNG } from "./png.js";
import { coverOf, extentOf } from "./shapes.js";

/** @import { Point } from "../../shared/geometry.js" */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Area in whole pixels */
/** @typedef {{ area: Area, was: Uint8Array, is: Uint8Array }} Patch a change within an area */
/** @typedef {{ opacity: number, erases: boolean }} Paint */
/** @typedef {Paint & { size: number, hardness: number }} Brush */

/**
 * A stroke that is being painted. It may cross itself without growing denser: `cover` is the most
 * that each pixel got of it, and the pixel is computed anew from what it was before.
 * @typedef {{
 *   inner: number, outer: number, opacity: number, target: number,
 *   before: Uint8Array, cover: Uint8Array, area: Area | null, last: Point | null,
 * }} Stroke
 */

const UNDO_BYTES = 64 * 2 ** 20;

/**
 * Return how far from a stroke's middle a pixel is fully covered, and how far at all; the cover
 * falls smoothly between. A hard edge is one pixel wide, so that it is not jagged.
 * @param {number} radius in pixels
 * @param {number} hardness from 0 to 1
 */
export function brushReach(radius, hardness) {
  const outer = Math.max(radius, 0.5) + 0.5 * hardness;
  const inner = Math.max(0, Math.min(radius * hardness, outer - 1) - 0.5 * (1 - hardness));
  return { inner, outer };
}

/**
 * Return how much of a pixel a brush covers, from 0 to 255.
 * @param {number} distance2 the square of the distance from the stroke's middle
 * @param {{ inner: number, outer: number }} reach
 */
export function brushCover(distance2, { inner, outer }) {
  if (distance2 >= outer * outer) return 0;
  if (distance2 <= inner * inner) return 255;
  const share = (outer - Math.sqrt(distance2)) / (outer - inner);
  return Math.round(255 * share * share * (3 - 2 * share));
}

export class Mask {
  /**
   * @param {number} width
   * @param {number} height
   * @param {(area: Area) => void} onChange called with each area whose pixels have changed
   */
  constructor(width, height, onChange = () => {}) {
    this.width = width;
    this.height = height;
    this.onChange = onChange;
    this.data = new Uint8Array(width * height);
    /** @type {History<Patch>} */
    this.history = new History();
    /** @type {Stroke | null} */
    this.stroke = null;
  }

  get isEmpty() {
    const { data } = this;
    for (let i = 0; i < data.length; i++) if (data[i]) return false;
    return true;
  }

  // --- strokes ---------------------------------------------------------------------------------
  /**
   * Begin a stroke.
   * @param {Brush} brush its size is the diameter in pixels
   */
  begin({ size, hardness, opacity, erases }) {
    this.stroke = {
      ...brushReach(size / 2, hardness),
      opacity,
      target: erases ? 0 : 255,
      before: this.data.slice(),
      cover: new Uint8Array(this.data.length),
      area: null,
      last: null,
    };
  }

  /**
   * Paint on to this point of the picture.
   * @param {Point} point
   */
  lineTo(point) {
    const { stroke } = this;
    if (!stroke) return;
    const { outer } = stroke;
    const from = stroke.last ?? point;
    stroke.last = point;
    const area = this.clipped(
      Math.min(from.x, point.x) - outer,
      Math.min(from.y, point.y) - outer,
      Math.max(from.x, point.x) + outer,
      Math.max(from.y, point.y) + outer,
    );
    if (!area) return;
    this.cover(stroke, area, from, point);
    stroke.area = stroke.area ? joined(stroke.area, area) : area;
    this.onChange(area);
  }

  /**
   * Cover the pixels near the line from one point to another.
   * @param {Stroke} stroke
   * @param {Area} area
   * @param {Point} from
   * @param {Point} to
   */
  cover(stroke, area, from, to) {
    const { width, data } = this;
    const alongX = to.x - from.x;
    const alongY = to.y - from.y;
    const length2 = alongX ** 2 + alongY ** 2;
    for (let y = area.top; y < area.bottom; y++) {
      for (let x = area.left; x < area.right; x++) {
        // To the nearest point of the line; squared, since most pixels need no root.
        const dx = x + 0.5 - from.x;
        const dy = y + 0.5 - from.y;
        const t = length2 && clamp((dx * alongX + dy * alongY) / length2, 0, 1);
        const distance2 = (dx - t * alongX) ** 2 + (dy - t * alongY) ** 2;
        const cover = brushCover(distance2, stroke);
        const index = y * width + x;
        if (cover <= stroke.cover[index]) continue;
        stroke.cover[index] = cover;
        const before = stroke.before[index];
        data[index] = Math.round(
          before + ((stroke.target - before) * cover * stroke.opacity) / 255,
        );
      }
    }
  }

  /** End the stroke; true if it changed anything. */
  end() {
    const { stroke } = this;
    this.stroke = null;
    return stroke?.area ? this.remember(stroke.area, stroke.before) : false;
  }

  /** Take back the stroke that is being painted. */
  abandon() {
    const { stroke } = this;
    this.stroke = null;
    if (!stroke) return;
    this.data.set(stroke.before);
    if (stroke.area) this.onChange(stroke.area);
  }

  // --- shapes ----------------------------------------------------------------------------------
  /**
   * Paint or erase all within a shape; true if that changed anything.
   * @param {Point[]} corners in pixels
   * @param {Paint} paint
   */
  fillShape(corners, { opacity, erases }) {
    const { left, top, right, bottom } = extentOf(corners);
    const area = this.clipped(left, top, right, bottom);
    if (!area) return false;
    const target = erases ? 0 : 255;
    const before = this.data.slice();
    const cover = coverOf(corners, area);
    const { data } = this;
    for (let y = area.top, at = 0; y < area.bottom; y++) {
      for (let x = area.left; x < area.right; x++, at++) {
        if (cover[at] === 0) continue;
        const index = y * this.width + x;
        const share = (cover[at] * opacity) / 255;
        data[index] = Math.round(data[index] + (target - data[index]) * share);
      }
    }
    this.onChange(area);
    return this.remember(area, before);
  }

  // --- the whole mask --------------------------------------------------------------------------
  /** @param {number} value */
  fill(value) {
    return this.change(() => this.data.fill(value));
  }

  invert() {
    return this.change(() => {
      for (let i = 0; i < this.data.length; i++) this.data[i] = 255 - this.data[i];
    });
  }

  /**
   * Take these values, one a pixel; null for an empty mask.
   * @param {Uint8Array | null} values
   */
  load(values) {
    return this.change(() => (values ? this.data.set(values) : this.data.fill(0)));
  }

  /** @param {() => void} act */
  change(act) {
    const before = this.data.slice();
    act();
    const area = { left: 0, top: 0, right: this.width, bottom: this.height };
    this.onChange(area);
    return this.remember(area, before);
  }

  // --- undo ------------------------------------------------------------------------------------
  /**
   * Remember what changed within an area; false if nothing did.
   * @param {Area} area
   * @param {Uint8Array} before the whole mask as it was
   */
  remember(area, before) {
    const was = this.cut(area, before);
    const is = this.cut(area, this.data);
    if (isSame(was, is)) return false;
    this.history.add({ area, was, is });
    this.history.limit(UNDO_BYTES, (patch) => 2 * patch.was.length);
    return true;
  }

  /** Undo the last change; false if there is none. */
  undo() {
    const patch = this.history.undo();
    return patch ? this.put(patch.area, patch.was) : false;
  }

  /** Make the last undone change again; false if there is none. */
  redo() {
    const patch = this.history.redo();
    return patch ? this.put(patch.area, patch.is) : false;
  }

  // --- areas -----------------------------------------------------------------------------------
  /**
   * Return the whole pixels between these edges, null if none lies in the mask.
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   * @returns {Area | null}
   */
  clipped(left, top, right, bottom) {
    const area = {
      left: Math.max(0, Math.floor(left)),
      top: Math.max(0, Math.floor(top)),
      right: Math.min(this.width, Math.ceil(right)),
      bottom: Math.min(this.height, Math.ceil(bottom)),
    };
    return area.left < area.right && area.top < area.bottom ? area : null;
  }

  /**
   * Return the values of an area, row by row.
   * @param {Area} area
   * @param {Uint8Array} data of a whole mask
   */
  cut({ left, top, right, bottom }, data = this.data) {
    const width = right - left;
    const part = new Uint8Array(width * (bottom - top));
    for (let y = top; y < bottom; y++) {
      const start = y * this.width + left;
      part.set(data.subarray(start, start + width), (y - top) * width);
    }
    return part;
  }

  /**
   * Put values into an area, row by row.
   * @param {Area} area
   * @param {Uint8Array} part
   */
  put(area, part) {
    const { left, top, right, bottom } = area;
    const width = right - left;
    for (let y = top; y < bottom; y++) {
      const row = part.subarray((y - top) * width, (y - top + 1) * width);
      this.data.set(row, y * this.width + left);
    }
    this.onChange(area);
    return true;
  }

  // --- to Python -------------------------------------------------------------------------------
  /** Return the mask as the bytes of an 8-bit grey PNG; no bytes for an empty one. */
  async toPNG() {
    if (this.isEmpty) return new Uint8Array();
    return greyPNG(this.data, this.width, this.height);
  }
}

/**
 * Return the smallest area that holds both.
 * @param {Area} one
 * @param {Area} other
 */
function joined(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/**
 * Say whether two arrays of one length hold the same.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
function isSame(one, other) {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
