// The canvas: where the picture lies in it (zoom, position), what is drawn, what the pointer does.
import { make } from "../../shared/dom.js";
import { drawBox } from "./box_drawing.js";
import { GRIP_CURSORS, boxBetween, draggedBox, gripOf, movedFind, nameOf, newFind } from "./boxes.js";

const MARGIN = 16; // screen pixels around a picture that fits
const MOST_ZOOM = 64; // screen pixels a pixel
const CRISP_FROM = 8; // from here on single pixels are what one wants to see
const KEPT_IN_SIGHT = 48; // screen pixels of the picture that cannot be pushed out

// Whether two pictures have one shape, but for the rounding of their sizes.
const isSameShape = (one, other) =>
  Math.abs(one.width / one.height / (other.width / other.height) - 1) < 0.02;

export class Stage {
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
      "aria-valuemax": 100,
    });
    this.labels = [
      make("span", { class: "mls-viewer-tag mls-viewer-tag-before" }, "Before"),
      make("span", { class: "mls-viewer-tag mls-viewer-tag-after" }, "After"),
    ];
    root.append(this.canvas, this.split, ...this.labels);
    this.room = { width: 0, height: 0 };
    this.camera = { scale: 1, x: 0, y: 0 }; // screen = picture * scale + (x, y)
    this.isFitted = true;
    this.frame = null;
    this.pointers = new Map();
    this.gesture = null;
    this.hover = null;
    this.isSpaceHeld = this.isAdding = false;
    this.draft = null; // { index, box }: the box as it is dragged
  }

  open(signal) {
    const on = (target, name, hear, options = {}) =>
      target.addEventListener(name, hear, { signal, ...options });
    on(this.root, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.root, "pointerdown", (event) => this.down(event));
    on(this.root, "pointermove", (event) => this.move(event));
    on(this.root, "pointerup", (event) => this.up(event));
    on(this.root, "pointercancel", (event) => this.up(event, true));
    on(this.root, "pointerleave", () => this.hoverAt(null));
    on(this.root, "dblclick", (event) => {
      const isLooking = ["view", "compare"].includes(this.mode);
      // Not the canvas alone: the stage has captured the pointer, so it is the target.
      if (isLooking && !event.target.closest(".mls-viewer-message")) this.fit();
    });
    // The middle button scrolls otherwise.
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
    const isPicture = picture !== null && isSameShape(seen, picture);
    const { width, height } = isPicture ? picture : seen;
    return { width, height, image: seen, isPicture };
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
      // What the pointer was doing belonged to the other picture.
      this.gesture?.cancel?.();
      this.gesture = null;
    }
    if (isNew && this.frame) {
      const isSame = frame && isSameShape(frame, this.frame);
      // The same part stays in sight when a picture comes back larger.
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
    this.draw(); // at once: a canvas of a new size is empty
  }

  fitScale() {
    const { width, height } = this.room;
    const margin = width < 480 ? MARGIN / 2 : MARGIN;
    return Math.min(
      Math.max(width - 2 * margin, 1) / this.frame.width,
      Math.max(height - 2 * margin, 1) / this.frame.height,
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
    // Two fingers on a trackpad come as a wheel with Ctrl, in far smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
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
    // A finger of two that lifts ends the pinch; the other one then does nothing.
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
      },
    };
  }

  paint(place) {
    const { mask, model } = this.store;
    const brush = (name) => model.get(`brush_${name}`);
    mask.begin({
      size: brush("size"),
      hardness: brush("hardness"),
      opacity: brush("opacity"),
      erases: brush("erases"),
    });
    mask.lineTo(this.toPicture(place));
    this.redraw();
    return {
      move: ({ event }) => {
        // A frame of the browser holds several places of a quick hand.
        const all = event.getCoalescedEvents?.() ?? [];
        for (const one of all.length ? all : [event]) mask.lineTo(this.toPicture(this.at(one)));
      },
      end: () => this.store.changeMask(() => mask.end()),
      cancel: () => mask.abandon(),
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
      cancel: () => (this.draft = null),
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
      cancel: () => (this.draft = null),
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
    store.changeBoxes(store.boxes.map((find, i) => (i === index ? movedFind(find, box) : find)));
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
    // One of another shape (it was cropped or widened) is shown whole, in its own shape.
    const scale = Math.min(width / before.width, height / before.height);
    const [wide, high] = isSameShape(before, { width, height })
      ? [width, height]
      : [before.width * scale, before.height * scale];
    pen.drawImage(before, left + (width - wide) / 2, top + (height - high) / 2, wide, high);
    pen.restore();
  }

  drawMask(left, top, width, height) {
    const { pen, hover, camera, store } = this;
    pen.globalAlpha = 0.55;
    pen.drawImage(store.mask.overlay, left, top, width, height);
    pen.globalAlpha = 1;
    if (!hover || this.isSpaceHeld) return;
    const radius = Math.max((store.model.get("brush_size") / 2) * camera.scale, 1.5);
    for (const [style, thick] of [
      ["rgba(0, 0, 0, 0.7)", 3],
      ["white", 1.25],
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
    // The chosen one lies on top.
    order.sort((a, b) => (a === store.selected) - (b === store.selected));
    for (const index of order) {
      const find = store.boxes[index];
      drawBox(pen, this.toScreen(this.boxOf(index)), nameOf(find, index), {
        isChosen: index === store.selected,
        isOn: find.enabled,
      });
    }
    if (draft?.index === -1) {
      const options = { isChosen: true, isOn: true };
      drawBox(pen, this.toScreen(draft.box), `${store.boxes.length + 1}`, options);
    }
  }
}
