// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/shared/geometry.js
// source: widgets/shared/upload.js
// source: widgets/viewer/src/bar.js
// source: widgets/viewer/src/box_drawing.js
// source: widgets/viewer/src/box_hand.js
// source: widgets/viewer/src/box_panel.js
// source: widgets/viewer/src/box_row.js
// source: widgets/viewer/src/box_store.js
// source: widgets/viewer/src/box_tools.js
// source: widgets/viewer/src/boxes.js
// source: widgets/viewer/src/camera.js
// source: widgets/viewer/src/compare_tools.js
// source: widgets/viewer/src/comparison.js
// source: widgets/viewer/src/controls.js
// source: widgets/viewer/src/files.js
// source: widgets/viewer/src/gestures.js
// source: widgets/viewer/src/grid.js
// source: widgets/viewer/src/grid_layout.js
// source: widgets/viewer/src/history.js
// source: widgets/viewer/src/icons.js
// source: widgets/viewer/src/keys.js
// source: widgets/viewer/src/mask.js
// source: widgets/viewer/src/mask_drawing.js
// source: widgets/viewer/src/mask_overlay.js
// source: widgets/viewer/src/mask_store.js
// source: widgets/viewer/src/mask_tools.js
// source: widgets/viewer/src/message.js
// source: widgets/viewer/src/outline.js
// source: widgets/viewer/src/overflow.js
// source: widgets/viewer/src/painter.js
// source: widgets/viewer/src/panes.js
// source: widgets/viewer/src/picture.js
// source: widgets/viewer/src/picture_tools.js
// source: widgets/viewer/src/png.js
// source: widgets/viewer/src/shapes.js
// source: widgets/viewer/src/stage.js
// source: widgets/viewer/src/store.js
// source: widgets/viewer/src/tile_store.js
// source: widgets/viewer/src/tile_tools.js
// source: widgets/viewer/src/view.js
// source: widgets/viewer/src/viewer.js
// sha256 of the sources: 7b2ef4d291def05c90aec409b1680e1ae34fe9e04d07a9a194227a60b0e35191
// sha256 of the lines below: ab38bab9eb0383ce229419c05d7a81a329b957eadd4e3022b0ec3276dc3f8add
// widgets/viewer/src/history.js
var History = class {
  /** @type {Change[]} */
  done = [];
  /** @type {Change[]} */
  undone = [];
  /**
   * Remember a change; what was undone before cannot be made again.
   * @param {Change} change
   */
  add(change) {
    this.done.push(change);
    this.undone = [];
  }
  /**
   * Forget the oldest changes until the rest is at most `most` in size; the newest always stays.
   * @param {number} most
   * @param {(change: Change) => number} sizeOf
   */
  limit(most, sizeOf) {
    let held = this.done.reduce((sum, change) => sum + sizeOf(change), 0);
    while (held > most && this.done.length > 1) {
      const oldest = this.done.shift();
      if (oldest) held -= sizeOf(oldest);
    }
  }
  /** Return the change to undo, undefined where there is none. */
  undo() {
    const change = this.done.pop();
    if (change) this.undone.push(change);
    return change;
  }
  /** Return the change to make again, undefined where there is none. */
  redo() {
    const change = this.undone.pop();
    if (change) this.done.push(change);
    return change;
  }
  clear() {
    this.done = [];
    this.undone = [];
  }
};

// widgets/viewer/src/box_store.js
var BoxStore = class {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    const { model } = store;
    this.all = model.get("boxes");
    this.selected = -1;
    this.history = new History();
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.all) return;
      this.all = model.get("boxes");
      this.history.clear();
      this.selected = Math.min(this.selected, this.all.length - 1);
      store.changed();
    });
  }
  /**
   * Say whether the boxes lie on a picture of this size.
   * @param {Size | null} picture
   */
  isFor(picture) {
    const [width, height] = this.store.model.get("boxes_size");
    return !width || picture?.width === width && picture.height === height;
  }
  /**
   * @param {Detection[]} boxes
   * @param {number} selected
   */
  change(boxes, selected = this.selected) {
    this.history.add({ was: this.all, is: boxes });
    this.selected = selected;
    this.put(boxes);
  }
  /**
   * Change some fields of one box.
   * @param {number} index
   * @param {Partial<Detection>} fields
   */
  changeOne(index, fields) {
    this.change(this.all.map((box, i) => i === index ? { ...box, ...fields } : box));
  }
  /** @param {number} index */
  remove(index) {
    const boxes = this.all.filter((_, i) => i !== index);
    this.change(boxes, Math.min(index, boxes.length - 1));
  }
  undo() {
    this.putBack(this.history.undo()?.was);
  }
  redo() {
    this.putBack(this.history.redo()?.is);
  }
  /** @param {Detection[] | undefined} boxes */
  putBack(boxes) {
    if (!boxes) return;
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.put(boxes);
  }
  /** @param {Detection[]} boxes */
  put(boxes) {
    this.all = boxes;
    this.store.set({ boxes });
  }
  /** @param {number} index */
  select(index) {
    this.selected = index;
    this.store.changed();
  }
};

// widgets/shared/geometry.js
var clamp = (value, low, high) => Math.min(Math.max(value, low), high);
var isSameShape = (one, other) => Math.abs(one.width / one.height / (other.width / other.height) - 1) < 0.02;

// widgets/viewer/src/png.js
var SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
async function greyPNG(data, width, height) {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const zipped = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(zipped).arrayBuffer());
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8);
  const file = new Blob([
    new Uint8Array(SIGNATURE),
    chunk("IHDR", new Uint8Array(head.buffer)),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array())
  ]);
  return new Uint8Array(await file.arrayBuffer());
}
var CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 3988292384 ^ remainder >>> 1 : remainder >>> 1;
  }
  return remainder;
});
function chunk(name, content) {
  const made = new Uint8Array(12 + content.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set(new TextEncoder().encode(name), 4);
  made.set(content, 8);
  let crc = 4294967295;
  for (const byte of made.subarray(4, -4)) crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >>> 8;
  view.setUint32(made.length - 4, ~crc >>> 0);
  return made;
}

// widgets/viewer/src/shapes.js
var ROWS = 4;
function cornersOf(one, other) {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)].map(Math.round);
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)].map(Math.round);
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom }
  ];
}
function extentOf(corners) {
  const extent = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of corners) {
    extent.left = Math.min(extent.left, x);
    extent.top = Math.min(extent.top, y);
    extent.right = Math.max(extent.right, x);
    extent.bottom = Math.max(extent.bottom, y);
  }
  return extent;
}
function coverOf(corners, { left, top, right, bottom }) {
  const width = right - left;
  const cover = new Float32Array(width * (bottom - top));
  for (let line = 0; line < ROWS * (bottom - top); line++) {
    const y = top + (line + 0.5) / ROWS;
    const row = cover.subarray(Math.floor(line / ROWS) * width).subarray(0, width);
    for (const [from, to] of spansAt(corners, y)) addSpan(row, from - left, to - left);
  }
  const bytes = new Uint8Array(cover.length);
  for (let i = 0; i < cover.length; i++) bytes[i] = Math.round(255 * cover[i] / ROWS);
  return bytes;
}
function spansAt(corners, y) {
  const crossings = [];
  corners.forEach((from2, i) => {
    const to = corners[(i + 1) % corners.length];
    if (from2.y <= y === to.y <= y) return;
    const x = from2.x + (y - from2.y) / (to.y - from2.y) * (to.x - from2.x);
    crossings.push({ x, turn: to.y > from2.y ? 1 : -1 });
  });
  crossings.sort((one, other) => one.x - other.x);
  const spans = [];
  let winding = 0;
  let from = 0;
  for (const { x, turn } of crossings) {
    if (winding === 0) from = x;
    winding += turn;
    if (winding === 0) spans.push([from, x]);
  }
  return spans;
}
function addSpan(row, from, to) {
  const [start, end] = [Math.max(from, 0), Math.min(to, row.length)];
  if (start >= end) return;
  const [first, last] = [Math.floor(start), Math.ceil(end) - 1];
  if (first === last) {
    row[first] += end - start;
    return;
  }
  row[first] += first + 1 - start;
  for (let x = first + 1; x < last; x++) row[x] += 1;
  row[last] += end - last;
}

// widgets/viewer/src/mask.js
var UNDO_BYTES = 64 * 2 ** 20;
function brushReach(radius, hardness) {
  const outer = Math.max(radius, 0.5) + 0.5 * hardness;
  const inner = Math.max(0, Math.min(radius * hardness, outer - 1) - 0.5 * (1 - hardness));
  return { inner, outer };
}
function brushCover(distance2, { inner, outer }) {
  if (distance2 >= outer * outer) return 0;
  if (distance2 <= inner * inner) return 255;
  const share = (outer - Math.sqrt(distance2)) / (outer - inner);
  return Math.round(255 * share * share * (3 - 2 * share));
}
var Mask = class {
  /**
   * @param {number} width
   * @param {number} height
   * @param {(area: Area) => void} onChange called with each area whose pixels have changed
   */
  constructor(width, height, onChange = () => {
  }) {
    this.width = width;
    this.height = height;
    this.onChange = onChange;
    this.data = new Uint8Array(width * height);
    this.history = new History();
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
      last: null
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
      Math.max(from.y, point.y) + outer
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
          before + (stroke.target - before) * cover * stroke.opacity / 255
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
        const share = cover[at] * opacity / 255;
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
    return this.change(() => values ? this.data.set(values) : this.data.fill(0));
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
      bottom: Math.min(this.height, Math.ceil(bottom))
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
    const part2 = new Uint8Array(width * (bottom - top));
    for (let y = top; y < bottom; y++) {
      const start = y * this.width + left;
      part2.set(data.subarray(start, start + width), (y - top) * width);
    }
    return part2;
  }
  /**
   * Put values into an area, row by row.
   * @param {Area} area
   * @param {Uint8Array} part
   */
  put(area, part2) {
    const { left, top, right, bottom } = area;
    const width = right - left;
    for (let y = top; y < bottom; y++) {
      const row = part2.subarray((y - top) * width, (y - top + 1) * width);
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
};
function joined(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom)
  };
}
function isSame(one, other) {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

// widgets/viewer/src/outline.js
var HALF = 128;
function outlineOf(data, width, height) {
  const edges = [];
  addEdgesAcross(edges, data, width, height);
  addEdgesDown(edges, data, width, height);
  return edges;
}
function addEdgesAcross(edges, data, width, height) {
  for (let y = 0; y <= height; y++) {
    const [above, below] = [(y - 1) * width, y * width];
    let from = -1;
    for (let x = 0; x < width; x++) {
      const isAbove = y > 0 && data[above + x] >= HALF;
      const isBelow = y < height && data[below + x] >= HALF;
      if (isAbove !== isBelow) {
        if (from < 0) from = x;
      } else if (from >= 0) {
        edges.push([from, y, x, y]);
        from = -1;
      }
    }
    if (from >= 0) edges.push([from, y, width, y]);
  }
}
function addEdgesDown(edges, data, width, height) {
  const starts = new Int32Array(width + 1).fill(-1);
  for (let y = 0; y <= height; y++) {
    let isBefore = false;
    for (let x = 0; x <= width; x++) {
      const isIn = y < height && x < width && data[y * width + x] >= HALF;
      if (isIn !== isBefore) {
        if (starts[x] < 0) starts[x] = y;
      } else if (starts[x] >= 0) {
        edges.push([x, starts[x], x, y]);
        starts[x] = -1;
      }
      isBefore = isIn;
    }
  }
}

// widgets/viewer/src/mask_overlay.js
var TINT = 7876095;
var MaskOverlay = class {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.canvas = new OffscreenCanvas(width, height);
    this.pen = penOf(this.canvas);
    this.path = null;
  }
  /**
   * @param {Mask} mask
   * @param {Area} area
   */
  draw(mask, area) {
    this.path = null;
    const part2 = mask.cut(area);
    const pixels = new Uint32Array(part2.length);
    for (let i = 0; i < part2.length; i++) pixels[i] = part2[i] << 24 | TINT;
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
};
function greyOf(bitmap, width, height) {
  const pen = penOf(new OffscreenCanvas(width, height), { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0, width, height);
  const pixels = pen.getImageData(0, 0, width, height).data;
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i];
  return grey;
}
function penOf(canvas, options = {}) {
  return (
    /** @type {OffscreenCanvasRenderingContext2D} */
    canvas.getContext("2d", options)
  );
}

// widgets/viewer/src/mask_store.js
var MaskStore = class {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.mask = null;
    this.overlay = null;
    this.isPainted = false;
    this.isNew = false;
    this.isSending = false;
  }
  /**
   * Decode a mask from Python; undefined if none has come, null if it was removed.
   * @param {DataView | undefined} file
   */
  async decoded(file) {
    if (file === void 0) return void 0;
    if (!file.byteLength) return null;
    const blob = new Blob([
      /** @type {BlobPart} */
      file
    ]);
    return createImageBitmap(blob, { colorSpaceConversion: "none" });
  }
  /**
   * Take a mask from Python; undefined leaves it as it is, but for a picture of another size.
   * @param {ImageBitmap | null | undefined} bitmap
   * @param {Picture | null} picture
   */
  take(bitmap, picture) {
    const isOther = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isOther) this.begin(picture);
    const { mask } = this;
    if (mask && bitmap !== void 0) {
      mask.load(bitmap && greyOf(bitmap, mask.width, mask.height));
    }
    if (isOther) mask?.history.clear();
    this.isPainted = mask !== null && !mask.isEmpty;
  }
  /**
   * Begin with an empty mask for a picture, if there is one.
   * @param {Picture | null} picture
   */
  begin(picture) {
    this.mask = this.overlay = null;
    if (!picture) return;
    const { width, height } = picture;
    const overlay = new MaskOverlay(width, height);
    const mask = new Mask(width, height, (area) => overlay.draw(mask, area));
    Object.assign(this, { mask, overlay });
  }
  /**
   * Change the mask by one of its methods; Python hears of it if that changed anything.
   * @param {(mask: Mask) => boolean} act
   */
  change(act) {
    if (!this.mask || !act(this.mask)) return;
    this.isPainted = !this.mask.isEmpty;
    this.store.set({ shows_mask: true });
    this.send();
  }
  /** Send the mask; while one is sent, the newest waits, and no other is sent. */
  async send() {
    this.isNew = true;
    if (this.isSending) return;
    this.isSending = true;
    while (this.isNew && this.mask) {
      this.isNew = false;
      const file = await this.mask.toPNG();
      await this.store.sender.send("mask", "mask.png", new Blob([file]));
    }
    this.isSending = false;
  }
};

