import assert from "node:assert/strict";
import { test } from "node:test";
import { weighed } from "../../../../widgets/shared/prompt/weights.js";

/**
 * Return a text after so many steps up (or down, below zero), and what is selected in it then.
 * @param {string} text
 * @param {number | [number, number]} at
 * @param {number} steps
 */
function after(text, at, steps) {
  let [start, end] = typeof at === "number" ? [at, at] : at;
  let now = text;
  for (let step = 0; step < Math.abs(steps); step++) {
    const change = weighed(now, start, end, steps > 0);
    if (!change) break;
    now = now.slice(0, change.from) + change.piece + now.slice(change.to);
    [start, end] = [change.start, change.end];
  }
  return { text: now, selected: now.slice(start, end) };
}

/** @type {[string, number | [number, number], number, string][]} */
const STEPS = [
  ["a red ball", 3, 1, "a (red:1.1) ball"],
  ["a red ball", 3, 2, "a (red:1.2) ball"],
  ["a red ball", 3, -1, "a (red:0.9) ball"],
  ["a (red:1.1) ball", 4, -1, "a red ball"],
  ["a red ball", [2, 10], 1, "a (red ball:1.1)"],
  ["a red ball ", [1, 11], 1, "a (red ball:1.1) "],
  ["a (red ball:1.25), so", 5, 1, "a (red ball:1.35), so"],
  ["a (red ball: 1.2 ), so", 5, 1, "a (red ball:1.3), so"],
  ["a ((red ball)), so", 6, 1, "a (red ball:1.3), so"],
  ["a [red] ball", 4, -1, "a (red:0.8) ball"],
  ["x (a:0.1) y", 3, -2, "x (a:-0.1) y"],
  ["x <lora:doll:0.8> y", 9, 1, "x <lora:doll:0.85> y"],
  ["x <lora:doll:0.8> y", 9, 4, "x <lora:doll:1.0> y"],
  ["x <lora:doll> y", 9, -1, "x <lora:doll:0.95> y"],
  ["x <lora:doll:1:0.5:lbw=FACE> y", 9, -1, "x <lora:doll:0.95:0.45:lbw=FACE> y"],
  ["x <hypernet:doll:.5> y", 9, 1, "x <hypernet:doll:0.55> y"],
  ["a __doll/hair__ b", 8, 1, "a (__doll/hair__:1.1) b"],
  ["", 0, 1, ""],
  ["a  b", 2, 1, "a  b"],
  ["a < b", 3, 1, "a < b"],
];
for (const [text, at, steps, wanted] of STEPS) {
  test(`${JSON.stringify(text)} at ${at}, ${steps} steps: ${JSON.stringify(wanted)}`, () => {
    assert.equal(after(text, at, steps).text, wanted);
  });
}

test("what was weighed stays selected", () => {
  assert.equal(after("a red ball", [2, 10], 3).selected, "red ball");
  assert.equal(after("a (red:1.1) ball", [3, 6], -1).selected, "red");
});

test("up and down again is the text as it was", () => {
  for (const text of ["a red ball", "one, two (three) four"]) {
    const up = after(text, 3, 1);
    const at = up.text.indexOf("(") + 1;
    assert.equal(after(up.text, at, -1).text, text);
  }
});

test("a caret beside a tag, or words behind one, are not the tag's", () => {
  assert.equal(after("<lora:doll:1> red", 15, 1).text, "<lora:doll:1> (red:1.1)");
  assert.equal(after("<lora:doll:1> red", 3, 1).text, "<lora:doll:1.05> red");
  assert.equal(after("<other:doll:1> red", 8, 1).text, "<other:(doll:1.1):1> red");
  assert.equal(after("__hair__ red", 10, 1).text, "__hair__ (red:1.1)");
});
