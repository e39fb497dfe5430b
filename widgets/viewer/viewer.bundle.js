// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/shared/geometry.js
// source: widgets/viewer/src/box_drawing.js
// source: widgets/viewer/src/box_list.js
// source: widgets/viewer/src/box_tools.js
// source: widgets/viewer/src/boxes.js
// source: widgets/viewer/src/camera.js
// source: widgets/viewer/src/controls.js
// source: widgets/viewer/src/files.js
// source: widgets/viewer/src/gestures.js
// source: widgets/viewer/src/history.js
// source: widgets/viewer/src/keys.js
// source: widgets/viewer/src/mask.js
// source: widgets/viewer/src/mask_overlay.js
// source: widgets/viewer/src/mask_tools.js
// source: widgets/viewer/src/message.js
// source: widgets/viewer/src/painter.js
// source: widgets/viewer/src/png.js
// source: widgets/viewer/src/stage.js
// source: widgets/viewer/src/store.js
// source: widgets/viewer/src/toolbar.js
// source: widgets/viewer/src/upload.js
// source: widgets/viewer/src/view.js
// source: widgets/viewer/src/viewer.js
// sha256 of the sources: 2f6cddfebaba951e6b22e954bac095e912aaeab3ca0ec76f421bee26d228e1e8
// sha256 of the lines below: 26125984db234851e14e99438b11e9b15aeb10fe76e24bcc5b465feac49fea64
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
    return !this.data.some(Boolean);
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
    if (was.every((value, i) => value === is[i])) return false;
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
  }
  /**
   * @param {Mask} mask
   * @param {Area} area
   */
  draw(mask, area) {
    const part2 = mask.cut(area);
    const pixels = new Uint32Array(part2.length);
    for (let i = 0; i < part2.length; i++) pixels[i] = part2[i] << 24 | TINT;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), area.right - area.left);
    this.pen.putImageData(image, area.left, area.top);
  }
};
function greyOf(bitmap, width, height) {
  const pen = penOf(new OffscreenCanvas(width, height), { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0, width, height);
  const pixels = pen.getImageData(0, 0, width, height).data;
  return Uint8Array.from({ length: width * height }, (_, i) => pixels[4 * i]);
}
function penOf(canvas, options = {}) {
  return (
    /** @type {OffscreenCanvasRenderingContext2D} */
    canvas.getContext("2d", options)
  );
}

// widgets/viewer/src/upload.js
var PART_BYTES = 4 * 2 ** 20;
var Sender = class {
  /**
   * @param {Pick<Model, "send">} model
   * @param {string} page the name of this page, which Python gets with each part
   */
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.waiting = /* @__PURE__ */ new Map();
    this.count = 0;
  }
  /**
   * Send a file; true when all of it has arrived, false if Python refused it (and says why in the
   * viewer).
   * @param {"mask" | "drop"} purpose
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
      this.model.send({ kind: "abort", upload });
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
    "split",
    "size",
    "brush_size",
    "brush_hardness",
    "brush_opacity",
    "brush_erases"
  ]
);
var Store = class {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    this.views = /* @__PURE__ */ new Set();
    this.picture = null;
    this.before = null;
    this.preview = null;
    this.previews = 0;
    this.mask = null;
    this.overlay = null;
    this.boxes = model.get("boxes");
    this.selected = -1;
    this.history = new History();
    this.files = {};
    this.hasMask = false;
    this.isStale = false;
    this.isLoading = false;
    this.isMaskNew = false;
    this.isSendingMask = false;
    this.listen();
    model.send({ kind: "hello" });
  }
  listen() {
    const { model } = this;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.boxes) return;
      this.boxes = model.get("boxes");
      this.history.clear();
      this.selected = Math.min(this.selected, this.boxes.length - 1);
      this.changed();
    });
    for (const name of REDRAWN_BY) model.on(`change:${name}`, () => this.changed());
  }
  changed() {
    for (const view of this.views) view.update();
  }
  /**
   * @param {string} text
   * @param {MessageOptions} options
   */
  say(text, options) {
    for (const view of this.views) view.say(text, options);
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
   * @param {Message} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "part") this.sender.hear(message);
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
      const [picture, before, preview, mask] = await Promise.all([
        this.decoded(files.image, this.picture),
        this.decoded(files.before, this.before),
        this.decoded(files.preview, this.preview),
        this.decoded(files.mask, void 0, { colorSpaceConversion: "none" })
      ]);
      if (preview && preview !== this.preview) this.previews++;
      Object.assign(this, { picture, before, preview });
      this.putMask(mask);
      this.changed();
    }
    this.isLoading = false;
  }
  /**
   * Return the bitmap of a file, `known` if none has come, null if there is no picture any more.
   * @template Known
   * @param {DataView | undefined} file
   * @param {Known} known
   * @param {ImageBitmapOptions} options
   * @returns {Promise<ImageBitmap | null | Known>}
   */
  async decoded(file, known, options = {}) {
    if (file === void 0) return known;
    if (!file.byteLength) return null;
    try {
      return await createImageBitmap(new Blob([
        /** @type {BlobPart} */
        file
      ]), options);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }
  /**
   * Take a mask from Python; undefined leaves it as it is, but for a picture of another size.
   * @param {ImageBitmap | null | undefined} bitmap
   */
  putMask(bitmap) {
    const { picture } = this;
    const isNew = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isNew) this.makeMask();
    const { mask } = this;
    if (mask && bitmap !== void 0) {
      mask.load(bitmap && greyOf(bitmap, mask.width, mask.height));
    }
    if (isNew) mask?.history.clear();
    this.hasMask = mask !== null && !mask.isEmpty;
  }
  /** Make the empty mask of the picture, if there is one. */
  makeMask() {
    this.mask = this.overlay = null;
    if (!this.picture) return;
    const { width, height } = this.picture;
    const overlay = new MaskOverlay(width, height);
    const mask = new Mask(width, height, (area) => overlay.draw(mask, area));
    Object.assign(this, { mask, overlay });
  }
  // --- what a person does ----------------------------------------------------------------------
  /**
   * Change the mask by one of its methods; Python hears of it if that changed anything.
   * @param {(mask: Mask) => boolean} act
   */
  changeMask(act) {
    if (!this.mask || !act(this.mask)) return;
    this.hasMask = !this.mask.isEmpty;
    this.changed();
    this.sendMask();
  }
  /** Send the mask; while one is sent, the newest waits, and no other is sent. */
  async sendMask() {
    this.isMaskNew = true;
    if (this.isSendingMask) return;
    this.isSendingMask = true;
    while (this.isMaskNew && this.mask) {
      this.isMaskNew = false;
      const file = await this.mask.toPNG();
      await this.sender.send("mask", "mask.png", new Blob([file]));
    }
    this.isSendingMask = false;
  }
  /**
   * @param {Detection[]} boxes
   * @param {number} selected
   */
  changeBoxes(boxes, selected = this.selected) {
    this.history.add({ was: this.boxes, is: boxes });
    this.selected = selected;
    this.putBoxes(boxes);
  }
  /**
   * Change some fields of one box.
   * @param {number} index
   * @param {Partial<Detection>} fields
   */
  changeBox(index, fields) {
    this.changeBoxes(this.boxes.map((box, i) => i === index ? { ...box, ...fields } : box));
  }
  undoBoxes() {
    this.putBoxesBack(this.history.undo()?.was);
  }
  redoBoxes() {
    this.putBoxesBack(this.history.redo()?.is);
  }
  /** @param {Detection[] | undefined} boxes */
  putBoxesBack(boxes) {
    if (!boxes) return;
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.putBoxes(boxes);
  }
  /** @param {Detection[]} boxes */
  putBoxes(boxes) {
    this.boxes = boxes;
    this.set({ boxes });
  }
  /** @param {number} index */
  select(index) {
    this.selected = index;
    this.changed();
  }
  /**
   * Send the first of these files to Python, if it is a picture.
   * @param {File[]} files
   */
  async drop(files) {
    const [file] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!await isPicture(file)) {
      const text = `${name} is no picture that can be opened; choose a PNG, JPEG or WebP file.`;
      this.say(text, { isError: true });
      return;
    }
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      await this.sender.send("drop", name, file, show);
      for (const view of this.views) view.endProgress();
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