// widgets/viewer/src/picture.js
var LARGE = 2 ** 22;
var SMALLEST_SIDE = 512;
var LOOKED_AT = 128;
var Picture = class _Picture {
  /**
   * @param {ImageBitmap} bitmap
   * @param {Blob} file
   */
  constructor(bitmap, file) {
    this.bitmap = bitmap;
    this.file = file;
    this.width = bitmap.width;
    this.height = bitmap.height;
    this.levels = [bitmap];
    this.isPrepared = false;
    this.isClosed = false;
    this.isTransparent = mayBeTransparent(file) && isTransparent(bitmap);
  }
  /**
   * Decode a file.
   * @param {DataView} content
   * @returns {Promise<Picture>}
   */
  static async decode(content) {
    const file = new Blob([
      /** @type {BlobPart} */
      content
    ], { type: kindOf(content) });
    return new _Picture(await createImageBitmap(file), file);
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
        resizeQuality: "high"
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
};
function kindOf(content) {
  const first = content.byteLength ? content.getUint8(0) : 0;
  if (first === 137) return "image/png";
  return first === 255 ? "image/jpeg" : "image/webp";
}
var mayBeTransparent = (file) => file.type !== "image/jpeg";
function isTransparent(bitmap) {
  const { width, height } = sizeAtMost(bitmap, LOOKED_AT);
  const canvas = new OffscreenCanvas(width, height);
  const pen = (
    /** @type {OffscreenCanvasRenderingContext2D} */
    canvas.getContext("2d", { willReadFrequently: true })
  );
  pen.drawImage(bitmap, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true;
  return false;
}
function sizeAtMost({ width, height }, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale))
  };
}

// widgets/viewer/src/tile_store.js
var TileStore = class {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.grid = store.model.get("grid");
    this.addresses = /* @__PURE__ */ new Map();
    this.asked = /* @__PURE__ */ new Set();
    store.model.on("change:grid", () => {
      const before = this.grid;
      this.grid = store.model.get("grid");
      if (this.grid.number !== before.number) this.forget();
      store.changed();
    });
  }
  get count() {
    return this.grid.labels.length;
  }
  /** The tiles that are marked, in the order they were. */
  get marked() {
    return this.store.model.get("marked");
  }
  /**
   * Ask Python for the pictures of these tiles, each once.
   * @param {number[]} indices
   */
  want(indices) {
    const news = indices.filter((index) => !this.asked.has(index));
    if (!news.length) return;
    for (const index of news) this.asked.add(index);
    this.store.model.send({ kind: "tiles", number: this.grid.number, indices: news });
  }
  /**
   * @param {{ number: number, indices: number[] }} message
   * @param {DataView[]} buffers
   */
  take({ number, indices }, buffers) {
    if (number !== this.grid.number) return;
    indices.forEach((index, i) => {
      const content = buffers[i];
      this.asked.add(index);
      this.release(index);
      const blob = new Blob([
        /** @type {BlobPart} */
        content
      ]);
      this.addresses.set(index, content.byteLength ? URL.createObjectURL(blob) : "");
    });
    this.store.changed();
  }
  /**
   * Ask Python to show a tile's picture alone.
   * @param {number} index
   */
  open(index) {
    this.store.model.send({ kind: "tile", index });
  }
  /**
   * Mark a tile, or unmark it.
   * @param {number} index
   */
  mark(index) {
    const { marked } = this;
    const others = marked.filter((one) => one !== index);
    this.store.set({ marked: others.length < marked.length ? others : [...others, index] });
  }
  /**
   * Mark all tiles from the one that was marked last to this one.
   * @param {number} index
   */
  markUpTo(index) {
    const { marked } = this;
    const last = marked.at(-1) ?? index;
    const between = Array.from(
      { length: Math.abs(index - last) + 1 },
      (_, at) => Math.min(index, last) + at
    );
    this.store.set({ marked: [.../* @__PURE__ */ new Set([...marked, ...between, index])] });
  }
  /** Ask Python to compare the two tiles that are marked; false if there are not two. */
  compare() {
    if (this.marked.length !== 2) return false;
    const indices = [...this.marked].sort((one, other) => one - other);
    this.store.model.send({ kind: "compare_tiles", indices });
    return true;
  }
  forget() {
    for (const index of this.addresses.keys()) this.release(index);
    this.addresses.clear();
    this.asked.clear();
  }
  /** @param {number} index */
  release(index) {
    const address = this.addresses.get(index);
    if (address) URL.revokeObjectURL(address);
  }
};

// widgets/shared/upload.js
var PART_BYTES = 4 * 2 ** 20;
var Sender = class {
  /**
   * @param {Comm} model
   * @param {string} page the name of this page, which Python gets with each part
   */
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.waiting = /* @__PURE__ */ new Map();
    this.count = 0;
  }
  /**
   * Send a file; true when all of it has arrived, false if Python refused it (and says why).
   * @param {string} purpose what it is for, in Python's words
   * @param {string} name
   * @param {Blob} blob
   * @param {(share: number) => void} progress called with the share that has arrived
   */
  async send(purpose, name, blob, progress = () => {
  }) {
    const upload = `${this.page}-${this.count++}`;
    const base = { kind: "part", upload, purpose, name, size: blob.size, page: this.page };
    try {
      for (let offset = 0; offset === 0 || offset < blob.size; ) {
        const part2 = await blob.slice(offset, offset + PART_BYTES).arrayBuffer();
        const arrived = await this.answerTo({ ...base, offset }, part2);
        if (arrived === null) return false;
        progress(blob.size ? arrived / blob.size : 1);
        if (arrived === 0) break;
        offset = arrived;
      }
      return true;
    } catch (error) {
      this.model.send({ kind: "abort", upload }, void 0);
      throw error;
    } finally {
      this.waiting.delete(upload);
    }
  }
  /**
   * @param {{ upload: string, offset: number }} message
   * @param {ArrayBuffer} part
   * @returns {Promise<number | null>}
   */
  answerTo(message, part2) {
    return new Promise((answer) => {
      this.waiting.set(message.upload, answer);
      this.model.send(message, void 0, [part2]);
    });
  }
  /**
   * Take Python's answer to a part.
   * @param {{ upload: string, arrived: number | null }} message
   */
  hear(message) {
    this.waiting.get(message.upload)?.(message.arrived);
  }
};
async function isPicture(blob) {
  const head = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.startsWith("PNG\r\n\n") || text.startsWith("ÿØÿ") || text.startsWith("RIFF") && text.endsWith("WEBP");
}

// widgets/viewer/src/store.js
var REDRAWN_BY = (
  /** @type {const} */
  [
    "mode",
    "busy",
    "how",
    "labels",
    "split",
    "size",
    "boxes_size",
    "box_sets",
    "box_set",
    "can_redraw",
    "mask_tool",
    "mask_erases",
    "brush_size",
    "brush_hardness",
    "brush_opacity",
    "shows_mask",
    "tile",
    "marked"
  ]
);
var SLOW_BYTES = 4e6;
var Store = class {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    this.views = /* @__PURE__ */ new Set();
    this.pictures = { image: null, left: null, right: null, preview: null };
    this.previews = 0;
    this.masks = new MaskStore(this);
    this.boxes = new BoxStore(this);
    this.tiles = new TileStore(this);
    this.files = {};
    this.isStale = false;
    this.isLoading = false;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    for (const name of REDRAWN_BY) model.on(`change:${name}`, () => this.changed());
    model.send({ kind: "hello" });
  }
  get picture() {
    return this.pictures.image;
  }
  get preview() {
    return this.pictures.preview;
  }
  /**
   * The two pictures that are compared, left and right; null where there are not two.
   * @returns {[Picture, Picture] | null}
   */
  get compared() {
    const { image, left, right } = this.pictures;
    const other = right ?? image;
    return left && other && [left, other];
  }
  changed() {
    for (const view of this.views) view.update();
  }
  /**
   * @param {string} text
   * @param {MessageOptions} [options]
   */
  say(text, options) {
    for (const view of this.views) view.say(text, options);
  }
  endProgress() {
    for (const view of this.views) view.endProgress();
  }
  /**
   * Set traits here and in Python, and draw.
   * @param {Partial<Traits>} traits
   */
  set(traits) {
    for (
      const name of
      /** @type {(keyof Traits)[]} */
      Object.keys(traits)
    ) {
      this.model.set(
        name,
        /** @type {Traits[typeof name]} */
        traits[name]
      );
    }
    this.model.save_changes();
    this.changed();
  }
  /**
   * Go to a mode; from the grid to Compare with the two tiles that are marked.
   * @param {Mode} mode
   */
  enter(mode) {
    const isFromGrid = this.model.get("mode") === "grid" && mode === "compare";
    if (!isFromGrid || !this.tiles.compare()) this.set({ mode });
  }
  /**
   * @param {Message} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "part") this.sender.hear(message);
    if (message.kind === "tiles") this.tiles.take(message, buffers);
    if (message.kind === "files") {
      message.names.forEach((name, i) => {
        if (name !== "mask" || message.mask_by !== this.page) this.files[name] = buffers[i];
      });
      this.load();
    }
    if (message.kind === "error") {
      this.say(message.text, { title: message.name, details: message.trace, isError: true });
    }
  }
  // --- pictures from Python --------------------------------------------------------------------
  /** Decode what has come. What comes meanwhile waits, and only the last of it is decoded. */
  async load() {
    this.isStale = true;
    if (this.isLoading) return;
    this.isLoading = true;
    while (this.isStale) {
      this.isStale = false;
      const { files } = this;
      this.files = {};
      const isSlow = Object.values(files).some((file) => file.byteLength > SLOW_BYTES);
      if (isSlow) this.say("Opening the picture…", { share: NaN });
      const { pictures } = this;
      const [image, left, right, preview, mask] = await Promise.all([
        this.decoded(files.image, pictures.image),
        this.decoded(files.left, pictures.left),
        this.decoded(files.right, pictures.right),
        this.decoded(files.preview, pictures.preview),
        this.masks.decoded(files.mask)
      ]);
      if (preview && preview !== pictures.preview) this.previews++;
      this.pictures = { image, left, right, preview };
      const kept = new Set(Object.values(this.pictures));
      this.masks.take(mask, image);
      if (isSlow) this.endProgress();
      this.changed();
      for (const one of Object.values(pictures)) if (one && !kept.has(one)) one.close();
      for (const one of [image, left, right]) this.prepare(one);
    }
    this.isLoading = false;
  }
  /**
   * Return the picture in a file, `known` if none has come, null if there is none any more.
   * @param {DataView | undefined} file
   * @param {Picture | null} known
   */
  async decoded(file, known) {
    if (file === void 0) return known;
    if (!file.byteLength) return null;
    try {
      return await Picture.decode(file);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }
  /**
   * Make the smaller copies of a large picture; until they are there, it is drawn from itself.
   * @param {Picture | null} picture
   */
  async prepare(picture) {
    if (!picture?.isLarge || picture.isPrepared) return;
    await picture.prepare();
    if (!picture.isClosed) this.changed();
  }
  /**
   * Send the first of these files to Python, if it is a picture.
   * @param {File[]} files
   */
  async drop(files) {
    const [file, ...others] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!await isPicture(file)) {
      const text = `${name} is not a picture that can be opened; choose a PNG, JPEG or WebP file.`;
      this.say(text, { isError: true });
      return;
    }
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      const isTaken = await this.sender.send("drop", name, file, show);
      this.endProgress();
      if (isTaken && others.length) {
        this.say(`Only ${name} is opened: one picture is shown at a time.`);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.say(`${name} could not be read: ${reason}`, { isError: true });
    }
  }
};

// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes });
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    set(shape, { d: path, ...own });
    svg.append(shape);
  }
  return svg;
}
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
function targetOf(event) {
  return (
    /** @type {HTMLElement} */
    event.target
  );
}

// widgets/viewer/src/icons.js
var ICONS = {
  grid: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
  view: "M8 13V5.5a1.5 1.5 0 0 1 3 0V12m0-6.5v-1a1.5 1.5 0 0 1 3 0V12m0-5.5a1.5 1.5 0 0 1 3 0V12m0-3.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-2a6 6 0 0 1-5-2.7L5.2 15.6a1.6 1.6 0 0 1 2.6-1.8L8 14",
  compare: "M12 3v18M4 5h5v14H4zM15 5h5v14h-5",
  mask: "M4.5 12a7.5 7.5 0 1 0 15 0 7.5 7.5 0 1 0-15 0M7 6.500l10.500 10.500M5 10l9 9M10 5l9 9",
  boxes: "M4 8V5a1 1 0 0 1 1-1h3m8 0h3a1 1 0 0 1 1 1v3m0 8v3a1 1 0 0 1-1 1h-3m-8 0H5a1 1 0 0 1-1-1v-3M9 9h6v6H9z",
  open: "M3 18V6a1 1 0 0 1 1-1h5l2 3h8a1 1 0 0 1 1 1v1.500M3 18l2.500-7h16L19 19H4a1 1 0 0 1-1-1z",
  download: "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3M12 4v11m-4-4 4 4 4-4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V5a1 1 0 0 1 1-1h4m6 0h4a1 1 0 0 1 1 1v4m0 6v4a1 1 0 0 1-1 1h-4m-6 0H5a1 1 0 0 1-1-1v-4",
  brush: "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  lasso: "M12 4c-4.700 0-8.500 2.500-8.500 5.500S7.300 15 12 15s8.500-2.500 8.500-5.500S16.700 4 12 4zM6.500 13.500c-1 .8-1.300 2-.6 2.900.8 1 2.300.9 3-.1M6 16.700c0 1.600.4 2.700 1.600 3.800",
  rectangle: "M4 6h16v12H4z",
  erase: "m8 19-4.3-4.300a1.5 1.5 0 0 1 0-2.100l8.8-8.800a1.5 1.5 0 0 1 2.1 0l5 5a1.5 1.5 0 0 1 0 2.100L11.5 19H8zM8 8l8 8M8 19h12",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  invert: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  fill: "M5 5h14v14H5zM5 12l7-7M5 19 19 5M12 19l7-7",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM9 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  slider: "M12 3v18M8 9l-3 3 3 3M16 9l3 3-3 3",
  beside: "M4 5h7v14H4zM13 5h7v14h-7z",
  blink: "M4 4h11v11H4zM9 19h11V9",
  pause: "M9 5v14M15 5v14",
  play: "M7 4.500v15l12-7.500z",
  hold: "M9 11V5.500a1.500 1.500 0 0 1 3 0V11l4.500 1a2 2 0 0 1 1.500 2.300l-.7 3.700a3 3 0 0 1-3 2.500h-2.800a3 3 0 0 1-2.400-1.200L5.500 14.500a1.500 1.500 0 0 1 2.300-1.900L9 13.500",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  left: "m15 6-6 6 6 6",
  right: "m9 6 6 6-6 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  reset: "M4 4v5h5M4.5 9a8 8 0 1 1-.5 4"
};
var FILLED = { invert: "M12 3a9 9 0 1 0 0 18z" };
function makeIcon(name) {
  const filled = FILLED[name];
  return makeSvg([...filled ? [part(filled, { fill: "currentColor" })] : [], part(ICONS[name])]);
}
var part = (path, attributes = {}) => [path, attributes];

