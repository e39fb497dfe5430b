// What a pointer does between being pressed and let go: move, zoom, paint, drag boxes and the split.
import { clamp } from "../../shared/geometry.js";
import { boxBetween, draggedBox } from "./boxes.js";

/** @import { Point } from "../../shared/geometry.js" */
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
  if (event.target === stage.split) return dragSplit(stage);
  if (isPanAsked || !stage.isWorkable) return pan(stage);
  if (stage.mode === "mask") return paint(stage, place) ?? pan(stage);
  if (stage.mode !== "boxes") return pan(stage);
  return stage.isAdding ? drawBox(stage, place) : (dragBox(stage, place) ?? pan(stage));
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
 * @param {Stage} stage
 * @param {Point} place
 * @returns {Gesture | null} null where there is no mask
 */
function paint(stage, place) {
  const { camera, store } = stage;
  const { mask, model } = store;
  if (!mask) return null;
  mask.begin({
    size: model.get("brush_size"),
    hardness: model.get("brush_hardness"),
    opacity: model.get("brush_opacity"),
    erases: model.get("brush_erases"),
  });
  mask.lineTo(camera.toPicture(place));
  stage.redraw();
  return {
    move: ({ event }) => {
      // A frame of the browser holds several places of a quick hand.
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) mask.lineTo(camera.toPicture(stage.at(one)));
    },
    end: () => store.changeMask(() => mask.end()),
    cancel: () => mask.abandon(),
  };
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @returns {Gesture | null} null where there is no box
 */
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
      if (stage.draft) stage.addBox(stage.draft.box);
      stage.draft = null;
    },
    cancel: () => (stage.draft = null),
  };
}