// widgets/viewer/src/controls.js
var ICONS = {
  view: "M8 13V5.5a1.5 1.5 0 0 1 3 0V12m0-6.5v-1a1.5 1.5 0 0 1 3 0V12m0-5.5a1.5 1.5 0 0 1 3 0V12m0-3.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-2a6 6 0 0 1-5-2.7L5.2 15.6a1.6 1.6 0 0 1 2.6-1.8L8 14",
  compare: "M12 3v18M4 5h5v14H4zM15 5h5v14h-5",
  mask: "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  boxes: "M4 8V5a1 1 0 0 1 1-1h3m8 0h3a1 1 0 0 1 1 1v3m0 8v3a1 1 0 0 1-1 1h-3m-8 0H5a1 1 0 0 1-1-1v-3M9 9h6v6H9z",
  open: "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3M12 15V4m-4 4 4-4 4 4",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V5a1 1 0 0 1 1-1h4m6 0h4a1 1 0 0 1 1 1v4m0 6v4a1 1 0 0 1-1 1h-4m-6 0H5a1 1 0 0 1-1-1v-4",
  paint: "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  erase: "m8 19-4.3-4.300a1.5 1.5 0 0 1 0-2.100l8.8-8.800a1.5 1.5 0 0 1 2.1 0l5 5a1.5 1.5 0 0 1 0 2.100L11.5 19H8zM8 8l8 8M8 19h12",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  invert: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  fill: "M5 5h14v14H5zM5 12l7-7M5 19 19 5M12 19l7-7",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
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
function makeButton(name, icon, help, press2, label = null) {
  const text = label ? [make("span", { class: "mls-viewer-label" }, label)] : [];
  return make(
    "button",
    {
      type: "button",
      class: `mls-viewer-button mls-viewer-${name}`,
      title: help,
      "aria-label": label ?? help,
      onclick: press2
    },
    makeIcon(icon),
    ...text
  );
}
var makeGroup = (kind, label, ...children) => make("div", { class: kind, role: "group", "aria-label": label }, ...children);
function makeSlider(name, label, { min, max, step, text }, tell) {
  const input = make("input", {
    type: "range",
    class: "mls-viewer-range",
    "aria-label": label,
    min,
    max,
    step,
    oninput: () => tell(Number(input.value))
  });
  const readout = make("output", { class: "mls-viewer-readout" });
  const row = make(
    "label",
    { class: `mls-viewer-slider mls-viewer-${name}` },
    make("span", {}, label),
    input,
    readout
  );
  const show = (value) => {
    input.value = String(value);
    const [least, most] = [Number(input.min), Number(input.max)];
    const share = (Math.min(value, most) - least) / (most - least);
    input.style.setProperty("--mls-share", `${100 * share}%`);
    readout.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  return { row, input, readout, show };
}
var asPercent = (share) => `${Math.round(100 * share)} %`;

// widgets/viewer/src/box_list.js
var STAGE_STRENGTH = 0.4;
var BoxList = class {
  /**
   * @param {Store} store
   * @param {HTMLElement} whenEmpty gets the focus when the last box is removed
   */
  constructor(store, whenEmpty) {
    this.store = store;
    this.whenEmpty = whenEmpty;
    this.rows = [];
    this.scrolled = -1;
    this.list = make("ol", { class: "mls-viewer-list" });
    const hint = "No boxes. Add one, then drag over the part to repaint.";
    this.none = make("p", { class: "mls-viewer-none" }, hint);
    this.root = makeGroup("mls-viewer-side", "Parts to repaint", this.none, this.list);
  }
  update() {
    const { boxes, selected } = this.store;
    while (this.rows.length < boxes.length) {
      const row = new BoxRow(this, this.rows.length);
      this.rows.push(row);
      this.list.append(row.root);
    }
    for (const row of this.rows.splice(boxes.length)) row.root.remove();
    this.rows.forEach((row, index) => row.show(boxes[index], index === selected));
    this.none.hidden = boxes.length > 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }
  /**
   * Move a box up (-1) or down (1); the focus goes with it.
   * @param {number} index
   * @param {number} by
   */
  move(index, by) {
    this.store.changeBoxes(reordered(this.store.boxes, index, index + by), index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }
  /** @param {number} index */
  remove(index) {
    const boxes = this.store.boxes.filter((_, i) => i !== index);
    this.store.changeBoxes(boxes, Math.min(index, boxes.length - 1));
  }
};
var BoxRow = class {
  /**
   * @param {BoxList} list
   * @param {number} index
   */
  constructor(list, index) {
    const { store } = list;
    this.list = list;
    this.index = index;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => store.changeBox(index, { enabled: this.tick.checked })
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => store.select(store.selected === index ? -1 : index)
    });
    this.up = makeButton("up", "up", "Draw it earlier", () => list.move(index, -1));
    this.down = makeButton("down", "down", "Draw it later", () => list.move(index, 1));
    this.trash = makeButton("remove", "trash", "Remove it", () => this.remove());
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => store.changeBox(index, { prompt: this.prompt.value.trim() || null })
    });
    this.strength = this.makeStrength();
    this.reset = makeButton(
      "reset",
      "reset",
      "Use the stage’s strength",
      () => store.changeBox(index, { denoising_strength: null })
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset)
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.trash);
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details
    );
  }
  makeStrength() {
    const text = (value) => value.toFixed(2);
    const range = { min: 0, max: 1, step: 0.05, text };
    const slider = makeSlider("strength", "Strength", range, (value) => slider.show(value));
    slider.input.addEventListener("change", () => {
      const strength = Number(slider.input.value);
      this.list.store.changeBox(this.index, { denoising_strength: strength });
    });
    return slider;
  }
  remove() {
    const { index, list } = this;
    list.remove(index);
    const next = list.rows[Math.min(index, list.rows.length - 1)];
    (next?.name ?? list.whenEmpty).focus();
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
    this.down.disabled = this.index === this.list.store.boxes.length - 1;
    this.details.hidden = !isChosen;
    const shadow = (
      /** @type {Document | ShadowRoot} */
      this.prompt.getRootNode()
    );
    const isTyped = shadow.activeElement === this.prompt;
    if (!isTyped) this.prompt.value = detection.prompt ?? "";
    this.showStrength(detection.denoising_strength);
  }
  /** @param {number | null} strength */
  showStrength(strength) {
    this.strength.show(strength ?? STAGE_STRENGTH);
    this.strength.row.dataset.unset = String(strength === null);
    if (strength === null) this.strength.readout.textContent = "as stage";
    this.reset.disabled = strength === null;
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
    const help = "Add a box: press, then drag it on the picture";
    this.add = makeButton("add", "plus", help, (event) => this.press(event), "Add box");
    this.undo = makeButton("undo", "undo", "Undo (Ctrl+Z)", () => store.undoBoxes());
    this.redo = makeButton("redo", "redo", "Redo (Ctrl+Shift+Z)", () => store.redoBoxes());
    this.hint = make("span", { class: "mls-viewer-hint" });
    this.root = makeGroup(
      "mls-viewer-tools",
      "Boxes",
      this.add,
      make("div", { class: "mls-viewer-set" }, this.undo, this.redo),
      this.hint
    );
  }
  /** @param {MouseEvent} event */
  press(event) {
    const { stage } = this;
    if (event.detail === 0) {
      stage.addBox();
      stage.root.focus();
      return;
    }
    stage.isAdding = !stage.isAdding;
    this.store.changed();
  }
  show() {
    const { stage } = this;
    const { boxes, history } = this.store;
    this.add.disabled = !stage.isWorkable;
    this.add.setAttribute("aria-pressed", String(stage.isAdding));
    this.undo.disabled = history.done.length === 0;
    this.redo.disabled = history.undone.length === 0;
    const count = boxes.filter((box) => box.enabled).length;
    this.hint.textContent = stage.isAdding ? "Drag over the part to repaint" : `${count} of ${boxes.length} drawn again, from top to bottom`;
  }
};

