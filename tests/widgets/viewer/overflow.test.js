import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "../../../widgets/viewer/src/overflow.js";

/** @type {(rank: number, group: number, width?: number) => import("../../../widgets/viewer/src/overflow.js").Tool} */
const tool = (rank, group, width = 30) => ({ rank, group, width });
const TOOLS = [tool(1, 0), tool(1, 0), tool(5, 1), tool(5, 1), tool(9, 2, 100)];
const SIZES = { gap: 10, menu: 30 };

/** @param {number} room */
const kept = (room) => [...fitting(TOOLS, room, SIZES)];

test("all stay where they fit, and then there is no menu", () => {
  assert.deepEqual(kept(250), [0, 1, 2, 3, 4]);
});

test("the highest rank goes first, and leaves room for the menu and none for its own gap", () => {
  assert.deepEqual(kept(249), [0, 1, 2, 3]);
  assert.deepEqual(kept(170), [0, 1, 2, 3]);
});

test("those of one rank go together", () => {
  assert.deepEqual(kept(169), [0, 1]);
});

test("in no room at all everything is in the menu", () => {
  assert.deepEqual(kept(10), []);
});
