import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf } from "../../../widgets/gallery/src/keys.js";
import { KEYS, foundKeys, isKey, keyCaps } from "../../../widgets/shared/keys.js";
import { stepsOf } from "../../../widgets/sheet/src/numbers.js";
import { widthByKey } from "../../../widgets/splitter/src/width.js";
import { isMarkKey, tileByKey } from "../../../widgets/viewer/src/grid_layout.js";
import { keysOf } from "../../../widgets/viewer/src/keys.js";

const NAMED =
  "ArrowLeft ArrowRight ArrowUp ArrowDown PageUp PageDown Home End Enter Escape Delete Backspace";
const SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789+=-[].,;/\\?";
const EVERY_KEY = [...SIGNS, ...NAMED.split(" ")];

/** @param {keyof typeof KEYS} section */
const listed = (section) =>
  Object.values(KEYS[section].rows).flatMap(([keys]) => keys.map((key) => key.toLowerCase()));

/**
 * What a key that is pressed looks like to the code.
 * @param {string} key
 * @param {Partial<KeyboardEvent>} held
 */
const pressed = (key, held = {}) => {
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  return { key, ...none, ...held };
};

/** @param {string} mode */
function viewIn(mode) {
  const model = { get: (/** @type {string} */ name) => (name === "mode" ? mode : undefined) };
  const parts = { stage: { comparison: { how: "slider" } }, pictureTools: {}, tileTools: {} };
  return /** @type {any} */ ({ store: { model, masks: {} }, boxTools: {}, boxPanel: {}, ...parts });
}

test("each plain key that the viewer takes is in the list, and the list has no other", () => {
  const ofAll = listed("picture");
  /** @type {("compare" | "mask" | "boxes")[]} */
  const modes = ["compare", "mask", "boxes"];
  for (const mode of modes) {
    const taken = EVERY_KEY.map((key) => key.toLowerCase()).filter(
      (key) => keysOf(viewIn(mode))[key],
    );
    const known = [...ofAll, ...listed(mode)];
    assert.deepEqual(
      taken.filter((key) => !known.includes(key)),
      [],
      mode,
    );
    const plain = listed(mode).filter((key) => key.length === 1);
    assert.deepEqual(
      plain.filter((key) => !taken.includes(key)),
      [],
      mode,
    );
  }
  const inView = keysOf(viewIn("view"));
  const onPicture = ofAll.filter((key) => key.length === 1 || key.startsWith("page"));
  assert.deepEqual(Object.keys(inView).sort(), onPicture.sort());
});

test("each key that walks over the grid, or acts on marked tiles, is in the list", () => {
  const grid = { count: 9, across: 3, page: 2 };
  const taken = EVERY_KEY.filter((key) => isMarkKey(key) || tileByKey(key, 4, grid) !== null);
  const own = ["enter", "space", "escape"];
  assert.deepEqual(
    taken.map((key) => key.toLowerCase()).sort(),
    listed("grid")
      .filter((key) => !own.includes(key))
      .sort(),
  );
});

test("each key of the history is in the list, and the list has no other", () => {
  const grid = /** @type {any} */ ({ layout: { columns: 3 } });
  const acts = { act: () => {}, close: () => false };
  /** @type {(key: string, held?: Partial<KeyboardEvent>) => boolean} */
  const does = (key, held) => {
    const event = /** @type {KeyboardEvent} */ (pressed(key, held));
    return Boolean(actOf(grid, acts, event, !held));
  };
  const taken = EVERY_KEY.filter((key) => does(key)).map((key) => key.toLowerCase());
  if (does(" ")) taken.push("space");
  if (does("a", { ctrlKey: true })) taken.push("ctrl+a");
  assert.deepEqual(taken.sort(), listed("history").sort());
  assert.ok(!does("b", { ctrlKey: true }));
});

test("each key that steps a number is in the list, and the list has no other", () => {
  const taken = EVERY_KEY.filter((key) => stepsOf(pressed(key)) !== null);
  const typed = ["enter", "escape"]; // taken by the field that is typed in
  const known = listed("number").filter((key) => !typed.includes(key));
  assert.deepEqual(taken.map((key) => key.toLowerCase()).sort(), known.sort());
});

test("each key of a splitter is in the list, and the list has no other", () => {
  const options = { smallest: 1, largest: 9, isBefore: true, isShifted: false };
  const taken = EVERY_KEY.filter((key) => widthByKey(key, 5, options) !== undefined);
  assert.deepEqual(taken.map((key) => key.toLowerCase()).sort(), listed("splitter").sort());
});

test("no plain key of the studio means something else on the picture or in the history", () => {
  const others = /** @type {const} */ (["picture", "compare", "mask", "boxes", "history"]);
  const own = listed("studio").filter((key) => key.length === 1);
  assert.deepEqual(
    own.filter((key) => others.some((name) => listed(name).includes(key))),
    [],
  );
});

test("a key is known with what is held, and Cmd is Ctrl", () => {
  const { generate, redo, left, keys } = KEYS.studio.rows;
  assert.ok(isKey(pressed("Enter", { ctrlKey: true }), generate));
  assert.ok(isKey(pressed("Enter", { metaKey: true }), generate));
  assert.ok(!isKey(pressed("Enter"), generate));
  assert.ok(!isKey(pressed("Enter", { ctrlKey: true, altKey: true }), generate));
  assert.ok(isKey(pressed("Z", { ctrlKey: true, shiftKey: true }), redo));
  assert.ok(isKey(pressed("y", { ctrlKey: true }), redo));
  assert.ok(!isKey(pressed("z", { ctrlKey: true }), redo));
  assert.ok(isKey(pressed("t"), left));
  assert.ok(!isKey(pressed("T", { shiftKey: true }), left));
  assert.ok(isKey(pressed("?", { shiftKey: true }), keys));
  assert.ok(isKey(pressed("+", { shiftKey: true }), KEYS.picture.rows.larger));
});

test("keys are written as they stand on a keyboard", () => {
  assert.deepEqual(keyCaps("Ctrl+Shift+Z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keyCaps("Ctrl+ArrowUp"), ["Ctrl", "↑"]);
  assert.deepEqual(keyCaps("+"), ["+"]);
});

test("a search finds keys by what they do, by the key and by the place", () => {
  const titles = (/** @type {string} */ words) => foundKeys(words).map(({ title }) => title);
  assert.equal(titles("").length, Object.keys(KEYS).length);
  assert.deepEqual(titles("lasso"), [KEYS.mask.title]);
  assert.deepEqual(titles("ctrl+enter"), [KEYS.studio.title]);
  assert.ok(titles("undo box").includes(KEYS.boxes.title));
  assert.deepEqual(titles("no such thing"), []);
});
