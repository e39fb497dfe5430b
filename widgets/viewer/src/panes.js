// Where pictures lie when they are compared: on one frame that holds both, in one pane or two.
import { isSameShape } from "../../shared/geometry.js";
import { Camera } from "./camera.js";

/** @import { Size } from "../../shared/geometry.js" */
/** @typedef {Size & { left: number, top: number }} Place on the screen */

const GAP = 2; // screen pixels between two panes

/**
 * Return the smallest frame that holds two pictures, each in its own shape.
 * @param {Size} one
 * @param {Size} other
 * @returns {Size}
 */
export const frameAround = (one, other) => ({
  width: Math.max(one.width, other.width),
  height: Math.max(one.height, other.height),
});

/**
 * Return the two halves of a room, beside or above each other: as the frame is shown larger.
 * @param {Size} frame
 * @param {Size} room
 * @returns {[Place, Place]}
 */
export function halvesOf(frame, room) {
  const beside = { width: Math.max((room.width - GAP) / 2, 0), height: room.height };
  const above = { width: room.width, height: Math.max((room.height - GAP) / 2, 0) };
  const isBeside = Camera.fitScale(frame, beside) >= Camera.fitScale(frame, above);
  const half = isBeside ? beside : above;
  const [left, top] = isBeside ? [half.width + GAP, 0] : [0, half.height + GAP];
  return [
    { ...half, left: 0, top: 0 },
    { ...half, left, top },
  ];
}

/**
 * Return the size of a picture within a place: all of it where the shapes are the same; else (it
 * was cropped or widened) in its own shape.
 * @param {Size} picture
 * @param {Size} place
 */
export function sizeWithin(picture, place) {
  if (isSameShape(picture, place)) return { width: place.width, height: place.height };
  const scale = Math.min(place.width / picture.width, place.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}
