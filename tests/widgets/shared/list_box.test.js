import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../../widgets/shared/list_box.js";

const LIST = { width: 200, height: 100 };
const ROOM = { width: 900, height: 700 };

test("the list lies under the caret's line", () => {
  assert.deepEqual(placeOf(LIST, { left: 50, top: 80, bottom: 100 }, ROOM), { left: 50, top: 104 });
});

test("at the foot of the window it lies above the line", () => {
  const place = placeOf(LIST, { left: 50, top: 660, bottom: 680 }, ROOM);
  assert.deepEqual(place, { left: 50, top: 556 });
});

test("it is never out of the window", () => {
  assert.equal(placeOf(LIST, { left: 880, top: 80, bottom: 100 }, ROOM).left, 696);
  const tiny = placeOf(LIST, { left: -30, top: 20, bottom: 40 }, { width: 120, height: 90 });
  assert.deepEqual(tiny, { left: 4, top: 4 });
});