// widgets/viewer/src/controls.js
function makeButton(name, icon, label, help, press3) {
  return make(
    "button",
    {
      type: "button",
      class: `mls-viewer-button mls-viewer-${name}`,
      title: help,
      "aria-label": label,
      onclick: press3
    },
    makeIcon(icon),
    make("span", { class: "mls-viewer-label" }, label)
  );
}
function changeButton(button, icon, label, help = label) {
  if (button.title === help && button.ariaLabel === label) return;
  button.title = help;
  button.setAttribute("aria-label", label);
  button.replaceChildren(makeIcon(icon), make("span", { class: "mls-viewer-label" }, label));
}
var press = (button, isOn) => button.setAttribute("aria-pressed", String(isOn));
var makeGroup = (kind, label, ...children) => make("div", { class: kind, role: "group", "aria-label": label }, ...children);
function makeSlider(name, label, { min, max, step, unit = "", factor = 1 }, tell) {
  const limits = { min: min * factor, max: max * factor, step: step * factor };
  const input = make("input", {
    type: "range",
    class: "mls-viewer-range",
    "aria-label": label,
    ...limits,
    oninput: () => {
      show(Number(input.value) / factor);
      tell.input?.(Number(input.value) / factor);
    },
    onchange: () => tell.change?.(Number(input.value) / factor)
  });
  const number = make("input", {
    type: "number",
    class: "mls-viewer-number",
    "aria-label": unit ? `${label} in ${unit === "%" ? "percent" : "pixels"}` : `${label}, number`,
    ...limits,
    onchange: () => {
      if (number.value === "") return;
      const typed = clamp(Number(number.value), limits.min, Number(input.max));
      number.value = String(typed);
      const value = typed / factor;
      tell.input?.(value);
      tell.change?.(value);
    }
  });
  const row = make(
    "div",
    { class: `mls-viewer-slider mls-viewer-${name}`, title: label },
    make("span", { class: "mls-viewer-label" }, label),
    input,
    number,
    make("span", { class: "mls-viewer-unit", "aria-hidden": "true" }, unit)
  );
  const show = (value, isInherited = false) => {
    const seen = Number((value * factor).toFixed(2));
    input.value = String(seen);
    const [least, most] = [Number(input.min), Number(input.max)];
    const share = (Math.min(seen, most) - least) / (most - least);
    input.style.setProperty("--mls-share", `${100 * share}%`);
    input.setAttribute("aria-valuetext", isInherited ? "as the stage" : `${seen} ${unit}`.trim());
    number.placeholder = isInherited ? "stage" : "";
    if (!isFocused(number) || isInherited) number.value = isInherited ? "" : String(seen);
  };
  const disable = (isDisabled) => {
    input.disabled = number.disabled = isDisabled;
  };
  return { row, input, number, show, disable };
}
function isFocused(element) {
  const root = (
    /** @type {Document | ShadowRoot} */
    element.getRootNode()
  );
  return root.activeElement === element;
}
var asPercent = (share) => `${Math.round(100 * share)} %`;

// widgets/viewer/src/overflow.js
function fitting(tools, room, { gap, menu }) {
  const kept = new Set(tools.keys());
  const width = () => {
    const those = tools.filter((_, i) => kept.has(i));
    const groups = new Set(those.map((tool) => tool.group)).size;
    return those.reduce((sum, tool) => sum + tool.width, groups * gap);
  };
  if (width() <= room) return kept;
  const ranks = [...new Set(tools.map((tool) => tool.rank))].sort((one, other) => other - one);
  for (const rank of ranks) {
    if (width() <= room - menu) break;
    tools.forEach((tool, i) => tool.rank === rank && kept.delete(i));
  }
  return kept;
}

// widgets/viewer/src/bar.js
var MODES = [
  ["grid", "Grid", "All pictures of the batch or sweep (Esc)"],
  ["view", "View", "Look at the picture: zoom and move (V)"],
  ["compare", "Compare", "Compare two pictures (C)"],
  ["mask", "Mask", "Paint the area to change (M)"],
  ["boxes", "Boxes", "Correct what was found, one box each (B)"]
];
var HIDES = 100;
var [NAMES_FROM, BOTH_FROM] = [560, 900];
var GROUP_GAP = 8;
var PADDING = 4;
var MENU = 34;
var item = (element, rank, isShown = () => true) => ({ element, rank, isShown });
var Bar = class {
  /**
   * @param {Store} store
   * @param {(mode: Mode) => Group[]} groupsOf the tools of a mode, zoom and files
   */
  constructor(store, groupsOf) {
    this.store = store;
    this.groupsOf = groupsOf;
    this.modes = MODES.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, label, help, () => store.enter(mode));
      button.dataset.mode = mode;
      return button;
    });
    this.modeGroup = makeGroup("mls-viewer-modes", "Mode", ...this.modes);
    this.tools = make("div", { class: "mls-viewer-tools" });
    this.menu = make("div", {
      class: "mls-viewer-menu mls-viewer-over",
      role: "group",
      "aria-label": "More tools",
      hidden: ""
    });
    this.more = makeButton("more", "more", "More tools", "More tools", () => this.open());
    this.more.setAttribute("aria-expanded", "false");
    this.root = make(
      "div",
      { class: "mls-viewer-bar", role: "group", "aria-label": "Picture" },
      this.modeGroup,
      this.tools,
      this.more
    );
    this.widths = /* @__PURE__ */ new WeakMap();
    this.room = 0;
    this.laidOut = "";
  }
  /** @param {AbortSignal} signal aborted when the view closes */
  listen(signal) {
    const sizes = new ResizeObserver(() => {
      this.room = this.root.clientWidth - PADDING;
      this.layOut();
    });
    sizes.observe(this.root);
    signal.addEventListener("abort", () => sizes.disconnect());
    document.addEventListener(
      "pointerdown",
      (event) => {
        const path = event.composedPath();
        if (!path.includes(this.menu) && !path.includes(this.more)) this.close();
      },
      { signal }
    );
    this.menu.addEventListener("click", (event) => {
      const button = targetOf(event).closest("button");
      if (button && !button.hasAttribute("aria-pressed")) this.close();
    });
  }
  open() {
    const isOpen = !this.menu.hidden;
    this.menu.hidden = isOpen;
    this.more.setAttribute("aria-expanded", String(!isOpen));
    if (!isOpen) this.menu.querySelector(FOCUSED)?.focus();
  }
  /** Close the menu; true if it was open. The focus goes back to its button if it was in it. */
  close() {
    if (this.menu.hidden) return false;
    const root = (
      /** @type {Document | ShadowRoot} */
      this.menu.getRootNode()
    );
    const hadFocus = this.menu.contains(root.activeElement);
    this.menu.hidden = true;
    this.more.setAttribute("aria-expanded", "false");
    if (hadFocus && !this.more.hidden) this.more.focus();
    return true;
  }
  /** @param {Mode} mode */
  show(mode) {
    const { boxes, masks, tiles } = this.store;
    for (const button of this.modes) {
      const own = button.dataset.mode;
      press(button, own === mode);
      const isMarked = own === "mask" && masks.isPainted || own === "boxes" && boxes.all.length > 0;
      button.dataset.marked = String(isMarked);
      button.hidden = own === "grid" && tiles.count === 0;
    }
    this.layOut();
  }
  /** Put what has room into the bar and the rest into the menu, unless they are there. */
  layOut() {
    if (!this.room) return;
    const mode = this.store.model.get("mode");
    const every = this.groupsOf(mode);
    const groups = every.map((group) => ({ ...group, items: group.items.filter((one) => one.isShown()) })).filter((group) => group.items.length);
    this.modeGroup.dataset.look = lookOf(this.room);
    this.measure(groups);
    const tools = groups.flatMap(
      ({ items: items2 }, group) => items2.map((one) => ({ width: this.widthOf(one.element), rank: one.rank, group }))
    );
    const room = this.room - this.modeGroup.offsetWidth;
    const kept = fitting(tools, room, { gap: GROUP_GAP, menu: MENU });
    const shown = every.map((group) => group.items.map((one) => Number(one.isShown())).join(""));
    const key = [mode, shown, [...kept]].join(" ");
    if (key === this.laidOut) return;
    this.laidOut = key;
    const items = groups.flatMap((group) => group.items);
    this.place(groups, new Set(items.filter((_, i) => kept.has(i))));
  }
  /**
   * Return how wide a tool is in the bar: a text is as wide as others of its length.
   * @param {HTMLElement} element
   */
  widthOf(element) {
    return this.widths.get(element)?.get(element.textContent?.length ?? 0) ?? 0;
  }
  /**
   * Measure those that have not been, where they stand in the bar.
   * @param {Group[]} groups
   */
  measure(groups) {
    const all = new Set(groups.flatMap((group) => group.items));
    if ([...all].every((one) => this.widthOf(one.element))) return;
    this.place(groups, all);
    for (const { element } of all) {
      const known = this.widths.get(element) ?? /* @__PURE__ */ new Map();
      this.widths.set(
        element,
        known.set(element.textContent?.length ?? 0, element.offsetWidth + 2)
      );
    }
    this.laidOut = "";
  }
  /**
   * @param {Group[]} groups
   * @param {Set<Item>} kept those in the bar; the others are in the menu
   */
  place(groups, kept) {
    const those = (group, isKept) => group.items.filter((one) => kept.has(one) === isKept).map((one) => one.element);
    const rows = groups.filter((group) => those(group, true).length);
    this.tools.replaceChildren(
      ...rows.map((group) => makeGroup("mls-viewer-set", group.title, ...those(group, true)))
    );
    const rest = groups.flatMap(
      (group) => group.items.filter((one) => !kept.has(one) && one.rank < HIDES).map((one) => one.element)
    );
    this.menu.replaceChildren(...rest);
    this.more.hidden = rest.length === 0;
    if (!rest.length) this.close();
  }
};
var FOCUSED = "button:enabled, input:enabled, select:enabled";
function lookOf(room) {
  if (room >= BOTH_FROM) return "both";
  return room >= NAMES_FROM ? "names" : "icons";
}

// widgets/viewer/src/boxes.js
var GRIP = 8;
var SMALLEST_BOX = 4;
function gripOf([left, top, right, bottom], { x, y }) {
  const inside = x > left - GRIP && x < right + GRIP && y > top - GRIP && y < bottom + GRIP;
  if (!inside) return null;
  const across = sideOf(x, left, right, "l", "r");
  const down = sideOf(y, top, bottom, "t", "b");
  return (
    /** @type {Grip} */
    across + down || "move"
  );
}
function sideOf(value, low, high, lowName, highName) {
  const reach = Math.min(GRIP, (high - low) / 4);
  if (value < low + reach) return lowName;
  return value > high - reach ? highName : "";
}
var GRIP_CURSORS = {
  move: "move",
  l: "ew-resize",
  r: "ew-resize",
  t: "ns-resize",
  b: "ns-resize",
  lt: "nwse-resize",
  rb: "nwse-resize",
  rt: "nesw-resize",
  lb: "nesw-resize"
};
var wholeBetween = (value, low, high) => Math.round(clamp(value, low, high));
function draggedBox([left, top, right, bottom], grip, dx, dy, { width, height }) {
  if (grip === "move") {
    const x = wholeBetween(left + dx, 0, width - (right - left));
    const y = wholeBetween(top + dy, 0, height - (bottom - top));
    return [x, y, x + right - left, y + bottom - top];
  }
  return [
    grip.includes("l") ? wholeBetween(left + dx, 0, right - SMALLEST_BOX) : left,
    grip.includes("t") ? wholeBetween(top + dy, 0, bottom - SMALLEST_BOX) : top,
    grip.includes("r") ? wholeBetween(right + dx, left + SMALLEST_BOX, width) : right,
    grip.includes("b") ? wholeBetween(bottom + dy, top + SMALLEST_BOX, height) : bottom
  ];
}
function boxBetween(one, other, { width, height }) {
  const [left, right] = ordered(wholeBetween(one.x, 0, width), wholeBetween(other.x, 0, width));
  const [top, bottom] = ordered(wholeBetween(one.y, 0, height), wholeBetween(other.y, 0, height));
  if (right - left < SMALLEST_BOX || bottom - top < SMALLEST_BOX) return null;
  return [left, top, right, bottom];
}
function typedBox({ x, y, width, height }, picture) {
  const wide = wholeBetween(width, SMALLEST_BOX, picture.width);
  const high = wholeBetween(height, SMALLEST_BOX, picture.height);
  const left = wholeBetween(x, 0, picture.width - wide);
  const top = wholeBetween(y, 0, picture.height - high);
  return [left, top, left + wide, top + high];
}
var ordered = (one, other) => one < other ? [one, other] : [other, one];
function middleBox({ width, height }) {
  const [left, top, right, bottom] = [0.375 * width, 0.375 * height, 0.625 * width, 0.625 * height];
  return [Math.round(left), Math.round(top), Math.round(right), Math.round(bottom)];
}
function newDetection(box, label) {
  return {
    label,
    box,
    enabled: true,
    mask: null,
    confidence: 1,
    prompt: null,
    denoising_strength: null,
    made_for: null,
    index: null
  };
}
var movedDetection = (detection, box) => ({ ...detection, box, mask: null });
function reordered(items, from, to) {
  const moved = [...items];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}