// widgets/viewer/src/files.js
function hearFiles(root, signal, take) {
  const on = (name, hear) => root.addEventListener(name, hear, { signal });
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    root.dataset.dropping = String(depth > 0);
  };
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  on("dragenter", (event) => isFile(event) && mark(1));
  on("dragleave", (event) => isFile(event) && mark(-1));
  on("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  on("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark(-depth);
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

// widgets/viewer/src/mask_tools.js
var BRUSH_STEP = 1.2;
var LARGEST_BRUSH = 1024;
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
    const change = (act) => () => store.changeMask(act);
    this.brushes = [
      this.makeBrush(false, "paint", "Paint", "Paint: this is drawn again (E)"),
      this.makeBrush(true, "erase", "Erase", "Erase: this stays as it is (E)")
    ];
    this.sliders = this.makeSliders();
    this.undo = makeButton(
      "undo",
      "undo",
      "Undo (Ctrl+Z)",
      change((mask) => mask.undo())
    );
    this.redo = makeButton(
      "redo",
      "redo",
      "Redo (Ctrl+Shift+Z)",
      change((mask) => mask.redo())
    );
    this.wholes = [
      makeButton(
        "invert",
        "invert",
        "Invert the mask",
        change((mask) => mask.invert())
      ),
      makeButton(
        "fill",
        "fill",
        "Mask everything",
        change((mask) => mask.fill(255))
      ),
      makeButton(
        "clear",
        "trash",
        "Clear the mask",
        change((mask) => mask.fill(0))
      )
    ];
    this.root = makeGroup(
      "mls-viewer-tools",
      "Mask",
      make("div", { class: "mls-viewer-modes" }, ...this.brushes),
      ...Object.values(this.sliders).map((slider) => slider.row),
      make("div", { class: "mls-viewer-set" }, this.undo, this.redo, ...this.wholes)
    );
  }
  /**
   * @param {boolean} erases
   * @param {"paint" | "erase"} icon
   * @param {string} label
   * @param {string} help
   */
  makeBrush(erases, icon, label, help) {
    const pick = () => this.store.set({ brush_erases: erases });
    const button = makeButton(icon, icon, help, pick, label);
    button.dataset.erases = String(erases);
    return button;
  }
  makeSliders() {
    const { store } = this;
    const share = { min: 0, max: 1, step: 0.05, text: asPercent };
    const fromLittle = { ...share, min: 0.05 };
    const text = (value) => `${value} px`;
    const pixels = { min: 1, max: 512, step: 1, text };
    return {
      size: makeSlider("size", "Size", pixels, (size) => store.set({ brush_size: size })),
      hardness: makeSlider(
        "hardness",
        "Hardness",
        share,
        (hardness) => store.set({ brush_hardness: hardness })
      ),
      opacity: makeSlider(
        "opacity",
        "Opacity",
        fromLittle,
        (opacity) => store.set({ brush_opacity: opacity })
      )
    };
  }
  show() {
    const { sliders, stage } = this;
    const { mask, model } = this.store;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.history.done.length === 0;
    this.redo.disabled = !isReady || mask.history.undone.length === 0;
    for (const button of [...this.brushes, ...this.wholes]) button.disabled = !isReady;
    for (const button of this.brushes) {
      const isOn = String(model.get("brush_erases")) === button.dataset.erases;
      button.setAttribute("aria-pressed", String(isOn));
    }
    if (mask) {
      const half = Math.ceil(Math.max(mask.width, mask.height) / 2);
      sliders.size.input.max = String(Math.min(LARGEST_BRUSH, half));
    }
    for (const slider of Object.values(sliders)) slider.input.disabled = !isReady;
    sliders.size.show(model.get("brush_size"));
    sliders.hardness.show(model.get("brush_hardness"));
    sliders.opacity.show(model.get("brush_opacity"));
  }
};

