import assert from "node:assert/strict";
import { test } from "node:test";
import { hasMore, shownGroups } from "../../../widgets/details/src/rows.js";

const row = (/** @type {string} */ label, /** @type {boolean} */ isUsual) => ({
  label,
  value: "1",
  other: "",
  is_usual: isUsual,
});
const GROUPS = [
  { title: "Picture", note: "2 s", rows: [row("Seed", false), row("Clip skip", true)] },
  { title: "Face", note: "cached", rows: [row("Grow", true)] },
  { title: "Run", note: "", rows: [row("torch", true)] },
];

test("at first only what is set is shown, and stages that only have run", () => {
  assert.deepEqual(
    shownGroups(GROUPS, false).map(({ title, rows }) => [title, rows.length]),
    [
      ["Picture", 1],
      ["Face", 0],
    ],
  );
  assert.equal(shownGroups(GROUPS, true).length, 3);
});

test("All is offered only where it shows more", () => {
  assert.ok(hasMore(GROUPS));
  assert.ok(!hasMore([{ title: "Run", note: "", rows: [row("Device", false)] }]));
});
