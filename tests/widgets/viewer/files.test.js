import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadName } from "../../../widgets/viewer/src/files.js";
import { kindOf, sizeAtMost } from "../../../widgets/viewer/src/picture.js";

test("a picture is downloaded under its name, or one that says what it is", () => {
  assert.equal(downloadName("00012-7-a-cat.png", "image/png"), "00012-7-a-cat.png");
  assert.equal(downloadName("a cat", "image/jpeg"), "a cat.jpg");
  assert.equal(downloadName("", "image/webp"), "picture.webp");
});

test("a file's kind is known by its first byte", () => {
  /** @param {number[]} bytes */
  const kind = (...bytes) => kindOf(new DataView(Uint8Array.from(bytes).buffer));
  assert.deepEqual([kind(0x89), kind(0xff), kind(0x52)], ["image/png", "image/jpeg", "image/webp"]);
});

test("a size is made smaller in its own shape, never larger", () => {
  assert.deepEqual(sizeAtMost({ width: 400, height: 100 }, 200), { width: 200, height: 50 });
  assert.deepEqual(sizeAtMost({ width: 40, height: 10 }, 200), { width: 40, height: 10 });
  assert.deepEqual(sizeAtMost({ width: 4000, height: 1 }, 200), { width: 200, height: 1 });
});