// widgets/viewer/src/toolbar.js
var ZOOM_STEP = 1.25;
var MODES = [
  ["view", "View", "Look at it: zoom and move (V)"],
  ["compare", "Compare", "Compare before and after (C)"],
  ["mask", "Mask", "Paint the area to repaint (M)"],
  ["boxes", "Boxes", "Correct the detections (B)"]
];
var Toolbar = class {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.modes = MODES.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, help, () => store.set({ mode }), label);
      button.dataset.mode = mode;
      return button;
    });
    this.file = this.makeFileInput();
    this.percent = make("button", {
      type: "button",
      class: "mls-viewer-button mls-viewer-percent",
      title: "Show it at 1:1 (1)",
      onclick: () => stage.actualSize()
    });
    stage.onZoom = (scale) => {
      this.percent.textContent = asPercent(scale);
      this.percent.setAttribute("aria-label", `Zoom ${asPercent(scale)}; show it 1:1`);
    };
    this.zooms = [
      makeButton("zoom-out", "minus", "Zoom out (−)", () => stage.zoomBy(1 / ZOOM_STEP)),
      this.percent,
      makeButton("zoom-in", "plus", "Zoom in (+)", () => stage.zoomBy(ZOOM_STEP)),
      makeButton("fit", "fit", "Fit it in (0)", () => stage.fit())
    ];
    this.root = make(
      "div",
      { class: "mls-viewer-bar" },
      makeGroup("mls-viewer-modes", "Mode", ...this.modes),
      makeGroup(
        "mls-viewer-zooms",
        "Picture and zoom",
        this.file,
        makeButton("open", "open", "Open a picture", () => this.file.click()),
        ...this.zooms
      )
    );
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
  /** @param {Mode} mode */
  showMode(mode) {
    const { boxes, hasMask } = this.store;
    for (const button of this.modes) {
      const own = button.dataset.mode;
      button.setAttribute("aria-pressed", String(own === mode));
      const isMarked = own === "mask" && hasMask || own === "boxes" && boxes.length > 0;
      button.dataset.marked = String(isMarked);
    }
  }
  showZoom() {
    const isEmpty = this.stage.frame === null;
    for (const button of this.zooms) button.disabled = isEmpty;
    if (!isEmpty) return;
    this.percent.textContent = "–";
    this.percent.setAttribute("aria-label", "Zoom");
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
function press(view, event) {
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = targetOf(event).matches("textarea, input:not([type=range], [type=checkbox])");
  const isUsed = !isTyping && (pressOnStage(view, event) || pressAnywhere(view, event));
  if (isUsed) event.preventDefault();
  if (isUsed || !isCommand) event.stopPropagation();
}
function pressAnywhere(view, event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return undoOrRedo(view, key, event.shiftKey);
  const act = keysOf(view)[key];
  if (!act || event.altKey) return false;
  act();
  return true;
}
function undoOrRedo({ store }, key, isShifted) {
  const mode = store.model.get("mode");
  const isRedo = key === "y" || key === "z" && isShifted;
  if (!isRedo && key !== "z") return false;
  if (mode === "mask") store.changeMask((mask) => isRedo ? mask.redo() : mask.undo());
  else if (mode !== "boxes") return false;
  else if (isRedo) store.redoBoxes();
  else store.undoBoxes();
  return true;
}
function keysOf({ store, stage }) {
  const { model } = store;
  const brush = (isLarger) => store.set({ brush_size: steppedBrush(model.get("brush_size"), isLarger) });
  const ofMask = {
    "[": () => brush(false),
    "]": () => brush(true),
    e: () => store.set({ brush_erases: !model.get("brush_erases") })
  };
  return {
    0: () => stage.fit(),
    1: () => stage.actualSize(),
    "+": () => stage.zoomBy(ZOOM_STEP),
    "=": () => stage.zoomBy(ZOOM_STEP),
    "-": () => stage.zoomBy(1 / ZOOM_STEP),
    ...Object.fromEntries(MODES.map(([mode]) => [mode[0], () => store.set({ mode })])),
    ...model.get("mode") === "mask" ? ofMask : {}
  };
}
function pressOnStage(view, event) {
  const { store, stage } = view;
  const onSplit = event.target === stage.split;
  if (!stage.frame || event.target !== view.area && !onSplit) return false;
  const step = ARROWS[event.key];
  if (event.key === " ") view.holdSpace(true);
  else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
    const split = steppedSplit(store.model.get("split"), event.key, event.shiftKey);
    store.set({ split });
  } else if (event.key === "Escape" && stage.isAdding) {
    stage.isAdding = false;
    view.update();
  } else if (store.model.get("mode") === "boxes" && store.selected >= 0 && stage.isWorkable) {
    return pressOnBox(view, event);
  } else if (step) stage.pan(-PAN * step[0], -PAN * step[1]);
  else return false;
  return true;
}
function steppedSplit(split, key, isShifted) {
  if (key === "Home") return 0;
  if (key === "End") return 1;
  const [x, y] = ARROWS[key];
  const next = split + SPLIT * (isShifted ? 10 : 1) * (x - y);
  return clamp(Number(next.toFixed(4)), 0, 1);
}
function pressOnBox({ store, stage, boxList }, event) {
  const index = store.selected;
  const step = ARROWS[event.key];
  if (event.key === "Delete" || event.key === "Backspace") boxList.remove(index);
  else if (event.key === "Escape") store.select(-1);
  else if (step && stage.frame) {
    const [dx, dy] = step.map((part2) => part2 * (event.shiftKey ? 10 : 1));
    const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
    const { box } = store.boxes[index];
    stage.placeBox(index, draggedBox(box, grip, dx, dy, stage.frame));
  } else return false;
  return true;
}

