import assert from "node:assert/strict";
import { test } from "node:test";
import { NONE, countText, emptyText, inForce } from "../../../widgets/gallery/src/filters.js";
import { suggested } from "../../../widgets/gallery/src/tags.js";

test("each filter in force has a name and is taken away alone", () => {
  const filters = { ...NONE, tags: ["sea", "sky"], stars: 3, since: "2026-11-01", bin: true };
  assert.deepEqual(
    inForce(filters).map(({ label }) => label),
    ["In the bin", "sea", "sky", "★ 3 or more", "from 2026-11-01"],
  );
  assert.deepEqual(inForce(filters)[1].without, { tags: ["sky"] });
  assert.deepEqual(inForce({ ...NONE, text: "red", order: "seed" }), []);
});

test("an empty list says whether nothing was made or nothing fits", () => {
  assert.equal(emptyText(NONE).text, "No pictures yet");
  assert.equal(emptyText({ ...NONE, text: " xyz " }).text, "No pictures match “xyz”");
  assert.equal(emptyText({ ...NONE, stars: 2 }).text, "No pictures match the filters");
  assert.equal(emptyText({ ...NONE, bin: true }).text, "The bin is empty");
  assert.equal(emptyText(NONE).isFiltered, false);
});

test("pictures are counted in words", () => {
  assert.equal(countText(1), "1 picture");
  assert.equal(countText(25_000), "25,000 pictures");
});

test("tags are suggested that not all have, those that begin so and are common first", () => {
  /** @type {[string, number][]} */
  const known = [
    ["portrait", 5],
    ["Porto", 9],
    ["airport", 50],
    ["sea", 3],
  ];
  assert.deepEqual(suggested("port", known, [], 2), ["Porto", "portrait", "airport"]);
  assert.deepEqual(suggested("", known, [["sea", 2]], 2), ["airport", "Porto", "portrait"]);
  assert.deepEqual(suggested("sea", known, [["sea", 1]], 2), ["sea"]);
});
