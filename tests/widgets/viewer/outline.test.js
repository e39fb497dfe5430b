import assert from "node:assert/strict";
import { test } from "node:test";
import { outlineOf } from "../../../widgets/viewer/src/outline.js";

test("the outline of a rectangle is its four edges, each in one piece", () => {
  const data = new Uint8Array(5 * 4);
  for (const at of [6, 7, 8, 11, 12, 13]) data[at] = 255;
  const edges = outlineOf(data, 5, 4).map((edge) => edge.join(" "));
  assert.deepEqual(edges.sort(), ["1 1 1 3", "1 1 4 1", "1 3 4 3", "4 1 4 3"]);
});

test("a mask up to the picture's edge is outlined there, too", () => {
  assert.equal(outlineOf(new Uint8Array(4).fill(200), 2, 2).length, 4);
});

test("what is less than half covered has no outline", () => {
  assert.deepEqual(outlineOf(new Uint8Array(4).fill(127), 2, 2), []);
});

test("a hole has an outline of its own", () => {
  const data = new Uint8Array(9).fill(255);
  data[4] = 0;
  assert.equal(outlineOf(data, 3, 3).length, 8);
});
