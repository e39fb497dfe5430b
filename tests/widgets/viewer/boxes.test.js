import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GRIP_CURSORS,
  boxBetween,
  draggedBox,
  gripOf,
  middleBox,
  movedDetection,
  nameOf,
  newDetection,
  reordered,
  typedBox,
} from "../../../widgets/viewer/src/boxes.js";

/** @import { Box } from "../../../widgets/shared/geometry.js" */
/** @import { Grip } from "../../../widgets/viewer/src/boxes.js" */

/** @type {Box} */
const BOX = [100, 100, 200, 180];
const PICTURE = { width: 400, height: 300 };

/** @type {[string, number, number, string | null][]} */
const PLACES = [
  ["inside", 150, 140, "move"],
  ["the left edge", 100, 140, "l"],
  ["the left edge from without", 93, 140, "l"],
  ["beyond the reach of the left edge", 92, 140, null],
  ["the right edge", 199, 140, "r"],
  ["the top edge", 150, 100, "t"],
  ["the bottom edge", 150, 187, "b"],
  ["the left upper corner", 104, 104, "lt"],
  ["the right lower corner", 205, 185, "rb"],
  ["the right upper corner", 205, 95, "rt"],
  ["the left lower corner", 95, 185, "lb"],
  ["outside", 300, 140, null],
];
for (const [where, x, y, grip] of PLACES) {
  test(`the pointer at ${where} grips ${grip ?? "nothing"}`, () => {
    assert.equal(gripOf(BOX, { x, y }), grip);
    if (grip) assert.ok(grip in GRIP_CURSORS);
  });
}

test("a small box can be moved: half of it is its edges'", () => {
  assert.equal(gripOf([0, 0, 8, 8], { x: 4, y: 4 }), "move");
  assert.equal(gripOf([0, 0, 8, 8], { x: 1, y: 4 }), "l");
});

test("a moved box keeps its size and stays in the picture", () => {
  assert.deepEqual(draggedBox(BOX, "move", 10, -20, PICTURE), [110, 80, 210, 160]);
  assert.deepEqual(draggedBox(BOX, "move", -900, -900, PICTURE), [0, 0, 100, 80]);
  assert.deepEqual(draggedBox(BOX, "move", 900, 900, PICTURE), [300, 220, 400, 300]);
});

/** @type {[Grip, number, number, Box][]} */
const DRAGS = [
  ["l", -30, 5, [70, 100, 200, 180]],
  ["r", 30, 5, [100, 100, 230, 180]],
  ["t", 5, -30, [100, 70, 200, 180]],
  ["b", 5, 30, [100, 100, 200, 210]],
  ["lt", -10, -20, [90, 80, 200, 180]],
  ["rb", 10, 20, [100, 100, 210, 200]],
];
for (const [grip, dx, dy, moved] of DRAGS) {
  test(`only the edges ${grip} are dragged`, () => {
    assert.deepEqual(draggedBox(BOX, grip, dx, dy, PICTURE), moved);
  });
}

test("an edge passes neither the opposite one nor the picture's", () => {
  assert.deepEqual(draggedBox(BOX, "l", 900, 0, PICTURE), [196, 100, 200, 180]);
  assert.deepEqual(draggedBox(BOX, "r", -900, 0, PICTURE), [100, 100, 104, 180]);
  assert.deepEqual(draggedBox(BOX, "t", 0, 900, PICTURE), [100, 176, 200, 180]);
  assert.deepEqual(draggedBox(BOX, "rb", 900, 900, PICTURE), [100, 100, 400, 300]);
});

test("edges are whole pixels", () => {
  assert.deepEqual(draggedBox(BOX, "rb", 0.4, 0.6, PICTURE), [100, 100, 200, 181]);
});

test("a box is drawn from any corner to any other, within the picture", () => {
  const drawn = [10, 20, 60, 90];
  assert.deepEqual(boxBetween({ x: 10, y: 20 }, { x: 60, y: 90 }, PICTURE), drawn);
  assert.deepEqual(boxBetween({ x: 60, y: 20 }, { x: 10, y: 90 }, PICTURE), drawn);
  assert.deepEqual(boxBetween({ x: 60, y: 90 }, { x: 10, y: 20 }, PICTURE), drawn);
  assert.deepEqual(boxBetween({ x: -5, y: -5 }, { x: 999, y: 999 }, PICTURE), [0, 0, 400, 300]);
});

test("what is too small to be meant is no box", () => {
  assert.equal(boxBetween({ x: 10, y: 10 }, { x: 13, y: 90 }, PICTURE), null);
  assert.equal(boxBetween({ x: 10, y: 10 }, { x: 90, y: 13 }, PICTURE), null);
  assert.notEqual(boxBetween({ x: 10, y: 10 }, { x: 14, y: 14 }, PICTURE), null);
});

test("the box that nobody placed lies in the middle", () => {
  assert.deepEqual(middleBox(PICTURE), [150, 113, 250, 188]);
});

test("a moved detection keeps all but the mask of its place", () => {
  const detection = { ...newDetection(BOX, "face"), mask: "ab", prompt: "a smile" };
  const moved = movedDetection(detection, [0, 0, 9, 9]);
  assert.deepEqual(moved, { ...detection, box: [0, 0, 9, 9], mask: null });
});

test("an item of a list is put elsewhere, the others stay in order", () => {
  const items = ["a", "b", "c"];
  assert.deepEqual(reordered(items, 0, 1), ["b", "a", "c"]);
  assert.deepEqual(reordered(items, 2, 0), ["c", "a", "b"]);
  assert.deepEqual(items, ["a", "b", "c"]);
});

test("a detection is named by its number, and by its label if it has one", () => {
  assert.equal(nameOf(newDetection(BOX, "face"), 0), "1 face");
  assert.equal(nameOf(newDetection(BOX, ""), 2), "3 part");
});

test("typed numbers become a box within the picture", () => {
  assert.deepEqual(typedBox({ x: 10, y: 20, width: 30, height: 40 }, PICTURE), [10, 20, 40, 60]);
  assert.deepEqual(
    typedBox({ x: 390, y: 290, width: 50, height: 50 }, PICTURE),
    [350, 250, 400, 300],
  );
  assert.deepEqual(typedBox({ x: -5, y: -5, width: 999, height: 999 }, PICTURE), [0, 0, 400, 300]);
  assert.deepEqual(typedBox({ x: 0, y: 0, width: 0, height: 0 }, PICTURE), [0, 0, 4, 4]);
});
