import assert from "node:assert/strict";
import { test } from "node:test";
import { Mask, brushCover, brushReach } from "../../../widgets/viewer/src/mask.js";

/** @import { Area, Brush } from "../../../widgets/viewer/src/mask.js" */

const HARD = { size: 6, hardness: 1, opacity: 1, erases: false };

/**
 * @param {Mask} mask
 * @param {Brush} brush
 * @param {[number, number][]} places
 */
function paint(mask, brush, ...places) {
  mask.begin(brush);
  for (const [x, y] of places) mask.lineTo({ x, y });
  return mask.end();
}

/**
 * @param {Mask} mask
 * @param {number} x
 * @param {number} y
 */
const at = (mask, x, y) => mask.data[y * mask.width + x];

test("a hard brush covers its diameter, with an edge one pixel wide", () => {
  assert.deepEqual(brushReach(3, 1), { inner: 2.5, outer: 3.5 });
  const reach = brushReach(3, 1);
  assert.equal(brushCover(2.5 ** 2, reach), 255);
  assert.equal(brushCover(3 ** 2, reach), 128);
  assert.equal(brushCover(3.5 ** 2, reach), 0);
});

test("a soft brush fades all the way from its middle", () => {
  const reach = brushReach(10, 0);
  assert.deepEqual(reach, { inner: 0, outer: 10 });
  const covers = [0, 2, 4, 6, 8, 10].map((distance) => brushCover(distance ** 2, reach));
  assert.deepEqual(
    covers,
    [...covers].sort((a, b) => b - a),
  );
  assert.equal(covers[0], 255);
  assert.equal(covers[5], 0);
});

test("a point of the brush is round and lies under the pointer", () => {
  const mask = new Mask(20, 16);
  assert.ok(mask.isEmpty);
  assert.ok(paint(mask, HARD, [10, 8]));
  assert.ok(!mask.isEmpty);
  for (const [x, y] of [
    [9, 7],
    [10, 8],
    [8, 7],
    [11, 8],
  ]) {
    assert.equal(at(mask, x, y), 255);
  }
  for (const [x, y] of [
    [6, 7],
    [13, 8],
    [10, 4],
    [10, 11],
    [7, 5],
  ]) {
    assert.equal(at(mask, x, y), 0);
  }
});

test("a line has no gaps, however far apart its places are", () => {
  const mask = new Mask(60, 12);
  paint(mask, HARD, [5, 6], [55, 6]);
  for (let x = 5; x < 55; x++) assert.equal(at(mask, x, 6), 255);
});

test("a stroke that crosses itself grows no denser, a second stroke does", () => {
  const mask = new Mask(40, 12);
  const thin = { ...HARD, opacity: 0.5 };
  paint(mask, thin, [5, 6], [35, 6], [5, 6]);
  assert.equal(at(mask, 20, 6), 128);
  paint(mask, thin, [5, 6], [35, 6]);
  assert.equal(at(mask, 20, 6), 192);
});

test("the eraser takes away what it touches, and only that", () => {
  const mask = new Mask(30, 12);
  mask.fill(255);
  paint(mask, { ...HARD, erases: true }, [5, 6]);
  assert.equal(at(mask, 5, 6), 0);
  assert.equal(at(mask, 20, 6), 255);
});

test("a stroke beside the picture changes nothing and leaves nothing to undo", () => {
  const mask = new Mask(10, 10);
  assert.equal(paint(mask, HARD, [-50, -50], [-40, -50]), false);
  assert.equal(mask.undo(), false);
});

test("a stroke across the edge is cut off there", () => {
  const mask = new Mask(10, 10);
  paint(mask, HARD, [-20, 5], [30, 5]);
  for (let x = 0; x < 10; x++) assert.equal(at(mask, x, 5), 255);
  assert.equal(at(mask, 0, 0), 0);
});