var nameOf = (detection, index) => `${index + 1} ${detection.label || "part"}`;

// widgets/viewer/src/box_row.js
var STAGE_STRENGTH = 0.4;
var NUMBERS = [
  ["X", "Left edge in pixels"],
  ["Y", "Upper edge in pixels"],
  ["W", "Width in pixels"],
  ["H", "Height in pixels"]
];
var BoxRow = class {
  /**
   * @param {BoxPanel} panel
   * @param {number} index
   */
  constructor(panel, index) {
    this.panel = panel;
    this.index = index;
    const { boxes } = panel;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => boxes.changeOne(index, { enabled: this.tick.checked })
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => boxes.select(boxes.selected === index ? -1 : index)
    });
    this.up = makeButton("up", "up", "Earlier", "Draw it earlier", () => panel.move(index, -1));
    this.down = makeButton("down", "down", "Later", "Draw it later", () => panel.move(index, 1));
    this.trash = makeButton(
      "remove",
      "trash",
      "Remove",
      "Remove it (Delete)",
      () => panel.remove(index)
    );
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => boxes.changeOne(index, { prompt: this.prompt.value.trim() || null })
    });
    this.numbers = NUMBERS.map(([label, help]) => this.makeNumber(label, help));
    this.strength = makeSlider(
      "strength",
      "Strength",
      { min: 0, max: 1, step: 0.05 },
      { change: (strength) => boxes.changeOne(index, { denoising_strength: strength }) }
    );
    this.reset = makeButton(
      "reset",
      "reset",
      "As the stage",
      "Use the stage’s strength",
      () => boxes.changeOne(index, { denoising_strength: null })
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset),
      makeGroup(
        "mls-viewer-numbers",
        "Place",
        ...this.numbers.map((number, i) => make("label", {}, NUMBERS[i][0], number))
      )
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.trash);
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details
    );
  }
  /**
   * @param {string} label
   * @param {string} help
   */
  makeNumber(label, help) {
    return make("input", {
      type: "number",
      class: "mls-viewer-number",
      title: help,
      "aria-label": help,
      "data-edge": label,
      min: 0,
      step: 1,
      onchange: () => this.type()
    });
  }
  /** Take the numbers as they are typed; those that cannot be are brought into the picture. */
  type() {
    const { boxes, stage } = this.panel;
    const { frame } = stage;
    const detection = boxes.all[this.index];
    const [x, y, width, height] = this.numbers.map((number) => Number(number.value));
    if (!frame) return;
    const box = typedBox({ x, y, width, height }, frame);
    this.showNumbers(box, true);
    if (box.some((edge, i) => edge !== detection.box[i])) {
      boxes.changeOne(this.index, movedDetection(detection, box));
    }
  }
  /**
   * @param {Detection} detection
   * @param {boolean} isChosen
   */
  show(detection, isChosen) {
    const name = nameOf(detection, this.index);
    const confidence = detection.confidence < 1 ? asPercent(detection.confidence) : "";
    this.root.dataset.selected = String(isChosen);
    this.root.dataset.enabled = String(detection.enabled);
    this.tick.checked = detection.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = detection.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, confidence));
    this.name.setAttribute("aria-expanded", String(isChosen));
    this.up.disabled = this.index === 0;
    this.down.disabled = this.index === this.panel.boxes.all.length - 1;
    this.details.hidden = !isChosen;
    if (!isFocused(this.prompt)) this.prompt.value = detection.prompt ?? "";
    const strength = detection.denoising_strength;
    this.strength.show(strength ?? STAGE_STRENGTH, strength === null);
    this.strength.row.dataset.unset = String(strength === null);
    this.reset.disabled = strength === null;
    this.showNumbers(detection.box, false);
  }
  /**
   * @param {Box} box
   * @param {boolean} all even the one that is being typed in
   */
  showNumbers([left, top, right, bottom], all) {
    const values = [left, top, right - left, bottom - top];
    this.numbers.forEach((number, i) => {
      if (all || !isFocused(number)) number.value = String(values[i]);
    });
  }
};

// widgets/viewer/src/box_panel.js
var WIDTH = 264;
var NARROW = 480;
var SHRUNK = 0.9;
var BoxPanel = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   * @param {HTMLElement} whenEmpty gets the focus when the last box is removed
   */
  constructor(store, stage, whenEmpty) {
    this.store = store;
    this.stage = stage;
    this.whenEmpty = whenEmpty;
    this.rows = [];
    this.scrolled = -1;
    this.isOpened = null;
    this.list = make("ol", { class: "mls-viewer-list" });
    this.none = make("p", { class: "mls-viewer-none" });
    this.fold = makeButton("fold", "right", "Fold", "Fold the list of boxes", () => this.toggle());
    this.title = make("span", { class: "mls-viewer-title" });
    this.redraw = make(
      "button",
      {
        type: "button",
        class: "mls-viewer-button mls-viewer-redraw",
        title: "Repaint the parts in the boxes, and run the stages after that again",
        onclick: () => store.model.send({ kind: "redraw" })
      },
      "Redraw boxes"
    );
    this.body = make("div", { class: "mls-viewer-panel-body" }, this.none, this.list);
    this.root = makeGroup(
      "mls-viewer-panel mls-viewer-over",
      "Parts to repaint",
      make("div", { class: "mls-viewer-panel-head" }, this.title, this.fold),
      this.body,
      this.redraw
    );
  }
  get boxes() {
    return this.store.boxes;
  }
  get isOpen() {
    return this.isOpened ?? this.hasRoom;
  }
  /** Whether the picture, fitted in, is hardly smaller beside the open panel. */
  get hasRoom() {
    const { frame, room } = this.stage;
    if (!frame || room.width < NARROW) return false;
    const beside = (room.width - WIDTH) / frame.width;
    const alone = Math.min(room.width / frame.width, room.height / frame.height);
    return Math.min(beside, room.height / frame.height) >= SHRUNK * alone;
  }
  toggle() {
    this.isOpened = !this.isOpen;
    this.store.changed();
    this.fold.focus();
  }
  update() {
    const { store, stage } = this;
    const { all, selected } = this.boxes;
    const isShown = store.model.get("mode") === "boxes" && stage.frame !== null;
    this.root.hidden = !isShown;
    const isOpen = isShown && this.isOpen;
    const isNarrow = stage.room.width < NARROW;
    this.root.dataset.open = String(isOpen);
    this.root.dataset.narrow = String(isNarrow);
    stage.cover(isOpen && !isNarrow ? WIDTH : 0);
    if (!isShown) return;
    this.showHead(isOpen);
    this.body.hidden = !isOpen;
    const shown = stage.isWorkable ? all : [];
    while (this.rows.length < shown.length) {
      const row = new BoxRow(this, this.rows.length);
      this.rows.push(row);
      this.list.append(row.root);
    }
    for (const row of this.rows.splice(shown.length)) row.root.remove();
    this.rows.forEach((row, index) => row.show(all[index], index === selected));
    this.none.hidden = shown.length > 0;
    this.none.textContent = this.reason();
    this.redraw.hidden = !store.model.get("can_redraw");
    this.redraw.disabled = shown.length === 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }
  /** @param {boolean} isOpen */
  showHead(isOpen) {
    const { all } = this.boxes;
    const on = all.filter((box) => box.enabled).length;
    const boxes = all.length === 1 ? "1 box" : `${all.length} boxes`;
    const counted = on === all.length ? boxes : `${on} of ${boxes}`;
    this.title.textContent = this.stage.hand.isAdding ? "Drag over the part" : counted;
    if (isOpen) changeButton(this.fold, "right", "Fold", "Fold the list of boxes");
    else changeButton(this.fold, "left", "Edit", "Words, strength and numbers of each box");
    this.fold.setAttribute("aria-expanded", String(isOpen));
  }
  /** Return why no box is listed. */
  reason() {
    const { model, picture } = this.store;
    if (!this.stage.frame?.isPicture) return "They can be edited when the picture is finished.";
    const [width, height] = model.get("boxes_size");
    if (this.boxes.all.length && !this.boxes.isFor(picture)) {
      return `The boxes belong to a picture of ${width} × ${height}; show that one to edit them.`;
    }
    return "No boxes. Add one, then drag over the part to repaint.";
  }
  /**
   * Move a box up (-1) or down (1); the focus goes with it.
   * @param {number} index
   * @param {number} by
   */
  move(index, by) {
    this.boxes.change(reordered(this.boxes.all, index, index + by), index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }
  /** @param {number} index */
  remove(index) {
    this.boxes.remove(index);
    const next = this.rows[Math.min(index, this.rows.length - 1)];
    (next?.name ?? this.whenEmpty).focus();
  }
};

// widgets/viewer/src/box_tools.js
var BoxTools = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.sets = make("select", {
      class: "mls-viewer-sets",
      "aria-label": "Boxes of",
      title: "The stage whose boxes are shown",
      onchange: () => store.set({ box_set: this.sets.value })
    });
    const help = "Add a box: press, then drag it on the picture (A)";
    this.add = makeButton("add", "plus", "Add box", help, (event) => this.press(event));
    this.undo = makeButton("undo", "undo", "Undo", "Undo (Ctrl+Z)", () => store.boxes.undo());
    this.redo = makeButton("redo", "redo", "Redo", "Redo (Ctrl+Shift+Z)", () => store.boxes.redo());
    const areMany = () => store.model.get("box_sets").length > 1;
    this.groups = [
      { title: "Stage", items: [item(this.sets, 2, areMany)] },
      { title: "Boxes", items: [item(this.add, 1), item(this.undo, 2), item(this.redo, 2)] }
    ];
  }
  /** @param {MouseEvent} event */
  press(event) {
    if (event.detail === 0) this.addByKey();
    else this.toggleAdding();
  }
  toggleAdding() {
    const { hand } = this.stage;
    hand.isAdding = !hand.isAdding;
    this.store.changed();
  }
  /** Add a box in the middle, to move with the arrow keys: the keyboard cannot drag. */
  addByKey() {
    this.stage.hand.add();
    this.stage.root.focus();
  }
  show() {
    const { stage } = this;
    const { boxes, model } = this.store;
    this.showSets();
    this.sets.value = model.get("box_set");
    this.add.disabled = !stage.isWorkable;
    press(this.add, stage.hand.isAdding);
    this.undo.disabled = boxes.history.done.length === 0;
    this.redo.disabled = boxes.history.undone.length === 0;
  }
  showSets() {
    const sets = this.store.model.get("box_sets");
    const key = JSON.stringify(sets);
    if (this.sets.dataset.key === key) return;
    this.sets.dataset.key = key;
    this.sets.replaceChildren(
      ...sets.map(
        ({ name, title, count }) => make("option", { value: name }, `${title} · ${count}`)
      )
    );
  }
};

// widgets/viewer/src/compare_tools.js
var HOWS = [
  ["slider", "slider", "Slider", "A line between the two, to drag (S for the next way)"],
  [
    "side by side",
    "beside",
    "Side by side",
    "Both whole, zoomed and moved together (S for the next way)"
  ],
  ["blink", "blink", "Blink", "One after the other in the same place (S for the next way)"]
];
var CompareTools = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.hows = HOWS.map(([how, icon, label, help]) => {
      const button = makeButton("how", icon, label, help, () => store.set({ how }));
      button.dataset.how = how;
      return button;
    });
    const { comparison } = stage;
    this.run = makeButton("run", "pause", "Pause", "Pause (P)", () => comparison.toggleBlinking());
    this.hold = makeButton("hold", "hold", "Hold", "Hold", () => {
    });
    this.listen();
    const blinks = () => comparison.isBlink;
    const isReady = () => store.compared !== null;
    this.groups = [
      { title: "Compare by", items: this.hows.map((button) => item(button, 1, isReady)) },
      { title: "Blink", items: [item(this.run, 2, blinks), item(this.hold, 2, blinks)] }
    ];
  }
  listen() {
    const { hold, stage } = this;
    const { comparison } = stage;
    hold.addEventListener("pointerdown", (event) => {
      hold.setPointerCapture(event.pointerId);
      comparison.hold(true);
    });
    for (const kind of ["pointerup", "pointercancel", "blur"]) {
      hold.addEventListener(kind, () => comparison.hold(false));
    }
    hold.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") comparison.hold(true);
    });
    hold.addEventListener("keyup", () => comparison.hold(false));
  }
  show() {
    const { comparison } = this.stage;
    const { model } = this.store;
    for (const button of this.hows) press(button, button.dataset.how === model.get("how"));
    if (comparison.isBlinking) changeButton(this.run, "pause", "Pause", "Stop blinking (P)");
    else changeButton(this.run, "play", "Blink by itself", "Blink by itself (P)");
    const other = model.get("labels")[1 - comparison.side];
    const help = comparison.isBlinking ? "Hold to see the other picture (X)" : `Hold to see “${other}” (X)`;
    changeButton(this.hold, "hold", "Hold to see the other", help);
  }
};

// widgets/viewer/src/files.js
var EXTENSIONS = { "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp" };
function downloadName(name, kind) {
  if (/\.(png|jpe?g|webp)$/i.test(name)) return name;
  return `${name || "picture"}${EXTENSIONS[kind] ?? ""}`;
}
function downloadPicture({ picture, model }) {
  if (!picture) return;
  const address = URL.createObjectURL(picture.file);
  const name = downloadName(model.get("file_name"), picture.file.type);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 6e4);
}
async function copyPicture(store) {
  const { picture } = store;
  if (!picture) return;
  if (!navigator.clipboard?.write) {
    const text = "This page may not copy, since it is not served securely; download the picture.";
    store.say(text, { isError: true });
    return;
  }
  try {
    const png = picture.file.type === "image/png" ? picture.file : pngOf(picture.bitmap);
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    store.say("The picture is copied.");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    store.say(`The picture could not be copied: ${reason}`, { isError: true });
  }
}
function pngOf(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
function hearFiles(root, signal, take) {
  const on = (name, hear) => root.addEventListener(name, hear, { signal });
  let depth = 0;
  const mark2 = (change) => {
    depth = Math.max(0, depth + change);
    root.dataset.dropping = String(depth > 0);
  };
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  on("dragenter", (event) => isFile(event) && mark2(1));
  on("dragleave", (event) => isFile(event) && mark2(-1));
  on("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  on("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark2(-depth);
    take([...event.dataTransfer.files]);
  });
  on("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    take(files);
  });
}

