import { greyPNG } from "./png.js";

// The mask: one byte a pixel, 255 = repaint, painted with a round brush, with undo.

const MASK_TINT = 0x782dff; // blue, green, red: a pink seen on skin, sky and leaves alike
const UNDO_BYTES = 64 * 2 ** 20;

// How far from a stroke's middle a pixel is covered whole, and how far at all; it falls smoothly
// between. A hard edge is one pixel wide, so that it is not jagged.
export function brushReach(radius, hardness) {
  const outer = Math.max(radius, 0.5) + 0.5 * hardness;
  const inner = Math.max(0, Math.min(radius * hardness, outer - 1) - 0.5 * (1 - hardness));
  return { inner, outer };
}

export class Mask {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
    this.done = []; // patches that can be undone, newest last
    this.undone = [];
    // The same as a tinted picture to lay over the other; only what changed is drawn into it.
    this.overlay = new OffscreenCanvas(width, height);
    this.pen = this.overlay.getContext("2d");
  }

  get isEmpty() {
    return !this.data.some(Boolean);
  }

  // --- strokes ---------------------------------------------------------------------------------
  // A stroke may cross itself without growing denser: `cover` is the most that each pixel got of
  // it, and the pixel is made anew from what it was before.
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

  // Paint on to this point, in pixels of the picture.
  lineTo(point) {
    const { stroke, width, data } = this;
    const { inner, outer, target, opacity } = stroke;
    const from = stroke.last ?? point;
    stroke.last = point;
    const area = this.clipped(
      Math.min(from.x, point.x) - outer,
      Math.min(from.y, point.y) - outer,
      Math.max(from.x, point.x) + outer,
      Math.max(from.y, point.y) + outer,
    );
    if (!area) return;
    const alongX = point.x - from.x;
    const alongY = point.y - from.y;
    const length2 = alongX ** 2 + alongY ** 2;
    for (let y = area.top; y < area.bottom; y++) {
      for (let x = area.left; x < area.right; x++) {
        // To the nearest point of the line; squared, since most pixels need no root.
        const dx = x + 0.5 - from.x;
        const dy = y + 0.5 - from.y;
        const t = length2 && Math.min(1, Math.max(0, (dx * alongX + dy * alongY) / length2));
        const distance2 = (dx - t * alongX) ** 2 + (dy - t * alongY) ** 2;
        if (distance2 >= outer * outer) continue;
        let cover = 255;
        if (distance2 > inner * inner) {
          const share = (outer - Math.sqrt(distance2)) / (outer - inner);
          cover = Math.round(255 * share * share * (3 - 2 * share));
        }
        const index = y * width + x;
        if (cover <= stroke.cover[index]) continue;
        stroke.cover[index] = cover;
        const before = stroke.before[index];
        data[index] = Math.round(before + ((target - before) * cover * opacity) / 255);
      }
    }
    stroke.area = stroke.area ? joined(stroke.area, area) : area;
    this.tint(area);
  }

  // Ends the stroke; true if it changed anything.
  end() {
    const { area, before } = this.stroke;
    this.stroke = null;
    return area !== null && this.remember(area, before);
  }

  // Takes the stroke back that is being painted.
  abandon() {
    this.data.set(this.stroke.before);
    const { area } = this.stroke;
    this.stroke = null;
    if (area) this.tint(area);
  }

  // --- the whole -------------------------------------------------------------------------------
  fill(value) {
    return this.change(() => this.data.fill(value));
  }

  invert() {
    return this.change(() => {
      for (let i = 0; i < this.data.length; i++) this.data[i] = 255 - this.data[i];
    });
  }

  // Takes the grey values of a picture; one of no picture is empty.
  load(bitmap) {
    return this.change(() => {
      if (!bitmap) return this.data.fill(0);
      const canvas = new OffscreenCanvas(this.width, this.height);
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(bitmap, 0, 0, this.width, this.height);
      const pixels = pen.getImageData(0, 0, this.width, this.height).data;
      for (let i = 0; i < this.data.length; i++) this.data[i] = pixels[4 * i];
    });
  }

  change(act) {
    const before = this.data.slice();
    act();
    const area = { left: 0, top: 0, right: this.width, bottom: this.height };
    this.tint(area);
    return this.remember(area, before);
  }

  // --- undo ------------------------------------------------------------------------------------
  remember(area, before) {
    const was = this.cut(area, before);
    const is = this.cut(area, this.data);
    if (was.every((value, i) => value === is[i])) return false;
    this.done.push({ area, was, is });
    this.undone = [];
    const bytes = (patch) => 2 * patch.was.length;
    let held = this.done.reduce((sum, patch) => sum + bytes(patch), 0);
    while (held > UNDO_BYTES && this.done.length > 1) held -= bytes(this.done.shift());
    return true;
  }

  undo() {
    return this.step(this.done, this.undone, "was");
  }

  redo() {
    return this.step(this.undone, this.done, "is");
  }

  step(from, to, side) {
    const patch = from.pop();
    if (!patch) return false;
    to.push(patch);
    const { left, top, right, bottom } = patch.area;
    const width = right - left;
    for (let y = top; y < bottom; y++) {
      const row = patch[side].subarray((y - top) * width, (y - top + 1) * width);
      this.data.set(row, y * this.width + left);
    }
    this.tint(patch.area);
    return true;
  }

  // --- areas -----------------------------------------------------------------------------------
  clipped(left, top, right, bottom) {
    const area = {
      left: Math.max(0, Math.floor(left)),
      top: Math.max(0, Math.floor(top)),
      right: Math.min(this.width, Math.ceil(right)),
      bottom: Math.min(this.height, Math.ceil(bottom)),
    };
    return area.left < area.right && area.top < area.bottom ? area : null;
  }

  cut({ left, top, right, bottom }, data) {
    const width = right - left;
    const part = new Uint8Array(width * (bottom - top));
    for (let y = top; y < bottom; y++) {
      const start = y * this.width + left;
      part.set(data.subarray(start, start + width), (y - top) * width);
    }
    return part;
  }

  tint(area) {
    const width = area.right - area.left;
    const part = this.cut(area, this.data);
    const pixels = new Uint32Array(part.length);
    for (let i = 0; i < part.length; i++) pixels[i] = (part[i] << 24) | MASK_TINT;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width);
    this.pen.putImageData(image, area.left, area.top);
  }

  // --- to Python -------------------------------------------------------------------------------
  // The mask as the bytes of an 8-bit grey PNG; none at all for an empty one.
  async toPNG() {
    if (this.isEmpty) return new Uint8Array();
    return greyPNG(this.data, this.width, this.height);
  }
}

function joined(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}
