import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { retagOf, suggested } from "../../../widgets/gallery/src/tags.js";

/** @type {[string, number][]} */
const KNOWN = [
  ["character:Ada", 3],
  ["good", 9],
  ["character:Bo", 1],
];

test("tags that not all have are suggested, those that begin as typed first", () => {
  deepEqual(suggested("bo", KNOWN, [], 1), ["character:Bo"]);
  deepEqual(suggested("", KNOWN, [["good", 2]], 2), ["character:Ada", "character:Bo"]);
});

test("a tag gets a new name, or is merged with the one of that name", () => {
  equal(retagOf(KNOWN, "good", "great"), "Rename everywhere");
  equal(retagOf(KNOWN, "good", "GOOD"), "Rename everywhere");
  equal(retagOf(KNOWN, "good", " character:ada"), "Merge the two");
  equal(retagOf(KNOWN, "good", "good"), "");
  equal(retagOf(KNOWN, "good", " "), "");
});