// widgets/viewer/src/message.js
var SECONDS = 6;
var MessageBar = class {
  constructor() {
    this.root = make("div", { class: "mls-viewer-message", hidden: "" });
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
      box.append(make("progress", { max: 1, value: share, "aria-label": text }));
    }
    if (details) {
      const folded = [make("summary", {}, "Technical details"), make("pre", {}, details)];
      box.append(make("details", {}, ...folded));
    }
    root.replaceChildren(
      box,
      makeButton("close", "close", "Close", () => this.say(""))
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

// widgets/viewer/src/gestures.js
function gestureOf(stage, event) {
  const place = stage.at(event);
  const isPanAsked = event.button === 1 || stage.isSpaceHeld;
  if (event.target === stage.split) return dragSplit(stage);
  if (isPanAsked || !stage.isWorkable) return pan(stage);
  if (stage.mode === "mask") return paint(stage, place) ?? pan(stage);
  if (stage.mode !== "boxes") return pan(stage);
  return stage.isAdding ? drawBox(stage, place) : dragBox(stage, place) ?? pan(stage);
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
function paint(stage, place) {
  const { camera, store } = stage;
  const { mask, model } = store;
  if (!mask) return null;
  mask.begin({
    size: model.get("brush_size"),
    hardness: model.get("brush_hardness"),
    opacity: model.get("brush_opacity"),
    erases: model.get("brush_erases")
  });
  mask.lineTo(camera.toPicture(place));
  stage.redraw();
  return {
    move: ({ event }) => {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) mask.lineTo(camera.toPicture(stage.at(one)));
    },
    end: () => store.changeMask(() => mask.end()),
    cancel: () => mask.abandon()
  };
}
function dragBox(stage, place) {
  const { camera, store } = stage;
  const found = stage.boxAt(place);
  if (!found) return null;
  store.select(found.index);
  const start = camera.toPicture(place);
  const { box } = store.boxes[found.index];
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
      if (draft?.box.some((edge, i) => edge !== box[i])) stage.placeBox(found.index, draft.box);
    },
    cancel: () => stage.draft = null
  };
}
function drawBox(stage, place) {
  const start = stage.camera.toPicture(place);
  return {
    move: ({ place: now }) => {
      if (!stage.frame) return;
      const box = boxBetween(start, stage.camera.toPicture(now), stage.frame);
      stage.draft = box && { index: -1, box };
    },
    end: () => {
      if (stage.draft) stage.addBox(stage.draft.box);
      stage.draft = null;
    },
    cancel: () => stage.draft = null
  };
}

