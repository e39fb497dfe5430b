import assert from "node:assert/strict";
import { test } from "node:test";
import { coverOf, cornersOf, extentOf } from "../../../widgets/viewer/src/shapes.js";

const AREA = { left: 0, top: 0, right: 6, bottom: 4 };

/**
 * The covers of an area as rows.
 * @param {{ x: number, y: number }[]} corners
 * @param {{ left: number, top: number, right: number, bottom: number }} area
 */
function rowsOf(corners, area = AREA) {
  const cover = coverOf(corners, area);
  const width = area.right - area.left;
  const rows = [];
  for (let at = 0; at < cover.length; at += width) rows.push([...cover.slice(at, at + width)]);
  return rows;
}

test("a rectangle is the same from any corner to any other, in whole pixels", () => {
  const corners = cornersOf({ x: 4.6, y: 3.2 }, { x: 1.4, y: 0.9 });
  assert.deepEqual(corners, cornersOf({ x: 1.4, y: 3.2 }, { x: 4.6, y: 0.9 }));
  assert.deepEqual(extentOf(corners), { left: 1, top: 1, right: 5, bottom: 3 });
  const [full, none] = [255, 0];
  assert.deepEqual(rowsOf(corners), [
    [none, none, none, none, none, none],
    [none, full, full, full, full, none],
    [none, full, full, full, full, none],
    [none, none, none, none, none, none],
  ]);
});

test("pixels at the edge of a lasso get their share", () => {
  const corners = cornersOf({ x: 1, y: 0 }, { x: 4, y: 4 }).map(({ x, y }) => ({ x: x + 0.5, y }));
  assert.deepEqual(rowsOf(corners)[1], [0, 128, 255, 255, 128, 0]);
});

test("a triangle is half of its square", () => {
  const triangle = [
    { x: 0, y: 0 },
    { x: 4, y: 0 },
    { x: 0, y: 4 },
  ];
  const sum = coverOf(triangle, { left: 0, top: 0, right: 4, bottom: 4 }).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum / 255 - 8) < 0.1);
});

test("a lasso that crosses itself is filled wherever it winds around", () => {
  const square = cornersOf({ x: 0, y: 0 }, { x: 4, y: 4 });
  assert.deepEqual(rowsOf([...square, ...square])[1], [255, 255, 255, 255, 0, 0]);
});

test("what lies outside the area is left out", () => {
  const around = cornersOf({ x: -9, y: -9 }, { x: 99, y: 99 });
  assert.ok(
    rowsOf(around)
      .flat()
      .every((cover) => cover === 255),
  );
  assert.ok(
    rowsOf(cornersOf({ x: 9, y: 9 }, { x: 20, y: 20 }))
      .flat()
      .every((one) => one === 0),
  );
});

test("a click without a drag encloses nothing", () => {
  assert.ok(
    rowsOf([{ x: 2, y: 2 }])
      .flat()
      .every((cover) => cover === 0),
  );
});
