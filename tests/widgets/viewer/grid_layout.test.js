import assert from "node:assert/strict";
import { test } from "node:test";
import { layOutTiles, tileByKey } from "../../../widgets/viewer/src/grid_layout.js";

const ROOM = { width: 808, height: 808 };
const SQUARE = { width: 64, height: 64 };

test("four squares stand two by two in a square room, in a row in a wide one", () => {
  const grid = { size: SQUARE, count: 4, across: 0, hasLabels: false };
  assert.deepEqual(layOutTiles(grid, ROOM), { across: 2, width: 400, height: 400 });
  assert.equal(layOutTiles(grid, { width: 1600, height: 400 }).across, 4);
  assert.equal(layOutTiles(grid, { width: 300, height: 1600 }).across, 1);
});

test("tiles have the shape of the first picture, and room for their labels", () => {
  const grid = { size: { width: 200, height: 100 }, count: 1, across: 0, hasLabels: true };
  assert.deepEqual(layOutTiles(grid, { width: 400, height: 120 }), {
    across: 1,
    width: 200,
    height: 100,
  });
});

test("tiles without a picture yet are squares", () => {
  const grid = { size: { width: 0, height: 0 }, count: 1, across: 0, hasLabels: false };
  assert.deepEqual(layOutTiles(grid, ROOM), { across: 1, width: 808, height: 808 });
});

test("hundreds of tiles fill the width and are scrolled", () => {
  const grid = { size: SQUARE, count: 500, across: 0, hasLabels: false };
  const { across, width } = layOutTiles(grid, ROOM);
  assert.equal(across, 8);
  assert.equal(width, 94);
});

test("a given number of columns is kept, however narrow the room", () => {
  const grid = { size: SQUARE, count: 12, across: 6, hasLabels: false };
  assert.deepEqual(layOutTiles(grid, { width: 300, height: 300 }), {
    across: 6,
    width: 88,
    height: 88,
  });
});

const GRID = { count: 10, across: 4, page: 2 };
/** @type {[key: string, from: number, to: number | null][]} */
const KEYS = [
  ["ArrowRight", 3, 4],
  ["ArrowRight", 9, 9],
  ["ArrowLeft", 0, 0],
  ["ArrowDown", 1, 5],
  ["ArrowDown", 6, 6],
  ["ArrowUp", 5, 1],
  ["ArrowUp", 2, 2],
  ["PageDown", 1, 9],
  ["PageUp", 9, 1],
  ["Home", 7, 0],
  ["End", 2, 9],
  ["a", 2, null],
];
for (const [key, from, to] of KEYS) {
  test(`${key} leads from tile ${from} to ${to ?? "none"}`, () => {
    assert.equal(tileByKey(key, from, GRID), to);
  });
}
