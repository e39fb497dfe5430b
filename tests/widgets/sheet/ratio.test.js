import assert from "node:assert/strict";
import { test } from "node:test";
import { inRatio } from "../../../widgets/sheet/src/ratio.js";

test("the other side follows in whole steps, and never vanishes", () => {
  const wide = { width: 768, height: 512 };
  assert.deepEqual(inRatio("width", 1024, wide, 8), { width: 1024, height: 680 });
  assert.deepEqual(inRatio("height", 1024, wide, 8), { width: 1536, height: 1024 });
  assert.deepEqual(inRatio("width", 1, wide, 8), { width: 1, height: 8 });
});
