import assert from "node:assert/strict";
import { test } from "node:test";
import { steppedSplit } from "../../../widgets/viewer/src/keys.js";
import { steppedBrush } from "../../../widgets/viewer/src/mask_tools.js";

test("the arrow keys move the split by a hundredth, with Shift by a tenth", () => {
  assert.equal(steppedSplit(0.5, "ArrowRight", false), 0.51);
  assert.equal(steppedSplit(0.5, "ArrowUp", false), 0.51);
  assert.equal(steppedSplit(0.5, "ArrowLeft", true), 0.4);
  assert.equal(steppedSplit(0.5, "ArrowDown", true), 0.4);
});

test("the split stays in the picture, and goes to its ends", () => {
  assert.equal(steppedSplit(0.99, "ArrowRight", true), 1);
  assert.equal(steppedSplit(0.01, "ArrowLeft", true), 0);
  assert.equal(steppedSplit(0.3, "Home", false), 0);
  assert.equal(steppedSplit(0.3, "End", false), 1);
});

test("the brush always changes by at least a pixel, between 1 and 1024", () => {
  assert.equal(steppedBrush(1, true), 2);
  assert.equal(steppedBrush(2, false), 1);
  assert.equal(steppedBrush(1, false), 1);
  assert.equal(steppedBrush(100, true), 120);
  assert.equal(steppedBrush(120, false), 100);
  assert.equal(steppedBrush(1000, true), 1024);
});
