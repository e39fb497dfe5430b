// What a pointer does between being pressed and let go: move, zoom, paint, drag boxes and the split.
import { clamp } from "../../shared/geometry.js";
import { boxBetween, draggedBox } from "./boxes.js";
import { cornersOf } from "./shapes.js";

/** @import { Point } from "../../shared/geometry.js" */
/** @import { Mask, Paint } from "./mask.js" */
/** @import { Stage } from "./stage.js" */

/**
 * A move of one pointer: where it is on the stage, and how far it has moved, in screen pixels.
 * @typedef {{ place: Point, dx: number, dy: number, event: PointerEvent }} Move
 */

/**
 * @typedef {{
 *   isPan?: boolean,
 *   move: (move: Move) => void,
 *   end?: () => void,
 *   cancel?: () => void,
 * }} Gesture
 */

/**
 * Return the gesture that begins with this press.
 * @param {Stage} stage
 * @param {PointerEvent} event
 * @returns {Gesture}
 */
export function gestureOf(stage, event) {
  const place = stage.at(event);
  const isPanAsked = event.button === 1 || stage.isSpaceHeld;
  if (event.target === stage.comparison.split) return dragSplit(stage);
  if (isPanAsked || !stage.isWorkable) return pan(stage);
  if (stage.mode === "mask") return mark(stage, place, event.altKey) ?? pan(stage);
  if (stage.mode !== "boxes") return pan(stage);
  return stage.hand.isAdding ? drawBox(stage, place) : (dragBox(stage, place) ?? pan(stage));
}

/**
 * Return the gesture of two pointers, which move and zoom the picture.
 * @param {Stage} stage
 * @returns {Gesture}
 */
export function pinch(stage) {
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
    },
  };
}

/**
 * @param {Stage} stage
 * @returns {Gesture}
 */
const pan = (stage) => ({ isPan: true, move: ({ dx, dy }) => stage.pan(dx, dy) });

/**
 * @param {Stage} stage
 * @returns {Gesture}
 */
function dragSplit(stage) {
  return {
    move: ({ place }) => {
      const { camera, frame, store } = stage;
      if (!frame) return;
      const share = (place.x - camera.x) / (frame.width * camera.scale);
      store.set({ split: clamp(share, 0, 1) });
    },
  };
}

/**
 * Paint the mask with the tool that is chosen; Alt does the opposite of paint and erase.
 * @param {Stage} stage
 * @param {Point} place
 * @param {boolean} isOpposite
 * @returns {Gesture | null} null where there is no mask
 */
function mark(stage, place, isOpposite) {
  const { model, masks } = stage.store;
  const { mask } = masks;
  if (!mask) return null;
  if (!model.get("shows_mask")) stage.store.set({ shows_mask: true });
  const paint = {
    opacity: model.get("brush_opacity"),
    erases: model.get("mask_erases") !== isOpposite,
  };
  const tool = model.get("mask_tool");
  if (tool === "brush") return paintLine(stage, place, mask, paint);
  return tool === "lasso" ? drawLasso(stage, place, paint) : drawRectangle(stage, place, paint);
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @param {Mask} mask
 * @param {Paint} paint
 * @returns {Gesture}
 */
function paintLine(stage, place, mask, paint) {
  const { camera, store } = stage;
  const size = store.model.get("brush_size");
  mask.begin({ ...paint, size, hardness: store.model.get("brush_hardness") });
  mask.lineTo(camera.toPicture(place));
  stage.redraw();
  return {
    move: ({ event }) => {
      // A frame of the browser holds several places of a quick hand.
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) mask.lineTo(camera.toPicture(stage.at(one)));
    },
    end: () => store.masks.change(() => mask.end()),
    cancel: () => mask.abandon(),
  };
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @param {Paint} paint
 */
function drawLasso(stage, place, paint) {
  const { camera } = stage;
  const shape = [camera.toPicture(place)];
  stage.shape = shape;
  return fillShape(stage, paint, ({ event }) => {
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) shape.push(camera.toPicture(stage.at(one)));
  });
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @param {Paint} paint
 */
function drawRectangle(stage, place, paint) {
  const start = stage.camera.toPicture(place);
  return fillShape(stage, paint, ({ place: now }) => {
    stage.shape = cornersOf(start, stage.camera.toPicture(now));
  });
}

/**
 * Return the gesture that draws a shape and fills it in the end.
 * @param {Stage} stage
 * @param {Paint} paint
 * @param {(move: Move) => void} move
 * @returns {Gesture}
 */
function fillShape(stage, paint, move) {
  return {
    move,
    end: () => {
      const { shape } = stage;
      stage.shape = null;
      if (shape) stage.store.masks.change((mask) => mask.fillShape(shape, paint));
    },
    cancel: () => (stage.shape = null),
  };
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @returns {Gesture | null} null where there is no box
 */
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
    cancel: () => (stage.draft = null),
  };
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @returns {Gesture}
 */
function drawBox(stage, place) {
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
    cancel: () => (stage.draft = null),
  };
}