// widgets/viewer/src/box_drawing.js
var COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };
var DASHES = [6, 4];
function drawBox2(pen, box, name, { isChosen, isOn }) {
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

// widgets/viewer/src/painter.js
var CRISP_FROM = 8;
var MASK_ALPHA = 0.55;
function drawFrame(pen, stage, frame) {
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
function splitPlace({ camera, frame, room, store }) {
  const width = frame ? frame.width * camera.scale : 0;
  return clamp(camera.x + store.model.get("split") * width, 0, room.width);
}
function sizeWithin(picture, place) {
  if (isSameShape(picture, place)) return { width: place.width, height: place.height };
  const scale = Math.min(place.width / picture.width, place.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}
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
function drawMask(pen, stage, overlay, { left, top, width, height }) {
  const { hover, camera, store } = stage;
  pen.globalAlpha = MASK_ALPHA;
  pen.drawImage(overlay, left, top, width, height);
  pen.globalAlpha = 1;
  if (!hover || stage.isSpaceHeld) return;
  const radius = Math.max(store.model.get("brush_size") / 2 * camera.scale, 1.5);
  pen.beginPath();
  pen.arc(hover.x, hover.y, radius, 0, 2 * Math.PI);
  pen.strokeStyle = "rgba(0, 0, 0, 0.7)";
  pen.lineWidth = 3;
  pen.stroke();
  pen.strokeStyle = "white";
  pen.lineWidth = 1.25;
  pen.stroke();
}
function drawBoxes(pen, { store, draft, camera }) {
  const { boxes, selected } = store;
  const draw = (index) => {
    const box = draft?.index === index ? draft.box : boxes[index].box;
    const state = { isChosen: index === selected, isOn: boxes[index].enabled };
    drawBox2(pen, camera.toScreen(box), nameOf(boxes[index], index), state);
  };
  boxes.forEach((_, index) => index !== selected && draw(index));
  if (selected >= 0) draw(selected);
  if (draft?.index === -1) {
    const state = { isChosen: true, isOn: true };
    drawBox2(pen, camera.toScreen(draft.box), `${boxes.length + 1}`, state);
  }
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
    this.split = makeSplit();
    this.labels = [
      make("span", { class: "mls-viewer-tag mls-viewer-tag-before" }, "Before"),
      make("span", { class: "mls-viewer-tag mls-viewer-tag-after" }, "After")
    ];
    root.append(this.canvas, this.split, ...this.labels);
    this.room = { width: 0, height: 0 };
    this.camera = new Camera();
    this.frame = null;
    this.pointers = /* @__PURE__ */ new Map();
    this.gesture = null;
    this.hover = null;
    this.isSpaceHeld = false;
    this.isAdding = false;
    this.draft = null;
    this.drawing = null;
    this.onZoom = () => {
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
      if (isLooking && !isOnMessage(event)) this.fit();
    });
    on("mousedown", (event) => event.button === 1 && event.preventDefault());
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.root);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      if (this.drawing !== null) cancelAnimationFrame(this.drawing);
    });
    this.resize();
  }
  get mode() {
    return this.store.model.get("mode");
  }
  /**
   * Return what is seen: a preview is as large as the picture that it will replace, if both have
   * one shape.
   * @returns {Frame | null}
   */
  frameNow() {
    const { picture, preview } = this.store;
    const image = preview ?? picture;
    if (!image) return null;
    const isPicture2 = picture !== null && isSameShape(image, picture);
    const { width, height } = isPicture2 ? picture : image;
    return { width, height, image, isPicture: isPicture2 };
  }
  /** Whether mask and boxes can be worked on: they belong to the picture. */
  get isWorkable() {
    return Boolean(this.frame?.isPicture);
  }
  get isComparing() {
    return this.mode === "compare" && this.store.before !== null && this.store.preview === null;
  }
  update() {
    const { frame } = this;
    this.frame = this.frameNow();
    const isNew = this.frame?.width !== frame?.width || this.frame?.height !== frame?.height;
    if (isNew) {
      this.gesture?.cancel?.();
      this.gesture = null;
    }
    if (isNew && this.frame) {
      const isSame = frame !== null && isSameShape(frame, this.frame);
      if (isSame && !this.camera.isFitted) this.camera.scale *= frame.width / this.frame.width;
      else this.fit();
    }
    if (this.mode !== "boxes") this.isAdding = false;
    this.root.dataset.adding = String(this.isAdding);
    this.redraw();
  }
  // --- zoom and position -----------------------------------------------------------------------
  resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const was = this.room;
    this.room = { width, height };
    if (this.camera.isFitted) this.fit();
    else if (was.width) this.pan((width - was.width) / 2, (height - was.height) / 2);
    this.draw();
  }
  fit() {
    this.camera.isFitted = true;
    if (!this.frame || !this.room.width) return;
    this.camera.fit(this.frame, this.room);
    this.zoomed();
  }
  /**
   * @param {number} scale
   * @param {Point} at the place on the stage that stays where it is; its middle, if left out
   */
  zoomTo(scale, at = { x: this.room.width / 2, y: this.room.height / 2 }) {
    if (!this.frame) return;
    this.camera.zoomTo(scale, at, this.frame, this.room);
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
    this.camera.pan(dx, dy, this.frame, this.room);
    this.redraw();
  }
  zoomed() {
    this.onZoom(this.camera.scale * devicePixelRatio);
    this.redraw();
  }
  /** @param {WheelEvent} event */
  wheel(event) {
    if (!this.frame || isOnMessage(event)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 15e-4;
    this.zoomBy(Math.exp(-event.deltaY * lines * speed), this.at(event));
  }
  /**
   * Return where on the stage an event happened.
   * @param {MouseEvent} event
   */
  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
  // --- boxes -----------------------------------------------------------------------------------
  /**
   * Return the box under a place, the chosen one first; null if there is none.
   * @param {Point} place
   * @returns {{ index: number, grip: Grip } | null}
   */
  boxAt(place) {
    const { boxes, selected } = this.store;
    const order = boxes.map((_, index) => index).reverse();
    if (selected >= 0) order.unshift(selected);
    for (const index of order) {
      const box = this.draft?.index === index ? this.draft.box : boxes[index].box;
      const grip = gripOf(this.camera.toScreen(box), place);
      if (grip) return { index, grip };
    }
    return null;
  }
  /**
   * Add a box, in the middle if nobody says where, named as those that are there.
   * @param {Box | null} box
   */
  addBox(box = null) {
    const { frame, store } = this;
    if (!frame) return;
    const label = store.boxes.at(-1)?.label ?? "";
    this.isAdding = false;
    const added = newDetection(box ?? middleBox(frame), label);
    store.changeBoxes([...store.boxes, added], store.boxes.length);
  }
  /**
   * @param {number} index
   * @param {Box} box
   */
  placeBox(index, box) {
    this.store.changeBox(index, movedDetection(this.store.boxes[index], box));
  }
  // --- pointer ---------------------------------------------------------------------------------
  /** @param {PointerEvent} event */
  down(event) {
    if (!this.frame || isOnMessage(event)) return;
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
      this.hoverAt(place, event.pointerType);
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
    if (!this.frame) return "default";
    if (this.gesture?.isPan) return "grabbing";
    if (!this.isWorkable || this.isSpaceHeld) return "grab";
    if (this.mode === "mask") return "none";
    if (this.mode !== "boxes") return "grab";
    if (this.isAdding) return "crosshair";
    const found = this.hover && this.boxAt(this.hover);
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
    this.showSplit();
    Object.assign(this.root.dataset, { scale: camera.scale, x: camera.x, y: camera.y });
    if (this.frame) drawFrame(pen, this, this.frame);
  }
  showSplit() {
    const { split, labels } = this;
    split.hidden = !this.isComparing || !this.frame;
    for (const label of labels) label.hidden = split.hidden;
    if (split.hidden) return;
    const share = Math.round(100 * this.store.model.get("split"));
    split.style.left = `${splitPlace(this)}px`;
    split.setAttribute("aria-valuenow", String(share));
    split.setAttribute("aria-valuetext", `${share} % before`);
  }
};
function makeSplit() {
  return make("div", {
    class: "mls-viewer-split",
    role: "slider",
    tabindex: 0,
    "aria-label": "Where before ends and after begins",
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100
  });
}
var isOnMessage = (event) => targetOf(event).closest(".mls-viewer-message") !== null;

