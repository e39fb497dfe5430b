import assert from "node:assert/strict";
import { test } from "node:test";
import { limited, widthByKey } from "../../../widgets/splitter/src/width.js";

const LIMITS = { smallest: 200, largest: 800 };

test("a width is whole and within its limits; zero leaves it to the row", () => {
  assert.deepEqual(
    [300.4, 10, 900, 0].map((width) => limited(width, LIMITS)),
    [300, 200, 800, 0],
  );
});

test("an arrow key moves the handle to its side, with Shift four times as far", () => {
  const before = { ...LIMITS, isBefore: true, isShifted: false };
  assert.equal(widthByKey("ArrowRight", 300, before), 316);
  assert.equal(widthByKey("ArrowLeft", 300, before), 284);
  assert.equal(widthByKey("ArrowRight", 300, { ...before, isShifted: true }), 364);
  assert.equal(widthByKey("ArrowRight", 300, { ...before, isBefore: false }), 284);
});

test("Home, End and Enter are the narrowest, the widest and the row's own", () => {
  const options = { ...LIMITS, isBefore: true, isShifted: false };
  const widths = ["Home", "End", "Enter", "x"].map((key) => widthByKey(key, 300, options));
  assert.deepEqual(widths, [200, 800, 0, undefined]);
});