// widgets/viewer/src/grid_layout.js
var GAP = 8;
var SMALLEST = 88;
var LABEL = 20;
function widthFor(tile, count, across, room, label) {
  const down = Math.ceil(count / across);
  const byWidth = (room.width - GAP * (across - 1)) / across;
  const byHeight = ((room.height - GAP * (down - 1)) / down - label) * (tile.width / tile.height);
  return Math.min(byWidth, byHeight);
}
function layOutTiles({ size, count, across, hasLabels }, room) {
  const shape = size.width && size.height ? size : { width: 1, height: 1 };
  const label = hasLabels ? LABEL : 0;
  let best = { across: across || 1, width: 0 };
  const tries = across ? [across] : Array.from({ length: count }, (_, i) => i + 1);
  for (const one of tries) {
    const width2 = widthFor(shape, count, one, room, label);
    if (width2 > best.width) best = { across: one, width: width2 };
  }
  if (best.width < SMALLEST) best = scrolled(across, room);
  const width = Math.floor(best.width);
  return { across: best.across, width, height: Math.round(width * shape.height / shape.width) };
}
function scrolled(across, room) {
  if (across) {
    const width = (room.width - GAP * (across - 1)) / across;
    return { across, width: Math.max(SMALLEST, Math.min(width, 2 * SMALLEST)) };
  }
  const most = Math.max(1, Math.floor((room.width + GAP) / (SMALLEST + GAP)));
  return { across: most, width: (room.width - GAP * (most - 1)) / most };
}
function tileByKey(key, index, { count, across, page }) {
  const rows = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[key];
  if (rows !== void 0) {
    const next2 = index + rows * across;
    if (next2 >= 0 && next2 < count) return next2;
    const column = index % across;
    const last = Math.floor((count - 1 - column) / across) * across + column;
    return rows < 0 ? column : last;
  }
  const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: count - 1 }[key];
  return next === void 0 ? null : Math.min(Math.max(next, 0), count - 1);
}
var isMarkKey = (key) => /^([0-5]|Delete|Backspace)$/.test(key);

// widgets/viewer/src/grid.js
var PADDING2 = 8;
var HEADER = 40;
var ROW_LABELS = 96;
var TileGrid = class {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.root = make("div", {
      class: "mls-viewer-grid",
      role: "grid",
      "aria-label": "Pictures",
      "aria-multiselectable": true,
      hidden: "",
      onclick: (event) => this.click(event),
      onkeydown: (event) => this.press(event),
      onfocusin: (event) => {
        const tile = targetOf(event).closest("button");
        if (tile) this.focusable(Number(tile.dataset.index));
      },
      onscroll: () => this.load()
    });
    this.tiles = [];
    this.across = 1;
    this.rowHeight = 1;
    this.at = 0;
    this.room = { width: 0, height: 0 };
    this.laidOut = "";
    this.number = void 0;
  }
  /** @param {AbortSignal} signal aborted when the view closes */
  open(signal) {
    const sizes = new ResizeObserver(() => {
      this.room = { width: this.root.clientWidth, height: this.root.clientHeight };
      this.update();
    });
    sizes.observe(this.root);
    signal.addEventListener("abort", () => sizes.disconnect());
  }
  update() {
    const { model, tiles } = this.store;
    const isShown = model.get("mode") === "grid";
    const wasHidden = this.root.hidden;
    this.root.hidden = !isShown;
    if (!isShown || !this.room.width) return;
    this.layOut();
    const current = model.get("tile");
    if (wasHidden && current >= 0) this.focusable(current);
    this.tiles.forEach((tile, index) => {
      showTile(tile, tiles.addresses.get(index), index === current);
      showBadge(tile, tiles.grid.badges[index]);
      tile.parentElement?.setAttribute("aria-selected", String(tiles.marked.includes(index)));
    });
    if (wasHidden && current >= 0) this.tiles[current]?.scrollIntoView({ block: "nearest" });
    this.load();
  }
  layOut() {
    const { grid, count } = this.store.tiles;
    const [width, height] = grid.size;
    const hasRows = grid.rows.length > 0;
    const room = {
      width: this.room.width - 2 * PADDING2 - (hasRows ? ROW_LABELS : 0),
      height: this.room.height - 2 * PADDING2 - (grid.columns.length ? HEADER : 0)
    };
    const layout = layOutTiles(
      { size: { width, height }, count, across: grid.across, hasLabels: grid.labels.some(Boolean) },
      room
    );
    const key = [layout.across, grid.number].join(" ");
    if (key !== this.laidOut) this.build(layout.across);
    this.laidOut = key;
    const { style } = this.root;
    style.setProperty("--mls-tile-width", `${layout.width}px`);
    style.setProperty("--mls-tile-height", `${layout.height}px`);
    this.rowHeight = layout.height;
  }
  /**
   * Make the rows and tiles.
   * @param {number} across
   */
  build(across) {
    const { grid, count } = this.store.tiles;
    if (grid.number !== this.number) this.at = 0;
    this.number = grid.number;
    this.across = across;
    const hasRows = grid.rows.length > 0;
    this.root.style.setProperty("--mls-across", String(across));
    this.root.dataset.rows = String(hasRows);
    this.tiles = grid.labels.map((label, index) => this.makeTile(label, index));
    const rows = [];
    if (grid.columns.length) rows.push(makeHeader(grid.columns, hasRows));
    for (let from = 0; from < count; from += across) {
      const cells = this.tiles.slice(from, from + across).map((tile) => make("div", { role: "gridcell" }, tile));
      const label = grid.rows[from / across];
      const head = hasRows ? [make("div", { role: "rowheader", class: "mls-viewer-row-label", title: label }, label)] : [];
      rows.push(make("div", { role: "row", class: "mls-viewer-row" }, ...head, ...cells));
    }
    this.root.replaceChildren(...rows);
    this.focusable(this.at);
  }
  /**
   * @param {string} label
   * @param {number} index
   */
  makeTile(label, index) {
    const { grid } = this.store.tiles;
    const across = grid.across || 1;
    const name = [label, grid.rows[Math.floor(index / across)], grid.columns[index % across]];
    return make(
      "button",
      {
        type: "button",
        class: "mls-viewer-tile",
        "data-index": index,
        "aria-label": name.filter(Boolean).join(", ") || `Picture ${index + 1}`,
        "data-name": name.filter(Boolean).join(", ") || `Picture ${index + 1}`,
        tabindex: -1
      },
      make("span", { class: "mls-viewer-thumb" }),
      ...label ? [make("span", { class: "mls-viewer-caption", title: label }, label)] : []
    );
  }
  /** Ask for the pictures of the tiles that are on the screen, and a screen further. */
  load() {
    const { height } = this.room;
    const { scrollTop } = this.root;
    const wanted = this.tiles.flatMap((tile, index) => {
      const cell = (
        /** @type {HTMLElement} */
        tile.parentElement
      );
      const top = cell.offsetTop - scrollTop;
      return top < 2 * height && top + this.rowHeight > -height ? [index] : [];
    });
    this.store.tiles.want(wanted);
  }
  /**
   * Let one tile take the focus.
   * @param {number} index
   */
  focusable(index) {
    this.tiles[this.at]?.setAttribute("tabindex", "-1");
    this.at = Math.min(Math.max(index, 0), this.tiles.length - 1);
    this.tiles[this.at]?.setAttribute("tabindex", "0");
  }
  focus() {
    this.tiles[this.at]?.focus();
  }
  /** @param {MouseEvent} event */
  click(event) {
    const tile = targetOf(event).closest("button");
    if (!tile) return;
    const index = Number(tile.dataset.index);
    this.focusable(index);
    if (event.shiftKey) this.store.tiles.markUpTo(index);
    else if (event.ctrlKey || event.metaKey) this.store.tiles.mark(index);
    else this.store.tiles.open(index);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.store.tiles.mark(this.at);
      return;
    }
    if (isMarkKey(event.key) && this.store.tiles.marked.length) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.store.model.send({ kind: "mark_key", key: event.key });
      return;
    }
    const page = Math.max(1, Math.floor(this.room.height / (this.rowHeight + PADDING2)));
    const { across, at, tiles } = this;
    const next = tileByKey(event.key, at, { count: tiles.length, across, page });
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.focusable(next);
    this.focus();
  }
};
function makeHeader(columns, hasRows) {
  const corner = hasRows ? [make("div", { role: "gridcell" })] : [];
  const heads = columns.map(
    (label) => make("div", { role: "columnheader", class: "mls-viewer-column-label", title: label }, label)
  );
  return make(
    "div",
    { role: "row", class: "mls-viewer-row mls-viewer-columns" },
    ...corner,
    ...heads
  );
}
function showBadge(tile, text) {
  const known = tile.querySelector(".mls-viewer-badge");
  const told = text.replace(/^★(\d)$/, (_, count) => count === "1" ? "1 star" : `${count} stars`);
  tile.setAttribute("aria-label", [tile.dataset.name, told].filter(Boolean).join(", "));
  if (!text) known?.remove();
  else if (known) known.textContent = text;
  else tile.append(make("span", { class: "mls-viewer-badge" }, text));
}
function showTile(tile, address, isCurrent) {
  if (isCurrent) tile.setAttribute("aria-current", "true");
  else tile.removeAttribute("aria-current");
  const state = address === void 0 ? "coming" : "waiting";
  const thumb = (
    /** @type {HTMLElement} */
    tile.firstElementChild
  );
  thumb.dataset.state = address ? "there" : state;
  const image = thumb.querySelector("img");
  if (!address) image?.remove();
  else if (image) {
    if (image.src !== address) image.src = address;
  } else thumb.append(make("img", { src: address, alt: "", decoding: "async", draggable: false }));
}

// widgets/viewer/src/mask_tools.js
var BRUSH_STEP = 1.2;
var LARGEST_BRUSH = 1024;
var MASK_TOOLS = [
  ["brush", "brush", "Brush", "Brush (P)"],
  ["lasso", "lasso", "Lasso", "Lasso: draw around a part (L)"],
  ["rectangle", "rectangle", "Rectangle", "Rectangle: drag from corner to corner (R)"]
];
function steppedBrush(size, isLarger) {
  const next = isLarger ? Math.ceil(size * BRUSH_STEP) : Math.floor(size / BRUSH_STEP);
  return clamp(next, 1, LARGEST_BRUSH);
}
var MaskTools = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.tools = MASK_TOOLS.map(([tool, icon, label, help2]) => {
      const button = makeButton("tool", icon, label, help2, () => store.set({ mask_tool: tool }));
      button.dataset.tool = tool;
      return button;
    });
    const help = "Erase instead of paint; Alt does it for one stroke (E)";
    this.erase = makeButton(
      "erase",
      "erase",
      "Erase",
      help,
      () => store.set({ mask_erases: !store.model.get("mask_erases") })
    );
    this.eye = makeButton(
      "shows-mask",
      "eye",
      "Show mask",
      "Show the mask, or its outline (H)",
      () => store.set({ shows_mask: !store.model.get("shows_mask") })
    );
    this.sliders = this.makeSliders();
    this.undo = this.makeChange("undo", "undo", "Undo", "Undo (Ctrl+Z)", (mask) => mask.undo());
    this.redo = this.makeChange(
      "redo",
      "redo",
      "Redo",
      "Redo (Ctrl+Shift+Z)",
      (mask) => mask.redo()
    );
    this.wholes = [
      this.makeChange("invert", "invert", "Invert", "Invert the mask (I)", (mask) => mask.invert()),
      this.makeChange("fill", "fill", "Fill", "Mask everything (F)", (mask) => mask.fill(255)),
      this.makeChange("clear", "trash", "Clear", "Clear the mask (Delete)", (mask) => mask.fill(0))
    ];
    const isBrush = () => store.model.get("mask_tool") === "brush";
    this.groups = [
      { title: "Tool", items: this.tools.map((tool) => item(tool, 1)) },
      {
        title: "How it paints",
        items: [
          item(this.erase, 1),
          item(this.sliders.size.row, 5, isBrush),
          item(this.sliders.hardness.row, 9, isBrush),
          item(this.sliders.opacity.row, 9)
        ]
      },
      { title: "Changes", items: [item(this.undo, 2), item(this.redo, 3)] },
      { title: "Whole mask", items: this.wholes.map((whole) => item(whole, 4)) },
      { title: "Look", items: [item(this.eye, 2)] }
    ];
  }
  /**
   * @param {string} name
   * @param {IconName} icon
   * @param {string} label
   * @param {string} help
   * @param {(mask: Mask) => boolean} act
   */
  makeChange(name, icon, label, help, act) {
    return makeButton(name, icon, label, help, () => this.store.masks.change(act));
  }
  makeSliders() {
    const { store } = this;
    const share = { min: 0, max: 1, step: 0.05, unit: "%", factor: 100 };
    const pixels = { min: 1, max: 512, step: 1, unit: "px" };
    return {
      size: makeSlider("size", "Brush size", pixels, {
        input: (size) => store.set({ brush_size: size })
      }),
      hardness: makeSlider("hardness", "Hardness", share, {
        input: (hardness) => store.set({ brush_hardness: hardness })
      }),
      opacity: makeSlider(
        "opacity",
        "Opacity",
        { ...share, min: 0.05 },
        { input: (opacity) => store.set({ brush_opacity: opacity }) }
      )
    };
  }
  show() {
    const { sliders, stage } = this;
    const { masks, model } = this.store;
    const { mask } = masks;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.history.done.length === 0;
    this.redo.disabled = !isReady || mask.history.undone.length === 0;
    for (const one of [...this.tools, ...this.wholes, this.erase]) one.disabled = !isReady;
    this.eye.disabled = !isReady || !masks.isPainted;
    for (const one of this.tools) press(one, one.dataset.tool === model.get("mask_tool"));
    press(this.erase, model.get("mask_erases"));
    press(this.eye, model.get("shows_mask"));
    if (mask) {
      const half = Math.ceil(Math.max(mask.width, mask.height) / 2);
      sliders.size.input.max = sliders.size.number.max = String(Math.min(LARGEST_BRUSH, half));
    }
    for (const slider of Object.values(sliders)) slider.disable(!isReady);
    sliders.size.show(model.get("brush_size"));
    sliders.hardness.show(model.get("brush_hardness"));
    sliders.opacity.show(model.get("brush_opacity"));
  }
};

