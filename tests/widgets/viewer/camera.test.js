import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../../widgets/viewer/src/camera.js";

const FRAME = { width: 200, height: 100 };
const ROOM = { width: 632, height: 432 };

const fitted = () => {
  const camera = new Camera();
  camera.fit(FRAME, ROOM);
  return camera;
};

test("a picture that is fitted lies in the middle with a margin around it", () => {
  const { scale, x, y } = fitted();
  assert.deepEqual({ scale, x, y }, { scale: 3, x: 16, y: 66 });
});

test("a narrow room has half the margin", () => {
  assert.equal(Camera.fitScale(FRAME, { width: 416, height: 600 }), 2);
});

test("a room without any space still gives a scale above zero", () => {
  assert.ok(Camera.fitScale(FRAME, { width: 10, height: 10 }) > 0);
});

test("places of the picture and of the screen belong together", () => {
  const camera = fitted();
  assert.deepEqual(camera.toScreen([0, 0, 200, 100]), [16, 66, 616, 366]);
  assert.deepEqual(camera.toPicture({ x: 16, y: 66 }), { x: 0, y: 0 });
  assert.deepEqual(camera.toPicture({ x: 316, y: 216 }), { x: 100, y: 50 });
});

test("the point under the pointer stays there when the picture is zoomed", () => {
  const camera = fitted();
  const at = { x: 200, y: 150 };
  const before = camera.toPicture(at);
  camera.zoomTo(7.5, at, FRAME, ROOM);
  assert.equal(camera.scale, 7.5);
  const after = camera.toPicture(at);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-9);
  assert.equal(camera.isFitted, false);
});

test("zoom has an end in both directions", () => {
  const camera = fitted();
  camera.zoomTo(1000, { x: 0, y: 0 }, FRAME, ROOM);
  assert.equal(camera.scale, 64);
  camera.zoomTo(0, { x: 0, y: 0 }, FRAME, ROOM);
  assert.equal(camera.scale, 0.25);
});

test("a picture moves with the pointer but never out of sight", () => {
  const camera = fitted();
  camera.pan(10, -20, FRAME, ROOM);
  assert.deepEqual([camera.x, camera.y], [26, 46]);
  camera.pan(9999, 9999, FRAME, ROOM);
  assert.deepEqual([camera.x, camera.y], [ROOM.width - 48, ROOM.height - 48]);
  camera.pan(-9999, -9999, FRAME, ROOM);
  assert.deepEqual([camera.x, camera.y], [48 - 600, 48 - 300]);
});

test("a low room limits the picture by its height, and any box goes to the screen", () => {
  const camera = new Camera();
  assert.equal(camera.isFitted, true);
  camera.fit(FRAME, { width: 1000, height: 232 });
  assert.deepEqual([camera.scale, camera.isFitted], [2, true]);
  assert.deepEqual(camera.toScreen([10, 20, 30, 40]), [320, 56, 360, 96]);
});

test("a fitted picture moves away from what covers the room, no further than it has to", () => {
  const wide = { width: 1000, height: 132 };
  const camera = new Camera();
  camera.fit(FRAME, wide);
  assert.deepEqual([camera.scale, camera.x], [1, 400]);
  camera.keepClear(FRAME, wide, 300);
  assert.deepEqual([camera.scale, camera.x], [1, 400]);
  camera.keepClear(FRAME, wide, 500);
  assert.deepEqual([camera.scale, camera.x], [1, 284]);
  camera.keepClear(FRAME, wide, 868);
  assert.deepEqual([camera.scale, Math.round(camera.x)], [0.58, 8]);
});
