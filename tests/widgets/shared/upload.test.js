import assert from "node:assert/strict";
import { test } from "node:test";
import { PART_BYTES, Sender, isPicture } from "../../../widgets/shared/upload.js";

/**
 * Return a sender whose other end answers each part by `answer`, and what it got.
 * @param {(message: any, part: ArrayBuffer) => number | null} answer
 */
function connected(answer) {
  /** @type {any[]} */
  const got = [];
  const model = {
    /** @type {(message: any, callbacks?: any, buffers?: any) => void} */
    send: (message, _, buffers = []) => {
      got.push({ ...message, bytes: buffers[0]?.byteLength });
      if (message.kind !== "part") return;
      const arrived = answer(message, buffers[0]);
      queueMicrotask(() => sender.hear({ upload: message.upload, arrived }));
    },
  };
  const sender = new Sender(model, "page");
  return { sender, got };
}

test("a large file goes in parts, each when the one before has arrived", async () => {
  const { sender, got } = connected(({ offset }, part) => offset + part.byteLength);
  /** @type {number[]} */
  const shares = [];
  const file = new Blob([new Uint8Array(2 * PART_BYTES + 5)]);
  assert.equal(await sender.send("drop", "a.png", file, (share) => shares.push(share)), true);
  assert.deepEqual(
    got.map(({ offset }) => offset),
    [0, PART_BYTES, 2 * PART_BYTES],
  );
  assert.deepEqual(
    got.map(({ bytes }) => bytes),
    [PART_BYTES, PART_BYTES, 5],
  );
  assert.deepEqual(shares.at(-1), 1);
  assert.equal(sender.waiting.size, 0);
});

test("an empty file is one empty part", async () => {
  const { sender, got } = connected(() => 0);
  assert.equal(await sender.send("mask", "mask.png", new Blob([])), true);
  assert.deepEqual(
    got.map(({ bytes }) => bytes),
    [0],
  );
});

test("a file that Python refuses is sent no further", async () => {
  const { sender, got } = connected(() => null);
  const file = new Blob([new Uint8Array(PART_BYTES + 1)]);
  assert.equal(await sender.send("drop", "a.png", file), false);
  assert.equal(got.length, 1);
});

test("a file that cannot be read any more is called off", async () => {
  const { sender, got } = connected(() => 0);
  const gone = /** @type {Blob} */ ({
    size: 9,
    slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }),
  });
  await assert.rejects(sender.send("drop", "a.png", gone), /gone/);
  assert.deepEqual(
    got.map(({ kind }) => kind),
    ["abort"],
  );
  assert.equal(sender.waiting.size, 0);
});

test("two files at once have names of their own", async () => {
  const { sender, got } = connected(({ offset }, part) => offset + part.byteLength);
  const file = new Blob([new Uint8Array(3)]);
  await Promise.all([sender.send("drop", "a", file), sender.send("mask", "b", file)]);
  assert.equal(new Set(got.map(({ upload }) => upload)).size, 2);
});

/** @type {[string, string, boolean][]} */
const FILES = [
  ["a PNG", "\x89PNG\r\n\x1a\n....", true],
  ["a JPEG", "\xff\xd8\xff\xe0....", true],
  ["a WebP", "RIFF....WEBP", true],
  ["a WAV", "RIFF....WAVE", false],
  ["a GIF", "GIF89a......", false],
  ["a text", "hello", false],
  ["nothing", "", false],
];
for (const [what, text, isOne] of FILES) {
  test(`${what} is ${isOne ? "a" : "no"} picture`, async () => {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    assert.equal(await isPicture(new Blob([bytes])), isOne);
  });
}