test("strokes are undone and made again, each as a whole", () => {
  const mask = new Mask(30, 12);
  paint(mask, HARD, [5, 6], [8, 6]);
  const one = mask.data.slice();
  paint(mask, HARD, [20, 6]);
  const both = mask.data.slice();
  assert.ok(mask.undo());
  assert.deepEqual(mask.data, one);
  assert.ok(mask.undo());
  assert.ok(mask.isEmpty);
  assert.ok(mask.redo() && mask.redo());
  assert.deepEqual(mask.data, both);
  assert.equal(mask.redo(), false);
});

test("a stroke that is abandoned never was", () => {
  const mask = new Mask(30, 12);
  paint(mask, HARD, [5, 6]);
  const before = mask.data.slice();
  mask.begin(HARD);
  mask.lineTo({ x: 20, y: 6 });
  mask.abandon();
  assert.deepEqual(mask.data, before);
  assert.equal(mask.history.done.length, 1);
});

test("the whole mask is filled, inverted, loaded and cleared, and each can be undone", () => {
  const mask = new Mask(4, 3);
  const values = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  assert.ok(mask.load(values));
  assert.ok(mask.invert());
  assert.deepEqual(
    mask.data,
    values.map((value) => 255 - value),
  );
  assert.ok(mask.fill(255));
  assert.ok(mask.load(null));
  assert.ok(mask.isEmpty);
  for (let step = 0; step < 3; step++) mask.undo();
  assert.deepEqual(mask.data, values);
});

test("what changes nothing is nothing to undo", () => {
  const mask = new Mask(4, 3);
  assert.equal(mask.fill(0), false);
  assert.equal(mask.load(null), false);
  assert.equal(mask.history.done.length, 0);
});

test("undo keeps no more than 64 MiB of changes", () => {
  const mask = new Mask(4096, 2048); // a change of the whole holds 16 MiB
  for (let count = 0; count < 6; count++) mask.invert();
  assert.equal(mask.history.done.length, 4);
});

test("each change tells the area that it touched", () => {
  /** @type {Area[]} */
  const areas = [];
  const mask = new Mask(30, 12, (area) => areas.push(area));
  paint(mask, HARD, [10, 6]);
  assert.deepEqual(areas, [{ left: 6, top: 2, right: 14, bottom: 10 }]);
  mask.undo();
  assert.deepEqual(areas[1], areas[0]);
  mask.fill(9);
  assert.deepEqual(areas[2], { left: 0, top: 0, right: 30, bottom: 12 });
});

test("an empty mask has no file", async () => {
  assert.equal((await new Mask(8, 8).toPNG()).length, 0);
});

test("a line may go up, down and across, and a bent stroke is undone as a whole", () => {
  const mask = new Mask(40, 40);
  paint(mask, HARD, [30, 34], [30, 6], [6, 30]);
  for (let y = 6; y < 34; y++) assert.equal(at(mask, 30, y), 255);
  for (let step = 0; step < 24; step++) assert.equal(at(mask, 29 - step, 6 + step), 255);
  assert.equal(at(mask, 10, 10), 0);
  assert.equal(at(mask, 24, 30), 0);
  mask.undo();
  assert.ok(mask.isEmpty);
});

test("a shape is painted, erased and undone", () => {
  const mask = new Mask(8, 8);
  const square = [
    { x: 2, y: 2 },
    { x: 6, y: 2 },
    { x: 6, y: 6 },
    { x: 2, y: 6 },
  ];
  assert.equal(mask.fillShape(square, { opacity: 1, erases: false }), true);
  assert.deepEqual([at(mask, 2, 2), at(mask, 5, 5), at(mask, 6, 6)], [255, 255, 0]);
  assert.equal(mask.fillShape(square, { opacity: 0.5, erases: true }), true);
  assert.equal(at(mask, 3, 3), 128);
  assert.equal(mask.undo(), true);
  assert.equal(at(mask, 3, 3), 255);
});

test("a shape outside the picture changes nothing", () => {
  const mask = new Mask(8, 8);
  const outside = [
    { x: 20, y: 20 },
    { x: 30, y: 20 },
    { x: 30, y: 30 },
  ];
  assert.equal(mask.fillShape(outside, { opacity: 1, erases: false }), false);
  assert.equal(mask.history.done.length, 0);
});