// widgets/viewer/src/view.js
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
    this.message = new MessageBar();
    this.area.append(...makeCovers(), this.message.root);
    this.toolbar = new Toolbar(store, this.stage);
    this.facts = make("div", { class: "mls-viewer-tools mls-viewer-facts" });
    this.maskTools = new MaskTools(store, this.stage);
    this.boxTools = new BoxTools(store, this.stage);
    this.boxList = new BoxList(store, this.boxTools.add);
    this.root.replaceChildren(
      this.toolbar.root,
      this.facts,
      this.maskTools.root,
      this.boxTools.root,
      make("div", { class: "mls-viewer-main" }, this.area, this.boxList.root)
    );
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.update();
  }
  listen() {
    const { signal } = this.ended;
    this.root.addEventListener("keydown", (event) => press(this, event), { signal });
    const release = () => this.holdSpace(false);
    this.root.addEventListener("keyup", (event) => event.key === " " && release(), { signal });
    this.area.addEventListener("blur", release, { signal });
    hearFiles(this.root, signal, (files) => this.store.drop(files));
  }
  close() {
    this.store.views.delete(this);
    this.ended.abort();
    this.message.stop();
    this.root.replaceChildren();
  }
  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { store, stage, root } = this;
    const { model } = store;
    const mode = model.get("mode");
    Object.assign(root.dataset, {
      mode,
      shown: this.shown(),
      previews: store.previews,
      erases: model.get("brush_erases"),
      undos: store.mask?.history.done.length ?? 0
    });
    this.area.setAttribute("aria-busy", String(model.get("busy")));
    this.toolbar.showMode(mode);
    stage.update();
    this.toolbar.showZoom();
    this.facts.hidden = mode !== "view" && mode !== "compare";
    this.maskTools.root.hidden = mode !== "mask";
    this.boxTools.root.hidden = this.boxList.root.hidden = mode !== "boxes";
    this.showFacts(mode);
    this.maskTools.show();
    this.boxList.update();
    this.boxTools.show();
    stage.look();
  }
  /** Return what the style sheet has to show: a preview, a picture, or why there is none. */
  shown() {
    const { model, picture, preview } = this.store;
    if (preview) return "preview";
    if (picture) return "picture";
    return model.get("busy") ? "skeleton" : "empty";
  }
  /** @param {Mode} mode */
  showFacts(mode) {
    const { frame } = this.stage;
    const none = this.shown() === "skeleton" ? "Making your picture…" : "No picture";
    const facts = frame ? `${frame.width} × ${frame.height}` : none;
    const hint = frame ? this.hint(mode) : "";
    this.facts.replaceChildren(
      make("span", { class: "mls-viewer-pixels" }, facts),
      make("span", { class: "mls-viewer-hint" }, hint)
    );
    this.area.setAttribute("aria-label", frame ? `Picture, ${facts} pixels. ${hint}` : facts);
  }
  /** @param {Mode} mode */
  hint(mode) {
    if (mode === "compare") {
      const isComparable = this.store.before !== null;
      return isComparable ? "Drag the line, or use the arrow keys" : "Nothing to compare with yet";
    }
    const isTouch = matchMedia("(pointer: coarse)").matches;
    return isTouch ? "Pinch to zoom, drag to move, double-tap to fit" : "Scroll to zoom, drag to move, double-click to fit";
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
