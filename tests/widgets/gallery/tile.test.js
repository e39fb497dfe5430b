import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../../../widgets/gallery/src/tile.js";

const ENTRY = { id: "a", title: "a red ball", stars: 3, created: "", width: 512, height: 768 };

test("a tile tells title, stars and size", () => {
  assert.equal(factsOf(ENTRY), "a red ball · 3 stars · 512 × 768");
});

test("what is not known is left out", () => {
  assert.equal(factsOf({ ...ENTRY, title: "", stars: 0, width: 0 }), "without a prompt");
  assert.equal(factsOf({ ...ENTRY, stars: 1, height: 0 }), "a red ball · 1 star");
});

test("its time is told as people here write it", () => {
  const facts = factsOf({ ...ENTRY, created: "2026-03-01T12:00:00+00:00" });
  assert.match(facts, /2026/);
});
