import assert from "node:assert/strict";
import { test } from "node:test";
import { offered, typedAt } from "../../../../widgets/shared/prompt/completion.js";

/** @import { Word, WordKind } from "../../../../widgets/shared/prompt/types" */

/** @type {WordKind[]} */
const WORDS = ["embedding", "style", "word"];

/** @type {[string, string | null, WordKind[]?][]} */
const TYPED = [
  ["a <", "", ["lora"]],
  ["a <lora:", "", ["lora"]],
  ["a <LoRA:pen", "pen", ["lora"]],
  ["a <lora:pen:", null],
  ["a __", "", ["wildcard"]],
  ["a __doll/ha", "doll/ha", ["wildcard"]],
  ["a __doll__", null],
  ["a __doll__ and __ha", "ha", ["wildcard"]],
  ["a m", null],
  ["a me", "me", WORDS],
  ["a, (mea", "mea", WORDS],
  ["ein größ", "größ", WORDS],
  ["a --", null],
  ["", null],
];
for (const [text, typed, kinds] of TYPED) {
  test(`at the end of ${JSON.stringify(text)} ${typed === null ? "no word" : `'${typed}'`} is typed`, () => {
    const found = typedAt(text, text.length);
    if (typed === null) {
      assert.equal(found, null);
      return;
    }
    assert.equal(found?.typed, typed);
    assert.deepEqual(found?.kinds, kinds);
  });
}

test("what is typed begins where it will be replaced", () => {
  assert.equal(typedAt("a <lora:pen", 11)?.start, 2);
  assert.equal(typedAt("a __ha", 6)?.start, 2);
  assert.equal(typedAt("see me, standing", 6)?.start, 4);
});

test("what begins far before the caret is no name any more", () => {
  const text = `<${"a b ".repeat(100)}me`;
  assert.deepEqual(typedAt(text, text.length), { start: 401, typed: "me", kinds: WORDS });
});

/**
 * @param {string} label
 * @param {WordKind} kind
 * @returns {Word}
 */
const word = (label, kind = "word") => ({ label, insert: label, kind });

/** @param {string} typed */
const asked = (typed) => ({ start: 0, typed, kinds: WORDS });

test("words that begin with what is typed come before those that contain it", () => {
  const words = [word("autumn mood"), word("Mountain"), word("moon", "style"), word("mo", "lora")];
  const labels = offered(words, asked("mo")).map(({ label }) => label);
  assert.deepEqual(labels, ["Mountain", "moon", "autumn mood"]);
});

test("what is written out in full is not offered again", () => {
  assert.deepEqual(offered([word("meadow")], asked("meadow")), []);
  assert.equal(offered([word("meadow"), word("meadows")], asked("meadow")).length, 2);
});

test("no more than fifty words are offered", () => {
  const words = Array.from({ length: 90 }, (_, at) => word(`word ${at}`));
  assert.equal(offered(words, asked("wo")).length, 50);
});
