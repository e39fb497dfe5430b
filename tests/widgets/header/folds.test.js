import assert from "node:assert/strict";
import { test } from "node:test";
import { Folds } from "../../../widgets/header/src/folds.js";

test("columns are open until they are folded, drawers closed until they are opened", () => {
  const folds = new Folds();
  const open = (/** @type {"wide" | "middle" | "narrow"} */ room) =>
    /** @type {const} */ (["left", "shelf"]).filter((part) => folds.isOpen(part, room));
  assert.deepEqual(open("wide"), ["left", "shelf"]);
  assert.deepEqual(open("middle"), ["left"]);
  assert.deepEqual(open("narrow"), []);
});

test("a folded column comes back as it was left; a drawer does not change it", () => {
  const folds = new Folds({ left: true, shelf: false });
  folds.set("left", "wide", false);
  folds.set("shelf", "middle", true);
  assert.deepEqual(folds.columns, { left: false, shelf: false });
  assert.equal(folds.isOpen("left", "middle"), false);
  assert.equal(folds.isOpen("shelf", "middle"), true);
  assert.equal(folds.isOpen("shelf", "wide"), false);
});

test("in a narrow room one drawer is open at the most, and Escape closes it", () => {
  const folds = new Folds();
  folds.set("left", "narrow", true);
  folds.set("shelf", "narrow", true);
  assert.equal(folds.isOpen("left", "narrow"), false);
  assert.equal(folds.closeDrawers("narrow"), true);
  assert.equal(folds.isOpen("shelf", "narrow"), false);
  assert.equal(folds.closeDrawers("narrow"), false);
});

test("the settings of a wide room are no drawer", () => {
  const folds = new Folds();
  assert.equal(folds.closeDrawers("wide"), false);
  assert.equal(folds.isOpen("left", "wide"), true);
});
