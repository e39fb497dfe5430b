import assert from "node:assert/strict";
import { test } from "node:test";
import { frameAround, halvesOf, sizeWithin } from "../../../widgets/viewer/src/panes.js";

test("a picture has its place, or its own shape within it", () => {
  const place = { width: 300, height: 200 };
  assert.deepEqual(sizeWithin({ width: 150, height: 101 }, place), place);
  assert.deepEqual(sizeWithin({ width: 50, height: 100 }, place), { width: 100, height: 200 });
});

test("the frame of two pictures holds both", () => {
  const [wide, high] = [
    { width: 300, height: 200 },
    { width: 100, height: 400 },
  ];
  assert.deepEqual(frameAround(wide, high), { width: 300, height: 400 });
});

test("two panes stand beside each other in a wide room, above each other in a high one", () => {
  const square = { width: 100, height: 100 };
  assert.deepEqual(halvesOf(square, { width: 802, height: 400 }), [
    { width: 400, height: 400, left: 0, top: 0 },
    { width: 400, height: 400, left: 402, top: 0 },
  ]);
  assert.deepEqual(halvesOf(square, { width: 400, height: 802 }), [
    { width: 400, height: 400, left: 0, top: 0 },
    { width: 400, height: 400, left: 0, top: 402 },
  ]);
});

test("pictures far wider than high stand above each other in a square room", () => {
  const [, second] = halvesOf({ width: 300, height: 100 }, { width: 500, height: 500 });
  assert.deepEqual([second.left, second.top], [0, 251]);
});
