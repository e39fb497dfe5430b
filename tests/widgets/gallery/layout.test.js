import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GAP,
  NARROWEST,
  layoutFor,
  rowHeight,
  rowsSeen,
  scrollTo,
  stepped,
} from "../../../widgets/gallery/src/layout.js";

test("tiles fill the width, as many in a row as have room", () => {
  for (const width of [72, 147, 148, 640, 1920]) {
    const { columns, tile } = layoutFor(width);
    const used = columns * tile + (columns - 1) * GAP;
    assert.ok(used <= width && width - used < columns, `${width}: ${used}`);
    assert.ok(tile >= NARROWEST.tile, `${width}: ${tile}`);
  }
  assert.equal(layoutFor(147).columns, 1);
  assert.equal(layoutFor(148).columns, 2);
  assert.equal(layoutFor(230).columns, 3); // the narrowest shelf
});

test("even the narrowest grid has one column", () => {
  assert.equal(layoutFor(50).columns, 1);
});

const LAYOUT = layoutFor(640);
const ROW = rowHeight(LAYOUT);

test("the rows on the screen exist, and one on either side", () => {
  const { first, end } = rowsSeen(LAYOUT, 10_000, { scrollTop: 20 * ROW, clientHeight: 3 * ROW });
  assert.deepEqual({ first, end }, { first: 19, end: 24 });
});

test("there are no rows before the first or after the last", () => {
  assert.deepEqual(rowsSeen(LAYOUT, 9, { scrollTop: 0, clientHeight: 900 }), { first: 0, end: 2 });
  assert.deepEqual(rowsSeen(LAYOUT, 0, { scrollTop: 0, clientHeight: 900 }), { first: 0, end: 0 });
});

test("a grid without a height of its own does not draw ten thousand rows", () => {
  const { first, end } = rowsSeen(LAYOUT, 100_000, { scrollTop: 0, clientHeight: 1e6 });
  assert.equal(end - first, 60);
});

test("an entry is scrolled to only as far as it takes to see it whole", () => {
  const screen = { scrollTop: 5 * ROW, clientHeight: 3 * ROW };
  const { columns } = LAYOUT;
  assert.equal(scrollTo(LAYOUT, 6 * columns, screen), screen.scrollTop);
  assert.equal(scrollTo(LAYOUT, 4 * columns, screen), 4 * ROW);
  assert.equal(scrollTo(LAYOUT, 9 * columns, screen), 10 * ROW - GAP - 3 * ROW);
});

test("the first key chooses the first entry, whatever its direction", () => {
  assert.equal(stepped(-1, 1, 9), 0);
  assert.equal(stepped(-1, -1, 9), 0);
  assert.equal(stepped(-1, 5, 9), 0);
  assert.equal(stepped(-1, Infinity, 9), 8);
});

test("keys go no further than the ends", () => {
  assert.equal(stepped(3, 1, 9), 4);
  assert.equal(stepped(3, 50, 9), 8);
  assert.equal(stepped(3, -Infinity, 9), 0);
  assert.equal(stepped(-1, 1, 0), -1);
});

test("a row has its picture and a gap, and half seen rows count as seen", () => {
  assert.equal(rowHeight({ columns: 3, tile: 100 }), 104);
  const screen = { scrollTop: 20.5 * ROW, clientHeight: 3 * ROW };
  assert.deepEqual(rowsSeen(LAYOUT, 10_000, screen), { first: 19, end: 25 });
  assert.equal(scrollTo(LAYOUT, 4 * LAYOUT.columns + 1, screen), 4 * ROW);
});
