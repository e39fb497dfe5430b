// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/viewer/src/box_drawing.js
// source: widgets/viewer/src/box_list.js
// source: widgets/viewer/src/boxes.js
// source: widgets/viewer/src/controls.js
// source: widgets/viewer/src/mask.js
// source: widgets/viewer/src/png.js
// source: widgets/viewer/src/stage.js
// source: widgets/viewer/src/store.js
// source: widgets/viewer/src/upload.js
// source: widgets/viewer/src/view.js
// source: widgets/viewer/src/viewer.js
// sha256 of the sources: b71eeb55b4904249db2908347f7d751566b4e9d6af3558107f32385d0db964b5
// sha256 of the lines below: e9119becd39a55adf001c8f086bca228857f80c0b1ef91d557b123d4cc11b39c
// widgets/viewer/src/png.js
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
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    pngChunk("IHDR", new Uint8Array(head.buffer)),
    pngChunk("IDAT", packed),
    pngChunk("IEND", new Uint8Array())
  ]);
  return new Uint8Array(await file.arrayBuffer());
}
var CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 3988292384 ^ n >>> 1 : n >>> 1;
  return n;
});
function pngChunk(name, content) {
  const chunk = new Uint8Array(12 + content.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  chunk.set(new TextEncoder().encode(name), 4);
  chunk.set(content, 8);
  let crc = 4294967295;
  for (const byte of chunk.subarray(4, -4)) crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >>> 8;
  view.setUint32(chunk.length - 4, ~crc >>> 0);
  return chunk;
}

// widgets/viewer/src/mask.js
var MASK_TINT = 7876095;
var UNDO_BYTES = 64 * 2 ** 20;
function brushReach(radius, hardness) {
  const outer = Math.max(radius, 0.5) + 0.5 * hardness;
  const inner = Math.max(0, Math.min(radius * hardness, outer - 1) - 0.5 * (1 - hardness));
  return { inner, outer };
}
var Mask = class {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
    this.done = [];
    this.undone = [];
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
      last: null
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
      Math.max(from.y, point.y) + outer
    );
    if (!area) return;
    const alongX = point.x - from.x;
    const alongY = point.y - from.y;
    const length2 = alongX ** 2 + alongY ** 2;
    for (let y = area.top; y < area.bottom; y++) {
      for (let x = area.left; x < area.right; x++) {
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
        data[index] = Math.round(before + (target - before) * cover * opacity / 255);
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
      bottom: Math.min(this.height, Math.ceil(bottom))
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
    for (let i = 0; i < part.length; i++) pixels[i] = part[i] << 24 | MASK_TINT;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width);
    this.pen.putImageData(image, area.left, area.top);
  }
  // --- to Python -------------------------------------------------------------------------------
  // The mask as the bytes of an 8-bit grey PNG; none at all for an empty one.
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

// widgets/viewer/src/upload.js
var PART_BYTES = 4 * 2 ** 20;
var Sender = class {
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.waiting = /* @__PURE__ */ new Map();
    this.count = 0;
  }
  // True when all of it has arrived, false when Python refused it (and says why in the viewer).
  // `progress` hears the share that has arrived.
  async send(purpose, name, blob, progress = () => {
  }) {
    const upload = `${this.page}-${this.count++}`;
    const base = { kind: "part", upload, purpose, name, size: blob.size, page: this.page };
    try {
      for (let offset = 0; offset === 0 || offset < blob.size; ) {
        const part = await blob.slice(offset, offset + PART_BYTES).arrayBuffer();
        const arrived = await new Promise((answer) => {
          this.waiting.set(upload, answer);
          this.model.send({ ...base, offset }, void 0, [part]);
        });
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
var Store = class {
  constructor(model) {
    this.model = model;
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    this.views = /* @__PURE__ */ new Set();
    this.picture = this.before = this.preview = this.mask = null;
    this.boxes = model.get("boxes");
    this.selected = -1;
    this.history = { done: [], undone: [] };
    this.files = {};
    this.previews = 0;
    this.hasMask = this.isLoading = this.isSendingMask = false;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.boxes) return;
      this.boxes = model.get("boxes");
      this.history = { done: [], undone: [] };
      this.selected = Math.min(this.selected, this.boxes.length - 1);
      this.changed();
    });
    const shown = ["mode", "busy", "split", "size"];
    const brush = ["brush_size", "brush_hardness", "brush_opacity", "brush_erases"];
    for (const name of [...shown, ...brush]) model.on(`change:${name}`, () => this.changed());
    model.send({ kind: "hello" });
  }
  changed() {
    for (const view of this.views) view.update();
  }
  say(text, more) {
    for (const view of this.views) view.say(text, more);
  }
  // Set traits, here and in Python.
  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
  }
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
  // What comes while one is decoded waits, and of those that wait only the last is decoded.
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
  // The bitmap of a file: `known` if none has come, null if there is no picture any more.
  async decoded(bytes, known, options = {}) {
    if (bytes === void 0) return known;
    if (!bytes.byteLength) return null;
    try {
      return await createImageBitmap(new Blob([bytes]), options);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }
  // A mask belongs to one size of picture; undefined leaves it as it is.
  putMask(bitmap) {
    const { picture } = this;
    const isNew = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isNew) this.mask = picture && new Mask(picture.width, picture.height);
    if (this.mask && bitmap !== void 0) this.mask.load(bitmap);
    if (this.mask && isNew) this.mask.done = [];
    this.hasMask = this.mask !== null && !this.mask.isEmpty;
  }
  // --- what a person does ----------------------------------------------------------------------
  // Change the mask by one of its methods; Python hears of it if that changed anything.
  changeMask(act) {
    if (!this.mask || !act(this.mask)) return;
    this.hasMask = !this.mask.isEmpty;
    this.changed();
    this.sendMask();
  }
  // Only the newest mask matters: while one is sent, the next waits.
  async sendMask() {
    this.isMaskNew = true;
    if (this.isSendingMask) return;
    this.isSendingMask = true;
    while (this.isMaskNew) {
      this.isMaskNew = false;
      await this.sender.send("mask", "mask.png", new Blob([await this.mask.toPNG()]));
    }
    this.isSendingMask = false;
  }
  changeBoxes(boxes, selected = this.selected) {
    this.history.done.push(this.boxes);
    this.history.undone = [];
    this.selected = selected;
    this.putBoxes(boxes);
  }
  // Take the last change of the boxes back ("done"), or make it again ("undone").
  stepBoxes(from, to) {
    const boxes = this.history[from].pop();
    if (!boxes) return;
    this.history[to].push(this.boxes);
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.putBoxes(boxes);
  }
  putBoxes(boxes) {
    this.boxes = boxes;
    this.set({ boxes });
    this.changed();
  }
  select(index) {
    this.selected = index;
    this.changed();
  }
  async drop(files) {
    const [file] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!await isPicture(file)) {
      this.say(`${name} is no picture that can be opened; choose a PNG, JPEG or WebP file.`, {
        isError: true
      });
      return;
    }
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      await this.sender.send("drop", name, file, show);
      for (const view of this.views) view.endProgress();
    } catch (error) {
      this.say(`${name} could not be read: ${error.message}`, { isError: true });
    }
  }
};

// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  const whole = { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes };
  for (const [name, value] of Object.entries(whole)) svg.setAttribute(name, value);
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: path, ...own })) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

// widgets/viewer/src/boxes.js
var GRIP = 8;
var SMALLEST_BOX = 4;
function gripOf([left, top, right, bottom], { x, y }) {
  const inside = x > left - GRIP && x < right + GRIP && y > top - GRIP && y < bottom + GRIP;
  if (!inside) return null;
  const reach = (low, high) => Math.min(GRIP, (high - low) / 4);
  const across = x < left + reach(left, right) ? "l" : x > right - reach(left, right) ? "r" : "";
  const down = y < top + reach(top, bottom) ? "t" : y > bottom - reach(top, bottom) ? "b" : "";
  return across + down || "move";
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
function draggedBox([left, top, right, bottom], grip, dx, dy, { width, height }) {
  const clamp = (value, low, high) => Math.round(Math.min(Math.max(value, low), high));
  if (grip === "move") {
    const x = clamp(left + dx, 0, width - (right - left));
    const y = clamp(top + dy, 0, height - (bottom - top));
    return [x, y, x + right - left, y + bottom - top];
  }
  return [
    grip.includes("l") ? clamp(left + dx, 0, right - SMALLEST_BOX) : left,
    grip.includes("t") ? clamp(top + dy, 0, bottom - SMALLEST_BOX) : top,
    grip.includes("r") ? clamp(right + dx, left + SMALLEST_BOX, width) : right,
    grip.includes("b") ? clamp(bottom + dy, top + SMALLEST_BOX, height) : bottom
  ];
}
function boxBetween(one, other, { width, height }) {
  const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  const xs = [clamp(one.x, width), clamp(other.x, width)].sort((a, b) => a - b);
  const ys = [clamp(one.y, height), clamp(other.y, height)].sort((a, b) => a - b);
  if (xs[1] - xs[0] < SMALLEST_BOX || ys[1] - ys[0] < SMALLEST_BOX) return null;
  return [xs[0], ys[0], xs[1], ys[1]];
}
function newFind(box, label) {
  const unsaid = { mask: null, confidence: 1, prompt: null, denoising_strength: null };
  return { label, box, enabled: true, ...unsaid };
}
var movedFind = (find, box) => ({ ...find, box, mask: null });
var nameOf = (find, index) => `${index + 1} ${find.label || "part"}`;

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
  const filled = FILLED[name] ? [[FILLED[name], { fill: "currentColor" }]] : [];
  return makeSvg([...filled, [ICONS[name], {}]]);
}
function makeButton(name, icon, help, press, label = null) {
  const text = label ? [make("span", { class: "mls-viewer-label" }, label)] : [];
  return make(
    "button",
    {
      type: "button",
      class: `mls-viewer-button mls-viewer-${name}`,
      title: help,
      "aria-label": label ?? help,
      onclick: press
    },
    makeIcon(icon),
    ...text
  );
}
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
    input.value = value;
    const { min: least, max: most } = input;
    const share = (Math.min(value, most) - least) / (most - least);
    input.style.setProperty("--mls-share", `${100 * share}%`);
    readout.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  return { row, input, readout, show };
}
var asPercent = (share) => `${Math.round(100 * share)} %`;