// widgets/viewer/src/picture_tools.js
var ZOOM_STEP = 1.25;
var PictureTools = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.pixels = make("span", { class: "mls-viewer-pixels" });
    this.file = this.makeFileInput();
    this.percent = make("button", {
      type: "button",
      class: "mls-viewer-button mls-viewer-percent",
      title: "Show it at 100 % (1)",
      onclick: () => stage.actualSize()
    });
    stage.onZoom = (scale) => this.showPercent(asPercent(scale));
    this.zooms = {
      out: makeButton(
        "zoom-out",
        "minus",
        "Zoom out",
        "Zoom out (−)",
        () => stage.zoomBy(1 / ZOOM_STEP)
      ),
      percent: this.percent,
      in: makeButton("zoom-in", "plus", "Zoom in", "Zoom in (+)", () => stage.zoomBy(ZOOM_STEP)),
      fit: makeButton("fit", "fit", "Fit", "Fit the whole picture in (0)", () => stage.fit())
    };
    this.open = makeButton(
      "open",
      "open",
      "Open",
      "Open a picture from this computer (O)",
      () => this.file.click()
    );
    this.copy = makeButton(
      "copy",
      "copy",
      "Copy",
      "Copy the picture (Ctrl+C)",
      () => copyPicture(store)
    );
    this.download = makeButton(
      "download",
      "download",
      "Download",
      "Download the picture’s file, with its settings in it (D)",
      () => downloadPicture(store)
    );
    const isLooking = () => store.model.get("mode") !== "grid";
    this.groups = [
      { title: "Size", items: [item(this.pixels, HIDES, isLooking)] },
      {
        title: "Zoom",
        items: [
          item(this.zooms.out, 6, isLooking),
          item(this.percent, 3.5, isLooking),
          item(this.zooms.in, 6, isLooking),
          item(this.zooms.fit, 2, isLooking)
        ]
      },
      {
        title: "File",
        items: [
          item(this.open, 7),
          item(this.copy, 7, isLooking),
          item(this.download, 5, isLooking)
        ]
      }
    ];
  }
  makeFileInput() {
    const file = make("input", {
      type: "file",
      class: "mls-viewer-file",
      accept: "image/png,image/jpeg,image/webp",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => {
        this.store.drop([...file.files ?? []]);
        file.value = "";
      }
    });
    return file;
  }
  show() {
    const { frame } = this.stage;
    for (const button of Object.values(this.zooms)) button.disabled = frame === null;
    if (!frame) this.showPercent("–");
    this.copy.disabled = this.download.disabled = this.store.picture === null;
    this.pixels.textContent = this.facts();
  }
  /** Return the picture's size, and whether one sees through it. */
  facts() {
    const { frame } = this.stage;
    if (!frame) return "";
    const shown = frame.sides ?? [frame.image];
    const isTransparent2 = shown.some((picture) => picture.isTransparent);
    const size = `${frame.width} × ${frame.height}`;
    return isTransparent2 ? `${size} · transparent` : size;
  }
  /** @param {string} text */
  showPercent(text) {
    if (this.percent.textContent === text) return;
    this.percent.textContent = text;
    this.percent.setAttribute("aria-label", `Zoom ${text}; show it at 100 %`);
  }
};

// widgets/viewer/src/keys.js
var ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};
var PAN = 40;
var SPLIT = 0.01;
var TYPED_IN = "textarea, select, input:not([type=range], [type=checkbox])";
function press2(view, event) {
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = targetOf(event).matches(TYPED_IN) && event.key !== "Escape";
  const isUsed = !isTyping && (pressOnStage(view, event) || pressAnywhere(view, event));
  if (isUsed) event.preventDefault();
  if (isUsed || !(isCommand || view.root.closest(".mls-studio"))) event.stopPropagation();
}
function pressAnywhere(view, event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    return undoOrRedo(view, key, event.shiftKey) || copy(view, event, key);
  }
  if (event.altKey) return false;
  if (key === "escape") return escape(view);
  const act = keysOf(view)[key];
  if (!act) return false;
  if (!event.repeat || REPEATED.includes(key)) act();
  return true;
}
var REPEATED = ["+", "=", "-", "[", "]"];
function escape(view) {
  const { store, stage } = view;
  const mode = store.model.get("mode");
  if (view.bar.close()) return true;
  if (stage.hand.isAdding) stage.hand.isAdding = false;
  else if (mode === "boxes" && store.boxes.selected >= 0) store.boxes.select(-1);
  else if (mode === "grid" && store.picture) store.set({ mode: "view" });
  else if (mode !== "grid" && store.tiles.count) store.set({ mode: "grid" });
  else return false;
  store.changed();
  view.focus();
  return true;
}
function copy({ store, area }, event, key) {
  if (key !== "c" || event.target !== area || !store.picture) return false;
  copyPicture(store);
  return true;
}
function undoOrRedo({ store }, key, isShifted) {
  const mode = store.model.get("mode");
  const isRedo = key === "y" || key === "z" && isShifted;
  if (!isRedo && key !== "z") return false;
  if (mode === "mask") store.masks.change((mask) => isRedo ? mask.redo() : mask.undo());
  else if (mode !== "boxes") return false;
  else if (isRedo) store.boxes.redo();
  else store.boxes.undo();
  return true;
}
function keysOf(view) {
  const { store, stage, pictureTools, tileTools } = view;
  const mode = store.model.get("mode");
  const modes = {};
  for (const [own] of MODES) if (own !== "grid") modes[own[0]] = () => store.enter(own);
  if (mode === "grid") return { ...modes, o: () => pictureTools.file.click() };
  const ofAll = {
    ...modes,
    0: () => stage.fit(),
    1: () => stage.actualSize(),
    "+": () => stage.zoomBy(ZOOM_STEP),
    "=": () => stage.zoomBy(ZOOM_STEP),
    "-": () => stage.zoomBy(1 / ZOOM_STEP),
    o: () => pictureTools.file.click(),
    d: () => downloadPicture(store),
    pageup: () => tileTools.step(-1),
    pagedown: () => tileTools.step(1)
  };
  if (mode === "mask") return { ...ofAll, ...keysOfMask(view) };
  if (mode === "compare") return { ...ofAll, ...keysOfCompare(view) };
  return mode === "boxes" ? { ...ofAll, a: () => view.boxTools.addByKey() } : ofAll;
}
function keysOfMask({ store }) {
  const { model, masks } = store;
  const brush = (isLarger) => store.set({ brush_size: steppedBrush(model.get("brush_size"), isLarger) });
  const clear = () => masks.change((mask) => mask.fill(0));
  const keys = {
    "[": () => brush(false),
    "]": () => brush(true),
    e: () => store.set({ mask_erases: !model.get("mask_erases") }),
    h: () => store.set({ shows_mask: !model.get("shows_mask") }),
    i: () => masks.change((mask) => mask.invert()),
    f: () => masks.change((mask) => mask.fill(255)),
    p: () => store.set({ mask_tool: "brush" }),
    delete: clear,
    backspace: clear
  };
  for (const [tool] of MASK_TOOLS.slice(1)) keys[tool[0]] = () => store.set({ mask_tool: tool });
  return keys;
}
function keysOfCompare({ store, stage }) {
  const { comparison } = stage;
  const at = HOWS.findIndex(([how]) => how === comparison.how);
  return {
    s: () => store.set({ how: HOWS[(at + 1) % HOWS.length][0] }),
    p: () => comparison.toggleBlinking(),
    x: () => comparison.hold(true)
  };
}
function pressOnStage(view, event) {
  const { store, stage } = view;
  const onSplit = event.target === stage.comparison.split;
  if (!stage.frame || event.target !== view.area && !onSplit) return false;
  const step = ARROWS[event.key];
  if (event.key === " ") view.holdSpace(true);
  else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
    const split = steppedSplit(store.model.get("split"), event.key, event.shiftKey);
    store.set({ split });
  } else if (isOnBox(view) && pressOnBox(view, event)) return true;
  else if (step && !(event.ctrlKey || event.metaKey)) stage.pan(-PAN * step[0], -PAN * step[1]);
  else return false;
  return true;
}
var isOnBox = ({ store, stage }) => store.model.get("mode") === "boxes" && store.boxes.selected >= 0 && stage.isWorkable;
function steppedSplit(split, key, isShifted) {
  if (key === "Home") return 0;
  if (key === "End") return 1;
  const [x, y] = ARROWS[key];
  const next = split + SPLIT * (isShifted ? 10 : 1) * (x - y);
  return clamp(Number(next.toFixed(4)), 0, 1);
}
function pressOnBox({ store, stage, boxPanel }, event) {
  const index = store.boxes.selected;
  const step = ARROWS[event.key];
  if (event.key === "Delete" || event.key === "Backspace") boxPanel.remove(index);
  else if (step && stage.frame) {
    const [dx, dy] = step.map((part2) => part2 * (event.shiftKey ? 10 : 1));
    const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
    const { box } = store.boxes.all[index];
    stage.hand.place(index, draggedBox(box, grip, dx, dy, stage.frame));
  } else return false;
  return true;
}

// widgets/viewer/src/message.js
var SECONDS = 6;
var MessageBar = class {
  /** @param {() => void} closed called when a person closes it, for the focus that it had */
  constructor(closed) {
    this.closed = closed;
    this.root = make("div", { class: "mls-viewer-message mls-viewer-over", hidden: "" });
    this.fading = void 0;
  }
  /**
   * Show a message; an empty text takes it away. Errors stay until closed, the others fade.
   * @param {string} text
   * @param {MessageOptions} options
   */
  say(text, { title, details, share, isError = false } = {}) {
    const { root } = this;
    this.stop();
    root.hidden = !text;
    root.dataset.error = String(isError);
    root.setAttribute("role", isError ? "alert" : "status");
    const heading = title ? [make("strong", {}, title), " "] : [];
    const box = make("div", {}, make("p", {}, ...heading, text));
    if (share !== void 0) {
      box.append(
        make("progress", { max: 1, value: Number.isNaN(share) ? null : share, "aria-label": text })
      );
    }
    if (details) {
      const folded = [make("summary", {}, "Technical details"), make("pre", {}, details)];
      box.append(make("details", {}, ...folded));
    }
    root.replaceChildren(
      box,
      makeButton("close", "close", "Close", "Close", () => {
        this.say("");
        this.closed();
      })
    );
    if (text && !isError && share === void 0) {
      this.fading = setTimeout(() => this.say(""), 1e3 * SECONDS);
    }
  }
  /** Take away a progress bar; an error that has come in between stays. */
  endProgress() {
    if (this.root.querySelector("progress")) this.say("");
  }
  stop() {
    clearTimeout(this.fading);
  }
};

// widgets/viewer/src/box_hand.js
var BoxHand = class {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.isAdding = false;
  }
  get boxes() {
    return this.stage.store.boxes;
  }
  /**
   * Return the box under a place, the chosen one first; null if there is none.
   * @param {Point} place
   * @returns {{ index: number, grip: Grip } | null}
   */
  boxAt(place) {
    const { draft, camera } = this.stage;
    const { all, selected } = this.boxes;
    const order = all.map((_, index) => index).reverse();
    if (selected >= 0) order.unshift(selected);
    for (const index of order) {
      const box = draft?.index === index ? draft.box : all[index].box;
      const grip = gripOf(camera.toScreen(box), place);
      if (grip) return { index, grip };
    }
    return null;
  }
  /**
   * Add a box, in the middle if nobody says where, named as those that are there.
   * @param {Box | null} box
   */
  add(box = null) {
    const { frame } = this.stage;
    if (!frame) return;
    const { all } = this.boxes;
    const label = all.at(-1)?.label ?? "";
    this.isAdding = false;
    this.boxes.change([...all, newDetection(box ?? middleBox(frame), label)], all.length);
  }
  /**
   * @param {number} index
   * @param {Box} box
   */
  place(index, box) {
    this.boxes.changeOne(index, movedDetection(this.boxes.all[index], box));
  }
};

// widgets/viewer/src/camera.js
var MARGIN = 16;
var MOST_ZOOM = 64;
var KEPT_IN_SIGHT = 48;
var Camera = class _Camera {
  scale = 1;
  x = 0;
  y = 0;
  /** Whether the picture was fitted in, and will be again when the room's size changes. */
  isFitted = true;
  /**
   * Return the scale at which a picture fits in.
   * @param {Size} frame
   * @param {Size} room
   */
  static fitScale(frame, room) {
    const margin = room.width < 480 ? MARGIN / 2 : MARGIN;
    return Math.min(
      Math.max(room.width - 2 * margin, 1) / frame.width,
      Math.max(room.height - 2 * margin, 1) / frame.height
    );
  }
  /**
   * Put the whole picture into the middle.
   * @param {Size} frame
   * @param {Size} room
   */
  fit(frame, room) {
    this.isFitted = true;
    this.scale = _Camera.fitScale(frame, room);
    this.x = (room.width - frame.width * this.scale) / 2;
    this.y = (room.height - frame.height * this.scale) / 2;
  }
  /**
   * Move a fitted picture away from what covers the right of the room, no further than it has to;
   * where that is not enough, fit it in beside.
   * @param {Size} frame
   * @param {Size} room
   * @param {number} covered screen pixels
   */
  keepClear(frame, room, covered) {
    const beside = { width: room.width - covered, height: room.height };
    if (_Camera.fitScale(frame, beside) < this.scale) this.fit(frame, beside);
    else this.x = Math.min(this.x, beside.width - MARGIN - frame.width * this.scale);
  }
  /**
   * Zoom; the point of the picture under `at` stays there.
   * @param {number} scale
   * @param {Point} at
   * @param {Size} frame
   * @param {Size} room
   */
  zoomTo(scale, at, frame, room) {
    const least = Math.min(_Camera.fitScale(frame, room), 1) / 4;
    const next = clamp(scale, least, MOST_ZOOM);
    const ratio = next / this.scale;
    this.x = at.x - (at.x - this.x) * ratio;
    this.y = at.y - (at.y - this.y) * ratio;
    this.scale = next;
    this.pan(0, 0, frame, room);
  }
  /**
   * Move the picture, never out of sight.
   * @param {number} dx
   * @param {number} dy
   * @param {Size} frame
   * @param {Size} room
   */
  pan(dx, dy, frame, room) {
    this.isFitted = false;
    this.x = keptInSight(this.x + dx, frame.width * this.scale, room.width);
    this.y = keptInSight(this.y + dy, frame.height * this.scale, room.height);
  }
  /**
   * Return the point of the picture at a place on the screen.
   * @param {Point} place
   */
  toPicture({ x, y }) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }
  /**
   * Return where a box of the picture is on the screen.
   * @param {Box} box
   * @returns {Box}
   */
  toScreen([left, top, right, bottom]) {
    const { scale, x, y } = this;
    return [left * scale + x, top * scale + y, right * scale + x, bottom * scale + y];
  }
};
function keptInSight(start, length, room) {
  const kept = Math.min(KEPT_IN_SIGHT, length);
  return clamp(start, kept - length, room - kept);
}

