// The stage: the picture on its canvas, where it lies, and what the pointer does there.
import { make, targetOf } from "../../shared/dom.js";
import { isSameShape } from "../../shared/geometry.js";
import { GRIP_CURSORS, gripOf, middleBox, movedDetection, newDetection } from "./boxes.js";
import { Camera } from "./camera.js";
import { gestureOf, pinch } from "./gestures.js";
import { drawFrame, splitPlace } from "./painter.js";

/** @import { Box, Point, Size } from "../../shared/geometry.js" */
/** @import { Grip } from "./boxes.js" */
/** @import { Gesture } from "./gestures.js" */
/** @import { Store } from "./store.js" */

/**
 * What is seen: a picture or a preview of the next one, and the size at which it counts.
 * @typedef {Size & { image: ImageBitmap, isPicture: boolean }} Frame
 */

export class Stage {
  /**
   * @param {Store} store
   * @param {HTMLElement} root
   */
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.canvas = make("canvas", { class: "mls-viewer-canvas" });
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.split = makeSplit();
    this.labels = [
      make("span", { class: "mls-viewer-tag mls-viewer-tag-before" }, "Before"),
      make("span", { class: "mls-viewer-tag mls-viewer-tag-after" }, "After"),
    ];
    root.append(this.canvas, this.split, ...this.labels);
    /** @type {Size} */
    this.room = { width: 0, height: 0 };
    this.camera = new Camera();
    /** @type {Frame | null} */
    this.frame = null;
    /** @type {Map<number, Point>} */
    this.pointers = new Map();
    /** @type {Gesture | null} */
    this.gesture = null;
    /** @type {Point | null} */
    this.hover = null;
    this.isSpaceHeld = false;
    this.isAdding = false;
    /**
     * The box as it is dragged; -1 for a new one.
     * @type {{ index: number, box: Box } | null}
     */
    this.draft = null;
    /** @type {number | null} */
    this.drawing = null;
    /** @type {(scale: number) => void} */
    this.onZoom = () => {};
  }

  /** @param {AbortSignal} signal aborted when the view closes */
  open(signal) {
    /** @type {(name: string, hear: (event: any) => void, options?: object) => void} */
    const on = (name, hear, options = {}) =>
      this.root.addEventListener(name, hear, { signal, ...options });
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", () => this.hoverAt(null));
    on("dblclick", (event) => {
      const isLooking = this.mode === "view" || this.mode === "compare";
      // Not the canvas alone: the stage has captured the pointer, so it is the target.
      if (isLooking && !isOnMessage(event)) this.fit();
    });
    // The middle button scrolls otherwise.
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
    const isPicture = picture !== null && isSameShape(image, picture);
    const { width, height } = isPicture ? picture : image;
    return { width, height, image, isPicture };
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
      // What the pointer was doing belonged to the other picture.
      this.gesture?.cancel?.();
      this.gesture = null;
    }
    if (isNew && this.frame) {
      const isSame = frame !== null && isSameShape(frame, this.frame);
      // The same part stays in sight when a picture comes back larger.
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
    this.draw(); // at once: a canvas of a new size is empty
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
    // Two fingers on a trackpad come as a wheel with Ctrl, in far smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
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
    // A finger of two that lifts ends the pinch; the other one then does nothing.
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
}

function makeSplit() {
  return make("div", {
    class: "mls-viewer-split",
    role: "slider",
    tabindex: 0,
    "aria-label": "Where before ends and after begins",
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });
}

/** @param {Event} event */
const isOnMessage = (event) => targetOf(event).closest(".mls-viewer-message") !== null;
