import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, isSameShape } from "../../../widgets/shared/geometry.js";

test("a number is clamped between two others", () => {
  assert.deepEqual(
    [-1, 0, 0.5, 1, 7].map((value) => clamp(value, 0, 1)),
    [0, 0, 0.5, 1, 1],
  );
});

test("where there is nothing between low and high, high wins", () => {
  assert.equal(clamp(5, 10, 2), 2);
});

test("two pictures have the same shape, but for the rounding of their sizes", () => {
  const portrait = { width: 512, height: 768 };
  assert.ok(isSameShape(portrait, { width: 1024, height: 1536 }));
  assert.ok(isSameShape(portrait, { width: 171, height: 256 }));
  assert.ok(!isSameShape(portrait, { width: 768, height: 512 }));
  assert.ok(!isSameShape(portrait, { width: 512, height: 720 }));
});