// widgets/viewer/src/box_drawing.js
var COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };
var DASHES = [6, 4];
function drawBox(pen, box, name, { isChosen, isOn }) {
  const [left, top, right, bottom] = box;
  const onOrOff = isOn ? COLOURS.other : COLOURS.off;
  const colour = isChosen ? COLOURS.chosen : onOrOff;
  pen.save();
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

// widgets/viewer/src/mask_drawing.js
var ALPHA = 0.55;
var DASHES2 = [5, 4];
function drawMask(pen, stage, { left, top, width, height }) {
  const { camera, store } = stage;
  const { overlay, mask } = store.masks;
  if (!overlay || !mask) return;
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
function drawBrush(pen, { hover, camera, store, isSpaceHeld }) {
  if (!hover || isSpaceHeld || store.model.get("mask_tool") !== "brush") return;
  const radius = Math.max(store.model.get("brush_size") / 2 * camera.scale, 1.5);
  const circle = new Path2D();
  circle.arc(hover.x, hover.y, radius, 0, 2 * Math.PI);
  strokeTwice(pen, circle);
}
function drawShape(pen, { camera }, shape) {
  const path = new Path2D();
  for (const { x, y } of shape) {
    path.lineTo(x * camera.scale + camera.x, y * camera.scale + camera.y);
  }
  path.closePath();
  pen.fillStyle = "rgba(255, 45, 120, 0.2)";
  pen.fill(path);
  strokeTwice(pen, path, 1, DASHES2);
}
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

// widgets/viewer/src/panes.js
var GAP2 = 2;
var frameAround = (one, other) => ({
  width: Math.max(one.width, other.width),
  height: Math.max(one.height, other.height)
});
function halvesOf(frame, room) {
  const beside = { width: Math.max((room.width - GAP2) / 2, 0), height: room.height };
  const above = { width: room.width, height: Math.max((room.height - GAP2) / 2, 0) };
  const isBeside2 = Camera.fitScale(frame, beside) >= Camera.fitScale(frame, above);
  const half = isBeside2 ? beside : above;
  const [left, top] = isBeside2 ? [half.width + GAP2, 0] : [0, half.height + GAP2];
  return [
    { ...half, left: 0, top: 0 },
    { ...half, left, top }
  ];
}
function sizeWithin(picture, place) {
  if (isSameShape(picture, place)) return { width: place.width, height: place.height };
  const scale = Math.min(place.width / picture.width, place.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

// widgets/viewer/src/painter.js
var CRISP_FROM = 8;
var CHECK = 8;
function drawFrame(pen, stage, frame) {
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
function splitPlace({ camera, frame, room, store }) {
  const width = frame ? frame.width * camera.scale : 0;
  return clamp(camera.x + store.model.get("split") * width, 0, room.width);
}
function within(pen, { left, top, width, height }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.translate(left, top);
  draw();
  pen.restore();
}
function placeOf({ camera }, frame) {
  const [left, top, right, bottom] = camera.toScreen([0, 0, frame.width, frame.height]);
  return { left, top, width: right - left, height: bottom - top };
}
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
var checks = null;
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
  const pen = (
    /** @type {OffscreenCanvasRenderingContext2D} */
    canvas.getContext("2d")
  );
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 2 * CHECK, 2 * CHECK);
  pen.fillStyle = "#d4d4d4";
  pen.fillRect(0, 0, CHECK, CHECK);
  pen.fillRect(CHECK, CHECK, CHECK, CHECK);
  return canvas;
}
function drawBoxes(pen, { store, draft, camera }) {
  const { all, selected } = store.boxes;
  const draw = (index) => {
    const box = draft?.index === index ? draft.box : all[index].box;
    const state = { isChosen: index === selected, isOn: all[index].enabled };
    drawBox(pen, camera.toScreen(box), nameOf(all[index], index), state);
  };
  all.forEach((_, index) => index !== selected && draw(index));
  if (selected >= 0) draw(selected);
  if (draft?.index === -1) {
    const state = { isChosen: true, isOn: true };
    drawBox(pen, camera.toScreen(draft.box), `${all.length + 1}`, state);
  }
}

// widgets/viewer/src/comparison.js
var BLINK = 600;
var Comparison = class {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.split = makeSplit();
    this.tags = ["left", "right"].map(
      (side) => make("span", { class: `mls-viewer-tag mls-viewer-tag-${side}` })
    );
    this.side = 0;
    this.isHeld = false;
    this.isBlinking = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = void 0;
  }
  get how() {
    return this.stage.store.model.get("how");
  }
  get isActive() {
    const { store, mode } = this.stage;
    return mode === "compare" && store.compared !== null && store.preview === null;
  }
  get isSplit() {
    return this.isActive && this.how === "slider";
  }
  get isBeside() {
    return this.isActive && this.how === "side by side";
  }
  get isBlink() {
    return this.isActive && this.how === "blink";
  }
  /** Return which picture is seen while they blink, or while one is held. */
  get seen() {
    return this.isHeld ? 1 - this.side : this.side;
  }
  /** Begin or end to blink, as the view asks for now. */
  update() {
    const runs = this.isBlink && this.isBlinking && !this.isHeld;
    if (runs && this.timer === void 0) this.timer = setInterval(() => this.flip(), BLINK);
    if (!runs) this.stop();
    if (!this.isBlink) this.isHeld = false;
  }
  stop() {
    clearInterval(this.timer);
    this.timer = void 0;
  }
  flip() {
    this.side = 1 - this.side;
    this.stage.redraw();
  }
  /** @param {boolean} isHeld */
  hold(isHeld) {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.stage.store.changed();
  }
  toggleBlinking() {
    this.isBlinking = !this.isBlinking;
    this.stage.store.changed();
  }
  /** Put the line and the names where they belong. */
  show() {
    const { split, tags, stage } = this;
    split.hidden = !this.isSplit;
    const labels = stage.store.model.get("labels");
    tags.forEach((tag, side) => {
      tag.hidden = !this.isActive || this.isBlink && side !== this.seen;
      tag.textContent = labels[side];
      tag.dataset.how = this.how;
    });
    this.placeTags();
    if (!this.isSplit) return;
    const share = Math.round(100 * stage.store.model.get("split"));
    split.style.left = `${splitPlace(stage)}px`;
    split.setAttribute("aria-label", `Where ${labels[0]} ends and ${labels[1]} begins`);
    split.setAttribute("aria-valuenow", String(share));
    split.setAttribute("aria-valuetext", `${share} % ${labels[0]}`);
  }
  placeTags() {
    const [, right] = this.tags;
    const pane = this.isBeside ? this.stage.panes[1] : null;
    right.style.left = pane ? `${pane.left + 8}px` : "";
    right.style.top = pane ? `${pane.top + 8}px` : "";
    right.style.right = pane ? "auto" : "";
  }
};
function makeSplit() {
  return make("div", {
    class: "mls-viewer-split",
    role: "slider",
    tabindex: 0,
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    hidden: ""
  });
}

// widgets/viewer/src/gestures.js
function gestureOf(stage, event) {
  const place = stage.at(event);
  const isPanAsked = event.button === 1 || stage.isSpaceHeld;
  if (event.target === stage.comparison.split) return dragSplit(stage);
  if (isPanAsked || !stage.isWorkable) return pan(stage);
  if (stage.mode === "mask") return mark(stage, place, event.altKey) ?? pan(stage);
  if (stage.mode !== "boxes") return pan(stage);
  return stage.hand.isAdding ? drawBox2(stage, place) : dragBox(stage, place) ?? pan(stage);
}
function pinch(stage) {
  const look = () => {
    const [one, other] = [...stage.pointers.values()];
    const middle = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
    return { middle, apart: Math.hypot(one.x - other.x, one.y - other.y) || 1 };
  };
  let last = look();
  return {
    move: () => {
      if (stage.pointers.size < 2) return;
      const now = look();
      stage.pan(now.middle.x - last.middle.x, now.middle.y - last.middle.y);
      stage.zoomBy(now.apart / last.apart, now.middle);
      last = now;
    }
  };
}
var pan = (stage) => ({ isPan: true, move: ({ dx, dy }) => stage.pan(dx, dy) });
function dragSplit(stage) {
  return {
    move: ({ place }) => {
      const { camera, frame, store } = stage;
      if (!frame) return;
      const share = (place.x - camera.x) / (frame.width * camera.scale);
      store.set({ split: clamp(share, 0, 1) });
    }
  };
}
function mark(stage, place, isOpposite) {
  const { model, masks } = stage.store;
  const { mask } = masks;
  if (!mask) return null;
  if (!model.get("shows_mask")) stage.store.set({ shows_mask: true });
  const paint = {
    opacity: model.get("brush_opacity"),
    erases: model.get("mask_erases") !== isOpposite
  };
  const tool = model.get("mask_tool");
  if (tool === "brush") return paintLine(stage, place, mask, paint);
  return tool === "lasso" ? drawLasso(stage, place, paint) : drawRectangle(stage, place, paint);
}
function paintLine(stage, place, mask, paint) {
  const { camera, store } = stage;
  const size = store.model.get("brush_size");
  mask.begin({ ...paint, size, hardness: store.model.get("brush_hardness") });
  mask.lineTo(camera.toPicture(place));
  stage.redraw();
  return {
    move: ({ event }) => {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) mask.lineTo(camera.toPicture(stage.at(one)));
    },
    end: () => store.masks.change(() => mask.end()),
    cancel: () => mask.abandon()
  };
}
function drawLasso(stage, place, paint) {
  const { camera } = stage;
  const shape = [camera.toPicture(place)];
  stage.shape = shape;
  return fillShape(stage, paint, ({ event }) => {
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) shape.push(camera.toPicture(stage.at(one)));
  });
}
function drawRectangle(stage, place, paint) {
  const start = stage.camera.toPicture(place);
  return fillShape(stage, paint, ({ place: now }) => {
    stage.shape = cornersOf(start, stage.camera.toPicture(now));
  });
}
function fillShape(stage, paint, move) {
  return {
    move,
    end: () => {
      const { shape } = stage;
      stage.shape = null;
      if (shape) stage.store.masks.change((mask) => mask.fillShape(shape, paint));
    },
    cancel: () => stage.shape = null
  };
}
function dragBox(stage, place) {
  const { camera, hand } = stage;
  const found = hand.boxAt(place);
  if (!found) return null;
  hand.boxes.select(found.index);
  const start = camera.toPicture(place);
  const { box } = hand.boxes.all[found.index];
  return {
    move: ({ place: now }) => {
      if (!stage.frame) return;
      const { x, y } = camera.toPicture(now);
      const moved = draggedBox(box, found.grip, x - start.x, y - start.y, stage.frame);
      stage.draft = { index: found.index, box: moved };
    },
    end: () => {
      const { draft } = stage;
      stage.draft = null;
      if (draft?.box.some((edge, i) => edge !== box[i])) hand.place(found.index, draft.box);
    },
    cancel: () => stage.draft = null
  };
}
function drawBox2(stage, place) {
  const start = stage.camera.toPicture(place);
  return {
    move: ({ place: now }) => {
      if (!stage.frame) return;
      const box = boxBetween(start, stage.camera.toPicture(now), stage.frame);
      stage.draft = box && { index: -1, box };
    },
    end: () => {
      if (stage.draft) stage.hand.add(stage.draft.box);
      stage.draft = null;
    },
    cancel: () => stage.draft = null
  };
}

