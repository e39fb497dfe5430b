// Where the picture lies in the room on the screen: screen = picture * scale + (x, y).
import { clamp } from "../../shared/geometry.js";

/** @import { Box, Point, Size } from "../../shared/geometry.js" */

const MARGIN = 16; // screen pixels around a picture that fits
const MOST_ZOOM = 64; // screen pixels a pixel
const KEPT_IN_SIGHT = 48; // screen pixels of the picture that cannot be pushed out

export class Camera {
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
      Math.max(room.height - 2 * margin, 1) / frame.height,
    );
  }

  /**
   * Put the whole picture into the middle.
   * @param {Size} frame
   * @param {Size} room
   */
  fit(frame, room) {
    this.isFitted = true;
    this.scale = Camera.fitScale(frame, room);
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
    if (Camera.fitScale(frame, beside) < this.scale) this.fit(frame, beside);
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
    const least = Math.min(Camera.fitScale(frame, room), 1) / 4;
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
}

/**
 * @param {number} start where the picture begins
 * @param {number} length of the picture on the screen
 * @param {number} room
 */
function keptInSight(start, length, room) {
  const kept = Math.min(KEPT_IN_SIGHT, length);
  return clamp(start, kept - length, room - kept);
}
