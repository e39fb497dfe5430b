import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeIn, textOf, textOfRange, valuesIn } from "../../../widgets/generate/src/values.js";

test("values are separated by commas and lines, but not within quotes", () => {
  assert.deepEqual(valuesIn("Euler, DPM++ 2M"), ["Euler", "DPM++ 2M"]);
  assert.deepEqual(valuesIn(' "a, b" , c\n d,'), ["a, b", "c", "d"]);
  assert.deepEqual(valuesIn('"the ""best""", 1'), ['the "best"', "1"]);
  assert.deepEqual(valuesIn("  "), []);
});

test("a text of values is read as the same values", () => {
  const values = ["Euler", "a, b", 'the "best"', "1-4"];
  assert.deepEqual(valuesIn(textOf(values)), values);
  assert.equal(textOf(["a", "b, c"]), 'a, "b, c"');
});

test("a range is read and written in its three parts", () => {
  assert.deepEqual(rangeIn("3-7 [5]"), { from: "3", to: "7", count: "5" });
  assert.deepEqual(rangeIn(" 0.2 - 0.6[3] "), { from: "0.2", to: "0.6", count: "3" });
  assert.deepEqual(rangeIn("-2--1 [2]"), { from: "-2", to: "-1", count: "2" });
  for (const none of ["3, 5", "1-10 (+2)", "1-4", "", "a-b [2]"]) assert.equal(rangeIn(none), null);
  assert.equal(textOfRange({ from: "1", to: "2", count: "3" }), "1-2 [3]");
  assert.equal(textOfRange({ from: "1", to: "", count: "3" }), "");
});
