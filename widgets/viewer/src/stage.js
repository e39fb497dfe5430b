// The stage: the picture on its canvas, where it lies, and what the pointer does there.
import { make, targetOf } from "../../shared/dom.js";
import { isSameShape } from "../../shared/geometry.js";
import { BoxHand } from "./box_hand.js";
import { GRIP_CURSORS } from "./boxes.js";
import { Camera } from "./camera.js";
import { Comparison } from "./comparison.js";
import { gestureOf, pinch } from "./gestures.js";
import { drawFrame } from "./painter.js";
import { frameAround, halvesOf } from "./panes.js";

/** @import { Box, Point, Size } from "../../shared/geometry.js" */
/** @import { Gesture } from "./gestures.js" */
/** @import { Picture } from "./picture.js" */
/** @import { Place } from "./panes.js" */
/** @import { Store } from "./store.js" */

/**
 * What is seen: a picture, a preview of the next one, or two sides compared; and the size at which
 * it counts.
 * @typedef {Size & {
 *   image: Picture, sides: [Picture, Picture] | null, isPicture: boolean,
 * }} Frame
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
    this.comparison = new Comparison(this);
    this.hand = new BoxHand(this);
    root.append(this.canvas, this.comparison.split, ...this.comparison.tags);
    /** @type {Size} */
    this.room = { width: 0, height: 0 };
    /** How much of the room at its right lies under a panel. */
    this.covered = 0;
    /**
     * Where the two sides are that stand beside or above each other.
     * @type {[Place, Place]}
     */
    this.panes = halvesOf(this.room, this.room);
    this.isInOther = false; // whether the pointer is in the second of them
    this.spaceKey = "";
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
    /**
     * The corners of the lasso or rectangle that is being drawn, in the picture.
     * @type {Point[] | null}
     */
    this.shape = null;
    /**
     * The box as it is dragged; -1 for a new one.
     * @type {{ index: number, box: Box } | null}
     */
    this.draft = null;
    /** @type {number | null} */
    this.drawing = null;
    /** @type {(scale: number) => void} */
    this.onZoom = () => {};
    /** Called when the room has another size. */
    this.onResize = () => {};
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
      if (isLooking && !isBeside(event)) this.fit();
    });
    // The middle button scrolls otherwise.
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
    const isPicture = picture !== null && isSameShape(image, picture);
    const { width, height } = isPicture ? picture : image;
    return { width, height, image, sides: null, isPicture };
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
      // What the pointer was doing belonged to the other picture.
      this.gesture?.cancel?.();
      this.gesture = null;
    }
    this.layPanes();
    if (isNew && this.frame) {
      const isSame = frame !== null && isSameShape(frame, this.frame);
      // The same part stays in sight when a picture comes back larger.
      if (isSame && !this.camera.isFitted) this.camera.scale *= frame.width / this.frame.width;
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
    this.draw(); // at once: a canvas of a new size is empty
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
    // Two fingers on a trackpad come as a wheel with Ctrl, in far smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
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
    // A drag that leaves its pane goes on as it began.
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
}

/**
 * Say whether an event is for what lies over the picture: a message, a panel.
 * @param {Event} event
 */
const isBeside = (event) => targetOf(event).closest(".mls-viewer-over") !== null;