// widgets/viewer/src/box_list.js
var BoxList = class {
  constructor(store) {
    this.store = store;
    this.rows = [];
    this.list = make("ol", { class: "mls-viewer-list" });
    this.none = make(
      "p",
      { class: "mls-viewer-none" },
      "No boxes. Add one, then drag over the part to repaint."
    );
    this.root = make(
      "div",
      { class: "mls-viewer-side", role: "group", "aria-label": "Parts to repaint" },
      this.none,
      this.list
    );
  }
  update() {
    const { boxes, selected } = this.store;
    while (this.rows.length < boxes.length) {
      this.rows.push(new BoxRow(this, this.rows.length));
      this.list.append(this.rows.at(-1).root);
    }
    while (this.rows.length > boxes.length) this.rows.pop().root.remove();
    this.rows.forEach(
      (row, index) => row.show(boxes[index], index === selected, index === boxes.length - 1)
    );
    this.none.hidden = boxes.length > 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }
  change(index, fields) {
    const { store } = this;
    store.changeBoxes(store.boxes.map((find, i) => i === index ? { ...find, ...fields } : find));
  }
  move(index, by) {
    const boxes = [...this.store.boxes];
    const [find] = boxes.splice(index, 1);
    boxes.splice(index + by, 0, find);
    this.store.changeBoxes(boxes, index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }
  remove(index) {
    const boxes = this.store.boxes.filter((_, i) => i !== index);
    this.store.changeBoxes(boxes, Math.min(index, boxes.length - 1));
  }
};
var BoxRow = class {
  constructor(list, index) {
    const { store } = list;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => list.change(index, { enabled: this.tick.checked })
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => store.select(store.selected === index ? -1 : index)
    });
    this.up = makeButton("up", "up", "Draw it earlier", () => list.move(index, -1));
    this.down = makeButton("down", "down", "Draw it later", () => list.move(index, 1));
    this.remove = makeButton("remove", "trash", "Remove it", () => {
      list.remove(index);
      (list.rows[Math.min(index, list.rows.length - 1)]?.name ?? list.whenEmpty)?.focus();
    });
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => list.change(index, { prompt: this.prompt.value.trim() || null })
    });
    this.strength = makeSlider(
      "strength",
      "Strength",
      { min: 0, max: 1, step: 0.05, text: (value) => value.toFixed(2) },
      () => {
      }
    );
    this.strength.input.addEventListener(
      "input",
      () => this.strength.show(Number(this.strength.input.value))
    );
    this.strength.input.addEventListener(
      "change",
      () => list.change(index, { denoising_strength: Number(this.strength.input.value) })
    );
    this.reset = makeButton(
      "reset",
      "reset",
      "Use the stage’s strength",
      () => list.change(index, { denoising_strength: null })
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset)
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.remove);
    this.index = index;
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details
    );
  }
  show(find, isChosen, isLast) {
    const name = nameOf(find, this.index);
    const sure = find.confidence < 1 ? asPercent(find.confidence) : "";
    this.root.dataset.selected = isChosen;
    this.root.dataset.enabled = find.enabled;
    this.tick.checked = find.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = find.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, sure));
    this.name.setAttribute("aria-expanded", isChosen);
    this.up.disabled = this.index === 0;
    this.down.disabled = isLast;
    this.details.hidden = !isChosen;
    const isTyped = this.prompt.getRootNode().activeElement === this.prompt;
    if (!isTyped) this.prompt.value = find.prompt ?? "";
    const strength = find.denoising_strength;
    this.strength.show(strength ?? 0.4);
    this.strength.row.dataset.unset = strength === null;
    if (strength === null) this.strength.readout.textContent = "as stage";
    this.reset.disabled = strength === null;
  }
};

