import assert from "node:assert/strict";
import { test } from "node:test";
import { stepped } from "../../../widgets/shelf_tabs/src/steps.js";

test("arrow keys go round, Home and End to the ends, other keys nowhere", () => {
  assert.equal(stepped("ArrowRight", 2, 3), 0);
  assert.equal(stepped("ArrowDown", 0, 3), 1);
  assert.equal(stepped("ArrowLeft", 0, 3), 2);
  assert.equal(stepped("ArrowUp", 2, 3), 1);
  assert.equal(stepped("Home", 2, 3), 0);
  assert.equal(stepped("End", 0, 3), 2);
  assert.equal(stepped("x", 0, 3), undefined);
});
