import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FRACTIONS,
  WHOLES,
  decimalsOf,
  outside,
  snapped,
  stepsOf,
} from "../../../widgets/sheet/src/numbers.js";

test("a fraction is read however people write it, and only a number is", () => {
  const read = ["0.5", "0,5", " .5 ", "\u22120.5", "1e-3", "1 000", "5."].map(FRACTIONS.parse);
  assert.deepEqual(read, [0.5, 0.5, 0.5, -0.5, 0.001, 1000, 5]);
  for (const text of ["", "many", "1,2,3", "0x10", "1-2", "NaN", "Infinity", "1e999", "."]) {
    assert.equal(FRACTIONS.parse(text), null, text);
  }
});

test("a whole number is exact to its last digit, whatever its length", () => {
  assert.equal(WHOLES.parse("18446744073709551615"), "18446744073709551615");
  assert.equal(WHOLES.parse("9007199254740993"), "9007199254740993");
  assert.equal(WHOLES.parse(" 1 000 "), 1000);
  assert.equal(WHOLES.parse("007"), 7);
  assert.equal(WHOLES.parse("\u22121"), -1);
  assert.equal(WHOLES.parse("20.0"), 20);
  for (const text of ["", "1.5", "1e3", "0x1", "--1", "many"]) {
    assert.equal(WHOLES.parse(text), null, text);
  }
});

test("a step leaves no dust of floating point", () => {
  let value = 0;
  for (let step = 0; step < 14; step++) value = FRACTIONS.stepped(value, 1, { step: 0.05 });
  assert.equal(value, 0.7);
  assert.equal(FRACTIONS.stepped(0.43, 1, { step: 0.05 }), 0.48);
  assert.equal(FRACTIONS.stepped(0.98, 1, { step: 0.05, max: 1 }), 1);
  assert.equal(FRACTIONS.stepped(0, -1, { step: 0.05, min: 0 }), 0);
});

test("a whole number steps over the edge of what JavaScript counts", () => {
  assert.equal(WHOLES.stepped(9007199254740991, 1, {}), "9007199254740992");
  assert.equal(WHOLES.stepped("9007199254740993", -2, {}), 9007199254740991);
  assert.equal(
    WHOLES.stepped("18446744073709551615", 1, { max: "18446744073709551615" }),
    "18446744073709551615",
  );
  assert.equal(WHOLES.stepped(512, 1, { step: 8 }), 520);
  assert.equal(WHOLES.stepped(3, -10, { min: 1 }), 1);
});

test("a fraction is shown with the decimals of its step, more where it has them", () => {
  assert.equal(FRACTIONS.format(0.5, 0.05), "0.50");
  assert.equal(FRACTIONS.format(0.123, 0.05), "0.123");
  assert.equal(FRACTIONS.format(0.7000000000000002, 0.1), "0.7");
  assert.equal(FRACTIONS.format(7, 0.5), "7.0");
  assert.equal(decimalsOf(1e-7), 0); // beyond what is shown
});

test("a place on a slider is that of a step", () => {
  const range = { min: -1, max: 2, step: 0.05 };
  assert.equal(snapped(0.731, range), 0.75);
  assert.equal(snapped(-1.2, range), -1);
  assert.equal(snapped(2, { min: 0, max: 2, step: 0.3 }), 2); // the end is reached all the same
});

test("a key moves a number, but not a letter", () => {
  /** @type {(key: string, shiftKey?: boolean) => any} */
  const steps = (key, shiftKey = false) => stepsOf({ key, shiftKey });
  assert.equal(steps("ArrowUp"), 1);
  assert.equal(steps("ArrowDown", true), -10);
  assert.equal(steps("PageUp"), 10);
  assert.equal(steps("End"), "max");
  assert.equal(steps("a"), null);
});

test("a number outside its limits is told with the nearest one inside", () => {
  assert.deepEqual(outside(WHOLES, 1000, { min: 1, max: 150 }), {
    text: "At most 150.",
    nearest: 150,
  });
  assert.deepEqual(outside(FRACTIONS, -0.5, { min: 0, step: 0.05 }), {
    text: "At least 0.00.",
    nearest: 0,
  });
  assert.deepEqual(outside(WHOLES, 4, { min: 8, unit: "px" }), {
    text: "At least 8 px.",
    nearest: 8,
  });
  assert.equal(outside(WHOLES, "18446744073709551615", { max: "18446744073709551615" }), null);
  assert.equal(outside(FRACTIONS, 5, {}), null);
});