// widgets/viewer/src/stage.js
var Stage = class {
  /**
   * @param {Store} store
   * @param {HTMLElement} root
   */
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.canvas = make("canvas", { class: "mls-viewer-canvas" });
    this.pen = /** @type {CanvasRenderingContext2D} */
    this.canvas.getContext("2d");
    this.comparison = new Comparison(this);
    this.hand = new BoxHand(this);
    root.append(this.canvas, this.comparison.split, ...this.comparison.tags);
    this.room = { width: 0, height: 0 };
    this.covered = 0;
    this.panes = halvesOf(this.room, this.room);
    this.isInOther = false;
    this.spaceKey = "";
    this.camera = new Camera();
    this.frame = null;
    this.pointers = /* @__PURE__ */ new Map();
    this.gesture = null;
    this.hover = null;
    this.isSpaceHeld = false;
    this.shape = null;
    this.draft = null;
    this.drawing = null;
    this.onZoom = () => {
    };
    this.onResize = () => {
    };
  }
  /** @param {AbortSignal} signal aborted when the view closes */
  open(signal) {
    const on = (name, hear, options = {}) => this.root.addEventListener(name, hear, { signal, ...options });
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", () => this.hoverAt(null));
    on("dblclick", (event) => {
      const isLooking = this.mode === "view" || this.mode === "compare";
      if (isLooking && !isBeside(event)) this.fit();
    });
    on("mousedown", (event) => event.button === 1 && event.preventDefault());
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.root);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      this.comparison.stop();
      if (this.drawing !== null) cancelAnimationFrame(this.drawing);
    });
    this.resize();
  }
  get mode() {
    return this.store.model.get("mode");
  }
  /** The room that the picture has: one of two panes, or what no panel covers. */
  get space() {
    if (this.comparison.isBeside) return this.panes[0];
    const { width, height } = this.room;
    return { width: width - this.covered, height };
  }
  /**
   * Return what is seen: a preview is as large as the picture that it will replace, if both have
   * one shape.
   * @returns {Frame | null}
   */
  frameNow() {
    const { picture, preview, compared } = this.store;
    if (compared && this.comparison.isActive) {
      const size = frameAround(...compared);
      return { ...size, image: compared[1], sides: compared, isPicture: false };
    }
    const image = preview ?? picture;
    if (!image) return null;
    const isPicture2 = picture !== null && isSameShape(image, picture);
    const { width, height } = isPicture2 ? picture : image;
    return { width, height, image, sides: null, isPicture: isPicture2 };
  }
  /** Whether mask and boxes can be worked on: they belong to the picture. */
  get isWorkable() {
    const { frame, mode, store } = this;
    if (!frame?.isPicture) return false;
    return mode !== "boxes" || store.boxes.isFor(store.picture);
  }
  update() {
    const { frame } = this;
    this.frame = this.frameNow();
    const isNew = this.frame?.width !== frame?.width || this.frame?.height !== frame?.height;
    if (isNew) {
      this.gesture?.cancel?.();
      this.gesture = null;
    }
    this.layPanes();
    if (isNew && this.frame) {
      const isSame2 = frame !== null && isSameShape(frame, this.frame);
      if (isSame2 && !this.camera.isFitted) this.camera.scale *= frame.width / this.frame.width;
      else this.fit();
    }
    if (this.mode !== "boxes") this.hand.isAdding = false;
    this.root.dataset.adding = String(this.hand.isAdding);
    this.comparison.update();
    this.redraw();
  }
  /** Lay out the panes; a picture that was fitted into its space is fitted into the new one. */
  layPanes() {
    const { frame, room } = this;
    if (frame) this.panes = halvesOf(frame, room);
    const { width, height } = this.space;
    const key = `${width} ${height}`;
    if (this.spaceKey !== key && this.camera.isFitted) this.fit();
    this.spaceKey = key;
  }
  // --- zoom and position -----------------------------------------------------------------------
  resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const was = this.room;
    this.room = { width, height };
    this.onResize();
    this.layPanes();
    if (!this.camera.isFitted && was.width) {
      this.pan((width - was.width) / 2, (height - was.height) / 2);
    }
    this.draw();
  }
  /** @param {number} width screen pixels at the right that a panel covers */
  cover(width) {
    if (this.covered === width) return;
    this.covered = width;
    this.layPanes();
    this.redraw();
  }
  fit() {
    this.camera.isFitted = true;
    if (!this.frame || !this.room.width) return;
    this.camera.fit(this.frame, this.comparison.isBeside ? this.panes[0] : this.room);
    if (this.covered) this.camera.keepClear(this.frame, this.room, this.covered);
    this.zoomed();
  }
  /**
   * @param {number} scale
   * @param {Point} at the place on the stage that stays where it is; its middle, if left out
   */
  zoomTo(scale, at = { x: this.space.width / 2, y: this.space.height / 2 }) {
    if (!this.frame) return;
    this.camera.zoomTo(scale, at, this.frame, this.space);
    this.zoomed();
  }
  /**
   * @param {number} factor
   * @param {Point} [at]
   */
  zoomBy(factor, at) {
    this.zoomTo(this.camera.scale * factor, at);
  }
  /** Show one pixel of the picture on one of the screen, however dense that is. */
  actualSize() {
    this.zoomTo(1 / devicePixelRatio);
  }
  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    if (!this.frame) return;
    this.camera.pan(dx, dy, this.frame, this.space);
    this.redraw();
  }
  zoomed() {
    this.onZoom(this.camera.scale * devicePixelRatio);
    this.redraw();
  }
  /** @param {WheelEvent} event */
  wheel(event) {
    if (!this.frame || isBeside(event)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 15e-4;
    this.zoomBy(Math.exp(-event.deltaY * lines * speed), this.at(event));
  }
  /**
   * Return where an event happened on the stage; in the second of two panes, where in that pane.
   * @param {MouseEvent} event
   */
  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const pane = this.panes[1];
    if (!this.pointers.size) {
      this.isInOther = this.comparison.isBeside && x >= pane.left && y >= pane.top;
    }
    return this.isInOther ? { x: x - pane.left, y: y - pane.top } : { x, y };
  }
  // --- pointer ---------------------------------------------------------------------------------
  /** @param {PointerEvent} event */
  down(event) {
    if (!this.frame || isBeside(event)) return;
    if (event.button > 1) return;
    this.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size === 2) {
      this.gesture?.cancel?.();
      this.gesture = pinch(this);
    } else if (this.pointers.size === 1) {
      this.gesture = gestureOf(this, event);
    }
    this.look();
  }
  /** @param {PointerEvent} event */
  move(event) {
    const place = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hoverAt(isBeside(event) ? null : place, event.pointerType);
      return;
    }
    this.pointers.set(event.pointerId, place);
    this.hover = event.pointerType === "touch" ? null : place;
    this.gesture?.move({ place, dx: place.x - before.x, dy: place.y - before.y, event });
    this.redraw();
  }
  /**
   * @param {PointerEvent} event
   * @param {boolean} isCancelled
   */
  up(event, isCancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    const { gesture } = this;
    this.gesture = null;
    if (isCancelled) gesture?.cancel?.();
    else gesture?.end?.();
    this.look();
    this.redraw();
  }
  /**
   * @param {Point | null} place
   * @param {string} [pointer]
   */
  hoverAt(place, pointer) {
    this.hover = pointer === "touch" ? null : place;
    this.look();
    this.redraw();
  }
  /** Show the cursor that says what a press would do. */
  look() {
    this.canvas.style.cursor = this.cursor();
  }
  cursor() {
    const { hand, mode, hover } = this;
    if (!this.frame) return "default";
    if (this.gesture?.isPan) return "grabbing";
    if (!this.isWorkable || this.isSpaceHeld) return "grab";
    if (mode === "mask") {
      return this.store.model.get("mask_tool") === "brush" ? "none" : "crosshair";
    }
    if (mode !== "boxes") return "grab";
    if (hand.isAdding) return "crosshair";
    const found = hover && hand.boxAt(hover);
    return found ? GRIP_CURSORS[found.grip] : "grab";
  }
  // --- drawing ---------------------------------------------------------------------------------
  redraw() {
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }
  draw() {
    if (this.drawing !== null) cancelAnimationFrame(this.drawing);
    this.drawing = null;
    const { canvas, pen, room, camera } = this;
    const width = Math.round(room.width * devicePixelRatio);
    const height = Math.round(room.height * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, room.width, room.height);
    this.comparison.show();
    Object.assign(this.root.dataset, { scale: camera.scale, x: camera.x, y: camera.y });
    if (this.frame && this.mode !== "grid") drawFrame(pen, this, this.frame);
  }
};
var isBeside = (event) => targetOf(event).closest(".mls-viewer-over") !== null;

// widgets/viewer/src/tile_tools.js
var TileTools = class {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.back = makeButton(
      "back",
      "left",
      "Previous",
      "Previous picture of the grid (Page Up)",
      () => this.step(-1)
    );
    this.next = makeButton(
      "next",
      "right",
      "Next",
      "Next picture of the grid (Page Down)",
      () => this.step(1)
    );
    this.place = make("span", { class: "mls-viewer-pixels" });
    this.marks = make("span", { class: "mls-viewer-pixels" });
    this.compare = makeButton(
      "compare",
      "compare",
      "Compare 2",
      "Compare the two (C)",
      () => store.tiles.compare()
    );
    const isGrid = () => store.model.get("mode") === "grid";
    const areTwo = () => isGrid() && store.tiles.marked.length === 2;
    this.gridGroups = [
      {
        title: "Marked pictures",
        items: [item(this.compare, 1, areTwo), item(this.marks, HIDES, () => !areTwo())]
      }
    ];
    const isOne = () => store.tiles.count > 1 && store.model.get("tile") >= 0;
    this.groups = [
      {
        title: "Picture of the grid",
        items: [
          item(this.back, 5, isOne),
          item(this.place, HIDES, isOne),
          item(this.next, 5, isOne)
        ]
      }
    ];
  }
  /** @param {number} by */
  step(by) {
    const index = this.store.model.get("tile") + by;
    if (index >= 0 && index < this.store.tiles.count) this.store.tiles.open(index);
  }
  show() {
    const { tiles, model } = this.store;
    const tile = model.get("tile");
    this.back.disabled = tile <= 0;
    this.next.disabled = tile >= tiles.count - 1;
    const { length } = tiles.marked;
    this.marks.textContent = length ? `${length} marked` : "Ctrl+click marks a picture";
    this.place.textContent = `${tile + 1} of ${tiles.count}`;
  }
};

// widgets/viewer/src/view.js
var NOTHING_TO_COMPARE = "Nothing to compare with yet. Choose two pictures of the history, or two stages of this one.";
var View = class {
  /**
   * @param {Store} store
   * @param {HTMLElement} root
   */
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.ended = new AbortController();
    this.area = make("div", {
      class: "mls-viewer-stage",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "picture"
    });
    this.stage = new Stage(store, this.area);
    this.grid = new TileGrid(store);
    this.message = new MessageBar(() => this.focus());
    this.hint = make("div", { class: "mls-viewer-hint", role: "status", hidden: "" });
    this.pictureTools = new PictureTools(store, this.stage);
    this.tileTools = new TileTools(store);
    this.compareTools = new CompareTools(store, this.stage);
    this.maskTools = new MaskTools(store, this.stage);
    this.boxTools = new BoxTools(store, this.stage);
    this.boxPanel = new BoxPanel(store, this.stage, this.boxTools.add);
    this.bar = new Bar(store, (mode) => this.groupsOf(mode));
    this.area.append(...makeCovers(), this.hint, this.boxPanel.root);
    this.root.replaceChildren(
      this.bar.root,
      make("div", { class: "mls-viewer-main" }, this.area, this.grid.root, this.message.root),
      this.bar.menu,
      this.pictureTools.file
    );
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.grid.open(this.ended.signal);
    this.bar.listen(this.ended.signal);
    this.update();
  }
  listen() {
    const { signal } = this.ended;
    this.root.addEventListener("keydown", (event) => press2(this, event), { signal });
    this.root.addEventListener("keyup", (event) => this.release(event.key), { signal });
    this.area.addEventListener("blur", () => this.release(" "), { signal });
    this.stage.onResize = () => this.boxPanel.update();
    hearFiles(this.root, signal, (files) => this.store.drop(files));
  }
  close() {
    this.store.views.delete(this);
    this.ended.abort();
    this.message.stop();
    this.root.replaceChildren();
  }
  /** Give the focus to the picture, or to the grid's tile. */
  focus() {
    if (this.store.model.get("mode") === "grid") this.grid.focus();
    else this.area.focus();
  }
  /**
   * Return the tools of a mode, in the order of the bar.
   * @param {Mode} mode
   * @returns {Group[]}
   */
  groupsOf(mode) {
    const own = {
      grid: this.tileTools.gridGroups,
      view: this.tileTools.groups,
      compare: this.compareTools.groups,
      mask: this.maskTools.groups,
      boxes: this.boxTools.groups
    };
    return [...own[mode], ...this.pictureTools.groups];
  }
  /** Return what has the focus within the viewer and can be seen, null if nothing has. */
  get focused() {
    const { activeElement } = (
      /** @type {Document | ShadowRoot} */
      this.root.getRootNode()
    );
    return this.root.contains(activeElement) && activeElement?.checkVisibility() ? activeElement : null;
  }
  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { focused } = this;
    this.draw();
    if (focused && !this.focused) this.focus();
  }
  draw() {
    const { store, stage, root } = this;
    const { model } = store;
    const mode = model.get("mode");
    const shown = this.shown();
    Object.assign(root.dataset, {
      mode,
      shown,
      previews: store.previews,
      erases: model.get("mask_erases"),
      undos: store.masks.mask?.history.done.length ?? 0
    });
    this.area.setAttribute("aria-busy", String(model.get("busy")));
    this.area.inert = mode === "grid";
    stage.update();
    this.boxPanel.update();
    this.grid.update();
    this.pictureTools.show();
    this.tileTools.show();
    this.compareTools.show();
    this.maskTools.show();
    this.boxTools.show();
    this.bar.show(mode);
    this.hint.hidden = mode !== "compare" || stage.comparison.isActive || !stage.frame;
    this.hint.textContent = NOTHING_TO_COMPARE;
    this.area.setAttribute("aria-label", this.described(shown));
    stage.look();
  }
  /** Return what the style sheet has to show: a preview, a picture, or why there is none. */
  shown() {
    const { model, picture, preview } = this.store;
    if (preview) return "preview";
    if (picture || this.stage.comparison.isActive) return "picture";
    return model.get("busy") ? "skeleton" : "empty";
  }
  /**
   * Return what a screen reader says of the picture.
   * @param {string} shown
   */
  described(shown) {
    const { stage, store } = this;
    if (!stage.frame) return shown === "skeleton" ? "The picture is being made" : "No picture";
    const facts = `${this.pictureTools.facts()} pixels`;
    if (stage.comparison.isActive) return `${store.model.get("labels").join(" and ")}, ${facts}`;
    return `Picture, ${facts}. Arrow keys move it, plus and minus zoom, 0 fits it in.`;
  }
  /**
   * @param {string} text
   * @param {MessageOptions} [options]
   */
  say(text, options) {
    this.message.say(text, options);
  }
  endProgress() {
    this.message.endProgress();
  }
  /** @param {string} key that was let go */
  release(key) {
    if (key === " ") this.holdSpace(false);
    if (key.toLowerCase() === "x") this.stage.comparison.hold(false);
  }
  /** @param {boolean} isHeld */
  holdSpace(isHeld) {
    this.stage.isSpaceHeld = isHeld;
    this.stage.look();
    this.stage.redraw();
  }
};
function makeCovers() {
  return [
    make("div", { class: "mls-viewer-skeleton", "aria-hidden": "true" }),
    make(
      "div",
      { class: "mls-viewer-empty" },
      makeIcon("picture"),
      make("strong", {}, "Your picture appears here"),
      make("span", {}, "Or drop, paste or open one")
    ),
    make("div", { class: "mls-viewer-drop" }, "Drop the picture here")
  ];
}

// widgets/viewer/src/viewer.js
var viewer_default = () => {
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el }) {
      const view = new View(store, el);
      return () => view.close();
    }
  };
};
export {
  viewer_default as default
};
