import assert from "node:assert/strict";
import { test } from "node:test";
import { between, holds, sizeOf, tidy, toggled } from "../../../widgets/gallery/src/selection.js";

test("an entry is added, joined with its neighbours, and taken out again", () => {
  assert.deepEqual(toggled([], 4), [[4, 5]]);
  assert.deepEqual(toggled([[4, 5]], 5), [[4, 6]]);
  assert.deepEqual(toggled([[2, 7]], 4), [
    [2, 4],
    [5, 7],
  ]);
  assert.deepEqual(toggled([[4, 5]], 4), []);
});

test("ranges that overlap or touch become one, empty ones none", () => {
  assert.deepEqual(
    tidy([
      [5, 8],
      [1, 3],
      [3, 4],
      [7, 9],
      [6, 6],
    ]),
    [
      [1, 4],
      [5, 9],
    ],
  );
});

test("a range has both its ends, whichever is chosen first", () => {
  assert.deepEqual(between(7, 3), [3, 8]);
  assert.deepEqual(between(3, 3), [3, 4]);
});

test("it is known how many entries there are and which", () => {
  /** @type {[number, number][]} */
  const ranges = [
    [1, 4],
    [9, 10],
  ];
  assert.equal(sizeOf(ranges), 4);
  assert.deepEqual(
    [0, 1, 3, 4, 9, 10].map((at) => holds(ranges, at)),
    [false, true, true, false, true, false],
  );
});
