import assert from "node:assert/strict";
import { test } from "node:test";
import { next } from "../../../widgets/shared/popup.js";

test("arrows go round a menu, and other keys go nowhere", () => {
  assert.deepEqual(
    ["ArrowDown", "ArrowUp", "Home", "End", "a"].map((key) => next(key, 2, 3)),
    [0, 1, 0, 2, null],
  );
});
