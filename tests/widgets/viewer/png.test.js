import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { greyPNG } from "../../../widgets/viewer/src/png.js";

const DATA = Uint8Array.from({ length: 15 }, (_, i) => 17 * i);

/**
 * Return the chunks of a PNG, name and content.
 * @param {Uint8Array} file
 * @returns {[string, Buffer][]}
 */
function chunksOf(file) {
  const buffer = Buffer.from(file);
  /** @type {[string, Buffer][]} */
  const chunks = [];
  for (let at = 8; at < buffer.length;) {
    const length = buffer.readUInt32BE(at);
    chunks.push([
      buffer.toString("latin1", at + 4, at + 8),
      buffer.subarray(at + 8, at + 8 + length),
    ]);
    at += 12 + length;
  }
  return chunks;
}

test("a grey PNG has the size, eight bits a pixel, and every pixel as it was", async () => {
  const file = await greyPNG(DATA, 5, 3);
  assert.deepEqual([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = chunksOf(file);
  assert.deepEqual(
    chunks.map(([name]) => name),
    ["IHDR", "IDAT", "IEND"],
  );
  assert.deepEqual([...chunks[0][1]], [0, 0, 0, 5, 0, 0, 0, 3, 8, 0, 0, 0, 0]);
  const rows = inflateSync(chunks[1][1]);
  const pixels = [0, 1, 2].flatMap((y) => [...rows.subarray(6 * y + 1, 6 * y + 6)]);
  assert.deepEqual(pixels, [...DATA]);
  assert.deepEqual([rows[0], rows[6], rows[12]], [0, 0, 0]);
});

test("its last chunk has the checksum that the standard gives", async () => {
  const file = await greyPNG(DATA, 5, 3);
  assert.equal(Buffer.from(file.subarray(-4)).toString("hex"), "ae426082");
});