// widgets/viewer/src/box_drawing.js
var BOX_COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };
function drawBox(pen, [left, top, right, bottom], name, { isChosen, isOn }) {
  const colour = isChosen ? BOX_COLOURS.chosen : isOn ? BOX_COLOURS.other : BOX_COLOURS.off;
  const [width, height] = [right - left, bottom - top];
  pen.save();
  for (const [style, thick, dashes] of [
    ["rgba(255, 255, 255, 0.9)", isChosen ? 5 : 3.5, []],
    [colour, isChosen ? 2.5 : 1.5, isOn ? [] : [6, 4]]
  ]) {
    pen.setLineDash(dashes);
    pen.strokeStyle = style;
    pen.lineWidth = thick;
    pen.strokeRect(left, top, width, height);
  }
  pen.setLineDash([]);
  if (isChosen) {
    pen.lineWidth = 1.5;
    for (const x of [left, (left + right) / 2, right]) {
      for (const y of [top, (top + bottom) / 2, bottom]) {
        if (x === (left + right) / 2 && y === (top + bottom) / 2) continue;
        pen.fillStyle = "white";
        pen.fillRect(x - 4, y - 4, 8, 8);
        pen.strokeRect(x - 4, y - 4, 8, 8);
      }
    }
  }
  drawTag(pen, name, left, top, colour);
  pen.restore();
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

// widgets/viewer/src/stage.js
var MARGIN = 16;
var MOST_ZOOM = 64;
var CRISP_FROM = 8;
var KEPT_IN_SIGHT = 48;
var isSameShape = (one, other) => Math.abs(one.width / one.height / (other.width / other.height) - 1) < 0.02;
var Stage = class {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.canvas = make("canvas", { class: "mls-viewer-canvas" });
    this.pen = this.canvas.getContext("2d");
    this.split = make("div", {
      class: "mls-viewer-split",
      role: "slider",
      tabindex: 0,
      "aria-label": "Where before ends and after begins",
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "aria-valuemax": 100
    });
    this.labels = [
      make("span", { class: "mls-viewer-tag mls-viewer-tag-before" }, "Before"),
      make("span", { class: "mls-viewer-tag mls-viewer-tag-after" }, "After")
    ];
    root.append(this.canvas, this.split, ...this.labels);
    this.room = { width: 0, height: 0 };
    this.camera = { scale: 1, x: 0, y: 0 };
    this.isFitted = true;
    this.frame = null;
    this.pointers = /* @__PURE__ */ new Map();
    this.gesture = null;
    this.hover = null;
    this.isSpaceHeld = this.isAdding = false;
    this.draft = null;
  }
  open(signal) {
    const on = (target, name, hear, options = {}) => target.addEventListener(name, hear, { signal, ...options });
    on(this.root, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.root, "pointerdown", (event) => this.down(event));
    on(this.root, "pointermove", (event) => this.move(event));
    on(this.root, "pointerup", (event) => this.up(event));
    on(this.root, "pointercancel", (event) => this.up(event, true));
    on(this.root, "pointerleave", () => this.hoverAt(null));
    on(this.root, "dblclick", (event) => {
      const isLooking = ["view", "compare"].includes(this.mode);
      if (isLooking && !event.target.closest(".mls-viewer-message")) this.fit();
    });
    on(this.root, "mousedown", (event) => event.button === 1 && event.preventDefault());
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.root);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      cancelAnimationFrame(this.drawing);
    });
    this.resize();
  }
  get mode() {
    return this.store.model.get("mode");
  }
  // What is seen: a preview as large as the picture it will replace, if both have one shape.
  frameNow() {
    const { picture, preview } = this.store;
    const seen = preview ?? picture;
    if (!seen) return null;
    const isPicture2 = picture !== null && isSameShape(seen, picture);
    const { width, height } = isPicture2 ? picture : seen;
    return { width, height, image: seen, isPicture: isPicture2 };
  }
  // Whether mask and boxes can be worked on: they belong to the picture.
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
      const isSame = frame && isSameShape(frame, this.frame);
      if (isSame && !this.isFitted) this.camera.scale *= frame.width / this.frame.width;
      else this.fit();
    }
    if (this.mode !== "boxes") this.isAdding = false;
    this.root.dataset.adding = this.isAdding;
    this.redraw();
  }
  // --- zoom and position -----------------------------------------------------------------------
  resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const was = this.room;
    this.room = { width, height };
    if (this.isFitted) this.fit();
    else if (was.width) this.pan((width - was.width) / 2, (height - was.height) / 2);
    this.draw();
  }
  fitScale() {
    const { width, height } = this.room;
    const margin = width < 480 ? MARGIN / 2 : MARGIN;
    return Math.min(
      Math.max(width - 2 * margin, 1) / this.frame.width,
      Math.max(height - 2 * margin, 1) / this.frame.height
    );
  }
  fit() {
    this.isFitted = true;
    if (!this.frame || !this.room.width) return;
    const scale = this.fitScale();
    const x = (this.room.width - this.frame.width * scale) / 2;
    const y = (this.room.height - this.frame.height * scale) / 2;
    this.camera = { scale, x, y };
    this.zoomed();
  }
  // The point of the picture under `at` stays there.
  zoomTo(scale, at = { x: this.room.width / 2, y: this.room.height / 2 }) {
    if (!this.frame) return;
    const { camera } = this;
    const least = Math.min(this.fitScale(), 1) / 4;
    const next = Math.min(Math.max(scale, least), MOST_ZOOM);
    const ratio = next / camera.scale;
    camera.x = at.x - (at.x - camera.x) * ratio;
    camera.y = at.y - (at.y - camera.y) * ratio;
    camera.scale = next;
    this.pan(0, 0);
    this.zoomed();
  }
  zoomBy(factor, at) {
    this.zoomTo(this.camera.scale * factor, at);
  }
  // One pixel of the picture on one of the screen, however dense that is.
  actualSize() {
    this.zoomTo(1 / devicePixelRatio);
  }
  pan(dx, dy) {
    if (!this.frame) return;
    this.isFitted = false;
    const { camera, frame, room } = this;
    const held = (place, length, most) => {
      const kept = Math.min(KEPT_IN_SIGHT, length);
      return Math.min(Math.max(place, kept - length), most - kept);
    };
    camera.x = held(camera.x + dx, frame.width * camera.scale, room.width);
    camera.y = held(camera.y + dy, frame.height * camera.scale, room.height);
    this.redraw();
  }
  zoomed() {
    this.onZoom?.(this.camera.scale * devicePixelRatio);
    this.redraw();
  }
  wheel(event) {
    if (!this.frame || event.target.closest(".mls-viewer-message")) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 15e-4;
    this.zoomBy(Math.exp(-event.deltaY * lines * speed), this.at(event));
  }
  // --- places ----------------------------------------------------------------------------------
  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
  toPicture({ x, y }) {
    const { camera } = this;
    return { x: (x - camera.x) / camera.scale, y: (y - camera.y) / camera.scale };
  }
  toScreen([left, top, right, bottom]) {
    const { scale, x, y } = this.camera;
    return [left * scale + x, top * scale + y, right * scale + x, bottom * scale + y];
  }
  boxOf(index) {
    return this.draft?.index === index ? this.draft.box : this.store.boxes[index].box;
  }
  // The box under a place, the chosen one first: { index, grip }, or null.
  boxAt(place) {
    const { boxes, selected } = this.store;
    const order = boxes.map((_, index) => index).reverse();
    if (selected >= 0) order.unshift(selected);
    for (const index of order) {
      const grip = gripOf(this.toScreen(this.boxOf(index)), place);
      if (grip) return { index, grip };
    }
    return null;
  }
  // --- pointer ---------------------------------------------------------------------------------
  down(event) {
    if (!this.frame || event.target.closest(".mls-viewer-message")) return;
    if (event.button > 1) return;
    const onSplit = event.target === this.split;
    this.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size === 2) {
      this.gesture?.cancel?.();
      this.gesture = this.pinch();
    } else if (this.pointers.size === 1) {
      this.gesture = this.begin(event, onSplit);
    }
    this.look();
  }
  move(event) {
    const place = this.at(event);
    if (!this.pointers.has(event.pointerId)) return this.hoverAt(place, event.pointerType);
    const before = this.pointers.get(event.pointerId);
    this.pointers.set(event.pointerId, place);
    this.hover = event.pointerType === "touch" ? null : place;
    this.gesture?.move({ place, dx: place.x - before.x, dy: place.y - before.y, event });
    this.redraw();
  }
  up(event, isCancelled = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    const { gesture } = this;
    this.gesture = null;
    if (isCancelled) gesture?.cancel?.();
    else gesture?.end?.();
    this.look();
    this.redraw();
  }
  begin(event, onSplit) {
    const place = this.at(event);
    const pan = { isPan: true, move: ({ dx, dy }) => this.pan(dx, dy) };
    if (onSplit) return { move: ({ place: { x } }) => this.splitAt(x) };
    if (event.button === 1 || this.isSpaceHeld || !this.isWorkable) return pan;
    if (this.mode === "mask") return this.paint(place);
    if (this.mode === "boxes") return this.grip(place) ?? pan;
    return pan;
  }
  pinch() {
    const look = () => {
      const [one, other] = [...this.pointers.values()];
      const middle = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
      return { middle, apart: Math.hypot(one.x - other.x, one.y - other.y) || 1 };
    };
    let last = look();
    return {
      move: () => {
        if (this.pointers.size < 2) return;
        const now = look();
        this.pan(now.middle.x - last.middle.x, now.middle.y - last.middle.y);
        this.zoomBy(now.apart / last.apart, now.middle);
        last = now;
      }
    };
  }
  paint(place) {
    const { mask, model } = this.store;
    const brush = (name) => model.get(`brush_${name}`);
    mask.begin({
      size: brush("size"),
      hardness: brush("hardness"),
      opacity: brush("opacity"),
      erases: brush("erases")
    });
    mask.lineTo(this.toPicture(place));
    this.redraw();
    return {
      move: ({ event }) => {
        const all = event.getCoalescedEvents?.() ?? [];
        for (const one of all.length ? all : [event]) mask.lineTo(this.toPicture(this.at(one)));
      },
      end: () => this.store.changeMask(() => mask.end()),
      cancel: () => mask.abandon()
    };
  }
  grip(place) {
    const { store } = this;
    const start = this.toPicture(place);
    if (this.isAdding) return this.drawNew(start);
    const found = this.boxAt(place);
    if (!found) return null;
    store.select(found.index);
    const box = store.boxes[found.index].box;
    return {
      move: ({ place: now }) => {
        const { x, y } = this.toPicture(now);
        const moved = draggedBox(box, found.grip, x - start.x, y - start.y, this.frame);
        this.draft = { index: found.index, box: moved };
      },
      end: () => {
        const { draft } = this;
        this.draft = null;
        if (draft && draft.box.some((edge, i) => edge !== box[i])) this.place(found.index, draft.box);
      },
      cancel: () => this.draft = null
    };
  }
  drawNew(start) {
    return {
      move: ({ place }) => {
        const box = boxBetween(start, this.toPicture(place), this.frame);
        this.draft = box && { index: -1, box };
      },
      end: () => {
        if (this.draft) this.add(this.draft.box);
        this.draft = null;
      },
      cancel: () => this.draft = null
    };
  }
  // A new box, in the middle if nobody says where, named as those that are there.
  add(box = null) {
    const { store } = this;
    const { width, height } = this.frame;
    const middle = [width * 0.375, height * 0.375, width * 0.625, height * 0.625].map(Math.round);
    const label = store.boxes.at(-1)?.label ?? "";
    this.isAdding = false;
    store.changeBoxes([...store.boxes, newFind(box ?? middle, label)], store.boxes.length);
  }
  place(index, box) {
    const { store } = this;
    store.changeBoxes(store.boxes.map((find, i) => i === index ? movedFind(find, box) : find));
  }
  splitAt(x) {
    const share = (x - this.camera.x) / (this.frame.width * this.camera.scale);
    this.store.set({ split: Math.min(Math.max(share, 0), 1) });
    this.store.changed();
  }
  hoverAt(place, type) {
    this.hover = type === "touch" ? null : place;
    this.look();
    this.redraw();
  }
  // The cursor that says what a press would do.
  look() {
    let cursor = "grab";
    if (!this.frame) cursor = "default";
    else if (this.gesture?.isPan) cursor = "grabbing";
    else if (this.isWorkable && !this.isSpaceHeld) {
      if (this.mode === "mask") cursor = "none";
      if (this.mode === "boxes") {
        const found = this.hover && !this.isAdding && this.boxAt(this.hover);
        cursor = this.isAdding ? "crosshair" : found ? GRIP_CURSORS[found.grip] : "grab";
      }
    }
    this.canvas.style.cursor = cursor;
  }
  // --- drawing ---------------------------------------------------------------------------------
  redraw() {
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }
  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = null;
    const { canvas, pen, room, frame, store, camera } = this;
    const width = Math.round(room.width * devicePixelRatio);
    const height = Math.round(room.height * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, room.width, room.height);
    this.drawSplit();
    Object.assign(this.root.dataset, { scale: camera.scale, x: camera.x, y: camera.y });
    if (!frame) return;
    pen.imageSmoothingEnabled = camera.scale < CRISP_FROM;
    pen.imageSmoothingQuality = "high";
    const [left, top, right, bottom] = this.toScreen([0, 0, frame.width, frame.height]);
    pen.drawImage(frame.image, left, top, right - left, bottom - top);
    if (this.isComparing) this.drawBefore(left, top, right - left, bottom - top);
    if (!this.isWorkable) return;
    if (this.mode === "mask" && store.mask) this.drawMask(left, top, right - left, bottom - top);
    if (this.mode === "boxes") this.drawBoxes();
  }
  // Where the split is on the screen; at the canvas's edge if the picture's part is out of sight.
  splitPlace() {
    const { camera, frame, room, store } = this;
    const x = camera.x + store.model.get("split") * frame.width * camera.scale;
    return Math.min(Math.max(x, 0), room.width);
  }
  drawSplit() {
    const { split, labels, isComparing } = this;
    split.hidden = !isComparing || !this.frame;
    for (const label of labels) label.hidden = split.hidden;
    if (split.hidden) return;
    const share = Math.round(100 * this.store.model.get("split"));
    split.style.left = `${this.splitPlace()}px`;
    split.setAttribute("aria-valuenow", share);
    split.setAttribute("aria-valuetext", `${share} % before`);
  }
  drawBefore(left, top, width, height) {
    const { pen, room, store } = this;
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, this.splitPlace(), room.height);
    pen.clip();
    pen.clearRect(left, top, width, height);
    const { before } = store;
    const scale = Math.min(width / before.width, height / before.height);
    const [wide, high] = isSameShape(before, { width, height }) ? [width, height] : [before.width * scale, before.height * scale];
    pen.drawImage(before, left + (width - wide) / 2, top + (height - high) / 2, wide, high);
    pen.restore();
  }
  drawMask(left, top, width, height) {
    const { pen, hover, camera, store } = this;
    pen.globalAlpha = 0.55;
    pen.drawImage(store.mask.overlay, left, top, width, height);
    pen.globalAlpha = 1;
    if (!hover || this.isSpaceHeld) return;
    const radius = Math.max(store.model.get("brush_size") / 2 * camera.scale, 1.5);
    for (const [style, thick] of [
      ["rgba(0, 0, 0, 0.7)", 3],
      ["white", 1.25]
    ]) {
      pen.strokeStyle = style;
      pen.lineWidth = thick;
      pen.beginPath();
      pen.arc(hover.x, hover.y, radius, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
  drawBoxes() {
    const { pen, store, draft } = this;
    const order = store.boxes.map((_, index) => index);
    order.sort((a, b) => (a === store.selected) - (b === store.selected));
    for (const index of order) {
      const find = store.boxes[index];
      drawBox(pen, this.toScreen(this.boxOf(index)), nameOf(find, index), {
        isChosen: index === store.selected,
        isOn: find.enabled
      });
    }
    if (draft?.index === -1) {
      const options = { isChosen: true, isOn: true };
      drawBox(pen, this.toScreen(draft.box), `${store.boxes.length + 1}`, options);
    }
  }
};

// widgets/viewer/src/view.js
var MESSAGE_SECONDS = 6;
var BRUSH_STEP = 1.2;
var ZOOM_STEP = 1.25;
var MODE_BUTTONS = [
  ["view", "View", "Look at it: zoom and move (V)"],
  ["compare", "Compare", "Compare before and after (C)"],
  ["mask", "Mask", "Paint the area to repaint (M)"],
  ["boxes", "Boxes", "Correct the detections (B)"]
];
var View = class {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.ended = new AbortController();
    this.build();
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.update();
  }
  close() {
    this.store.views.delete(this);
    this.ended.abort();
    clearTimeout(this.fading);
    this.root.replaceChildren();
  }
  // --- what there is ---------------------------------------------------------------------------
  build() {
    const { store } = this;
    this.area = make("div", {
      class: "mls-viewer-stage",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "picture"
    });
    this.stage = new Stage(store, this.area);
    this.empty = make(
      "div",
      { class: "mls-viewer-empty" },
      makeIcon("picture"),
      make("strong", {}, "Your picture appears here"),
      make("span", {}, "Or drop, paste or open one")
    );
    this.skeleton = make("div", { class: "mls-viewer-skeleton", "aria-hidden": "true" });
    this.dropHere = make("div", { class: "mls-viewer-drop" }, "Drop the picture here");
    this.message = make("div", { class: "mls-viewer-message", hidden: "" });
    this.area.append(this.skeleton, this.empty, this.dropHere, this.message);
    this.boxList = new BoxList(store);
    this.tools = {
      view: make("div", { class: "mls-viewer-tools mls-viewer-facts" }),
      mask: this.buildMaskTools(),
      boxes: this.buildBoxTools()
    };
    this.root.replaceChildren(
      this.buildBar(),
      ...Object.values(this.tools),
      make("div", { class: "mls-viewer-main" }, this.area, this.boxList.root)
    );
  }
  buildBar() {
    const { store, stage } = this;
    this.modes = MODE_BUTTONS.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, help, () => this.setMode(mode), label);
      button.dataset.mode = mode;
      return button;
    });
    this.file = make("input", {
      type: "file",
      class: "mls-viewer-file",
      accept: "image/png,image/jpeg,image/webp",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => {
        store.drop([...this.file.files]);
        this.file.value = "";
      }
    });
    const open = makeButton("open", "open", "Open a picture", () => this.file.click());
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
    return make(
      "div",
      { class: "mls-viewer-bar" },
      make(
        "div",
        { class: "mls-viewer-modes", role: "group", "aria-label": "Mode" },
        ...this.modes
      ),
      make(
        "div",
        { class: "mls-viewer-zooms", role: "group", "aria-label": "Picture and zoom" },
        this.file,
        open,
        ...this.zooms
      )
    );
  }
  buildMaskTools() {
    const { store } = this;
    const change = (act) => () => store.changeMask(act);
    const tool = (erases, icon, label, help) => {
      const pick = () => store.set({ brush_erases: erases });
      const button = makeButton(icon, icon, help, pick, label);
      button.dataset.erases = erases;
      return button;
    };
    this.brushes = [
      tool(false, "paint", "Paint", "Paint: this is drawn again (E)"),
      tool(true, "erase", "Erase", "Erase: this stays as it is (E)")
    ];
    const share = { min: 0, max: 1, step: 0.05, text: asPercent };
    const pixels = { min: 1, max: 512, step: 1, text: (value) => `${value} px` };
    const set = (name) => (value) => {
      store.set({ [`brush_${name}`]: value });
      store.changed();
    };
    this.sliders = {
      size: makeSlider("size", "Size", pixels, set("size")),
      hardness: makeSlider("hardness", "Hardness", share, set("hardness")),
      opacity: makeSlider("opacity", "Opacity", { ...share, min: 0.05 }, set("opacity"))
    };
    this.undo = makeButton("undo", "undo", "Undo (Ctrl+Z)", change((mask) => mask.undo()));
    this.redo = makeButton("redo", "redo", "Redo (Ctrl+Shift+Z)", change((mask) => mask.redo()));
    this.maskButtons = [
      ...this.brushes,
      makeButton("invert", "invert", "Invert the mask", change((mask) => mask.invert())),
      makeButton("fill", "fill", "Mask everything", change((mask) => mask.fill(255))),
      makeButton("clear", "trash", "Clear the mask", change((mask) => mask.fill(0)))
    ];
    return make(
      "div",
      { class: "mls-viewer-tools", role: "group", "aria-label": "Mask" },
      make("div", { class: "mls-viewer-modes" }, ...this.brushes),
      ...Object.values(this.sliders).map((slider) => slider.row),
      make(
        "div",
        { class: "mls-viewer-set" },
        this.undo,
        this.redo,
        ...this.maskButtons.slice(this.brushes.length)
      )
    );
  }
  buildBoxTools() {
    const { store, stage } = this;
    this.addBox = makeButton(
      "add",
      "plus",
      "Add a box: press, then drag it on the picture",
      (event) => {
        if (event.detail === 0) {
          stage.add();
          this.area.focus();
          return;
        }
        stage.isAdding = !stage.isAdding;
        this.update();
      },
      "Add box"
    );
    this.boxList.whenEmpty = this.addBox;
    this.undoBoxes = makeButton(
      "undo",
      "undo",
      "Undo (Ctrl+Z)",
      () => store.stepBoxes("done", "undone")
    );
    this.redoBoxes = makeButton(
      "redo",
      "redo",
      "Redo (Ctrl+Shift+Z)",
      () => store.stepBoxes("undone", "done")
    );
    this.boxHint = make("span", { class: "mls-viewer-hint" });
    return make(
      "div",
      { class: "mls-viewer-tools", role: "group", "aria-label": "Boxes" },
      this.addBox,
      make("div", { class: "mls-viewer-set" }, this.undoBoxes, this.redoBoxes),
      this.boxHint
    );
  }
  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { store, stage, root } = this;
    const { model, picture, preview } = store;
    const mode = model.get("mode");
    const isWaiting = model.get("busy") && !picture && !preview;
    Object.assign(root.dataset, {
      mode,
      shown: preview ? "preview" : picture ? "picture" : isWaiting ? "skeleton" : "empty",
      previews: store.previews,
      erases: model.get("brush_erases")
    });
    this.area.setAttribute("aria-busy", model.get("busy"));
    for (const button of this.modes) {
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
      const has = { mask: store.hasMask, boxes: store.boxes.length > 0 };
      button.dataset.marked = Boolean(has[button.dataset.mode]);
    }
    stage.update();
    const isEmpty = stage.frame === null;
    for (const button of this.zooms) button.disabled = isEmpty;
    if (isEmpty) {
      this.percent.textContent = "–";
      this.percent.setAttribute("aria-label", "Zoom");
    }
    this.tools.view.hidden = mode !== "view" && mode !== "compare";
    this.tools.mask.hidden = mode !== "mask";
    this.tools.boxes.hidden = this.boxList.root.hidden = mode !== "boxes";
    this.showFacts(mode);
    this.showMaskTools();
    this.showBoxTools();
    stage.look();
  }
  showFacts(mode) {
    const { store, stage } = this;
    const isTouch = matchMedia("(pointer: coarse)").matches;
    const { frame } = stage;
    const isWaiting = this.root.dataset.shown === "skeleton";
    const none = isWaiting ? "Making your picture…" : "No picture";
    const facts = frame ? `${frame.width} × ${frame.height}` : none;
    let hint = "";
    if (frame && mode === "compare" && !store.before) hint = "Nothing to compare with yet";
    else if (frame && mode === "compare") hint = "Drag the line, or use the arrow keys";
    else if (frame && isTouch) hint = "Pinch to zoom, drag to move, double-tap to fit";
    else if (frame) hint = "Scroll to zoom, drag to move, double-click to fit";
    this.tools.view.replaceChildren(
      make("span", { class: "mls-viewer-pixels" }, facts),
      make("span", { class: "mls-viewer-hint" }, hint)
    );
    this.area.setAttribute("aria-label", frame ? `Picture, ${facts} pixels. ${hint}` : facts);
  }
  showMaskTools() {
    const { store, stage } = this;
    const { mask, model } = store;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.done.length === 0;
    this.redo.disabled = !isReady || mask.undone.length === 0;
    for (const button of this.maskButtons) button.disabled = !isReady;
    for (const button of this.brushes) {
      const isOn = String(model.get("brush_erases")) === button.dataset.erases;
      button.setAttribute("aria-pressed", isOn);
    }
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.input.disabled = !isReady;
      if (name === "size" && mask) {
        slider.input.max = Math.min(1024, Math.ceil(Math.max(mask.width, mask.height) / 2));
      }
      slider.show(model.get(`brush_${name}`));
    }
    this.root.dataset.undos = mask?.done.length ?? 0;
  }
  showBoxTools() {
    const { store, stage } = this;
    this.boxList.update();
    this.addBox.disabled = !stage.isWorkable;
    this.addBox.setAttribute("aria-pressed", stage.isAdding);
    this.undoBoxes.disabled = store.history.done.length === 0;
    this.redoBoxes.disabled = store.history.undone.length === 0;
    const count = store.boxes.filter((find) => find.enabled).length;
    this.boxHint.textContent = stage.isAdding ? "Drag over the part to repaint" : `${count} of ${store.boxes.length} drawn again, from top to bottom`;
  }
  // A message at the foot of the stage; an empty text takes it away. Errors stay until closed.
  say(text, { title, details, share, isError = false } = {}) {
    const { message } = this;
    clearTimeout(this.fading);
    message.hidden = !text;
    message.dataset.error = isError;
    message.setAttribute("role", isError ? "alert" : "status");
    const parts = [make("p", {}, ...title ? [make("strong", {}, title), " "] : [], text)];
    if (share !== void 0) {
      parts.push(make("progress", { max: 1, value: share, "aria-label": text }));
    }
    if (details) {
      const folded = [make("summary", {}, "Technical details"), make("pre", {}, details)];
      parts.push(make("details", {}, ...folded));
    }
    const close = makeButton("close", "close", "Close", () => this.say(""));
    message.replaceChildren(make("div", {}, ...parts), close);
    if (text && !isError && share === void 0) {
      this.fading = setTimeout(() => this.say(""), 1e3 * MESSAGE_SECONDS);
    }
  }
  // An error that has come in between stays.
  endProgress() {
    if (this.message.querySelector("progress")) this.say("");
  }
  setMode(mode) {
    this.store.set({ mode });
    this.store.changed();
  }
  // --- keys and files --------------------------------------------------------------------------
  listen() {
    const { root, store, ended } = this;
    const on = (target, name, hear) => target.addEventListener(name, hear, { signal: ended.signal });
    on(root, "keydown", (event) => this.press(event));
    on(root, "keyup", (event) => {
      if (event.key === " ") this.holdSpace(false);
    });
    on(this.area, "blur", () => this.holdSpace(false));
    let depth = 0;
    const mark = (change) => {
      depth = Math.max(0, depth + change);
      root.dataset.dropping = depth > 0;
    };
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
    on(root, "dragenter", (event) => isFile(event) && mark(1));
    on(root, "dragleave", (event) => isFile(event) && mark(-1));
    on(root, "dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    });
    on(root, "drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      event.stopPropagation();
      mark(-depth);
      store.drop([...event.dataTransfer.files]);
    });
    on(root, "paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      event.stopPropagation();
      store.drop(files);
    });
  }
  holdSpace(isHeld) {
    this.stage.isSpaceHeld = isHeld;
    this.stage.look();
    this.stage.redraw();
  }
  press(event) {
    const isCommand = event.ctrlKey || event.metaKey;
    const isTyping = event.target.matches("textarea, input:not([type=range], [type=checkbox])");
    const isUsed = !isTyping && (this.pressOnStage(event) || this.pressAnywhere(event));
    if (isUsed) event.preventDefault();
    if (isUsed || !isCommand) event.stopPropagation();
  }
  pressAnywhere(event) {
    const { store, stage } = this;
    const mode = store.model.get("mode");
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const isRedo = key === "y" || key === "z" && event.shiftKey;
      if (!isRedo && key !== "z") return false;
      if (mode === "mask") store.changeMask((mask) => isRedo ? mask.redo() : mask.undo());
      else if (mode === "boxes") store.stepBoxes(...isRedo ? ["undone", "done"] : ["done", "undone"]);
      else return false;
      return true;
    }
    const brush = (factor) => {
      const size = store.model.get("brush_size");
      const next = factor > 1 ? Math.ceil(size * factor) : Math.floor(size * factor);
      store.set({ brush_size: Math.min(Math.max(next, 1), 1024) });
      store.changed();
    };
    const keys = {
      0: () => stage.fit(),
      1: () => stage.actualSize(),
      "+": () => stage.zoomBy(ZOOM_STEP),
      "=": () => stage.zoomBy(ZOOM_STEP),
      "-": () => stage.zoomBy(1 / ZOOM_STEP),
      ...Object.fromEntries(MODE_BUTTONS.map(([name]) => [name[0], () => this.setMode(name)]))
    };
    if (mode === "mask") {
      keys["["] = () => brush(1 / BRUSH_STEP);
      keys["]"] = () => brush(BRUSH_STEP);
      keys.e = () => {
        store.set({ brush_erases: !store.model.get("brush_erases") });
        store.changed();
      };
    }
    if (!keys[key] || event.altKey) return false;
    keys[key]();
    return true;
  }
  // Keys that mean the picture itself: those of the arrow block, and space.
  pressOnStage(event) {
    const { store, stage } = this;
    const onSplit = event.target === stage.split;
    if (!stage.frame || event.target !== this.area && !onSplit) return false;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (event.key === " ") this.holdSpace(true);
    else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
      this.moveSplit(event, step);
    } else if (event.key === "Escape" && stage.isAdding) {
      stage.isAdding = false;
      this.update();
    } else if (store.model.get("mode") === "boxes" && store.selected >= 0 && stage.isWorkable) {
      return this.pressOnBox(event, step);
    } else if (step) stage.pan(-40 * step[0], -40 * step[1]);
    else return false;
    return true;
  }
  moveSplit(event, step) {
    const by = 0.01 * (event.shiftKey ? 10 : 1);
    const split = this.store.model.get("split");
    let next = event.key === "Home" ? 0 : 1;
    if (step) next = split + by * (step[0] - step[1]);
    this.store.set({ split: Math.min(Math.max(Number(next.toFixed(4)), 0), 1) });
    this.store.changed();
  }
  // Arrows move the chosen box (Shift: ten pixels), with Ctrl its right and lower edge.
  pressOnBox(event, step) {
    const { store, stage } = this;
    const index = store.selected;
    if (event.key === "Delete" || event.key === "Backspace") this.boxList.remove(index);
    else if (event.key === "Escape") store.select(-1);
    else if (step) {
      const [dx, dy] = step.map((part) => part * (event.shiftKey ? 10 : 1));
      const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
      stage.place(index, draggedBox(store.boxes[index].box, grip, dx, dy, stage.frame));
    } else return false;
    return true;
  }
};

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
