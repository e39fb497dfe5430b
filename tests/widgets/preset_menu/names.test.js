import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { presetOf, savingOf } from "../../../widgets/preset_menu/src/names.js";

const PRESETS = [
  { name: "Draft", description: "", shipped: true },
  { name: "Mine", description: "", shipped: false },
];

test("a preset is found by its name, where capitals and blanks at the ends do not count", () => {
  deepEqual(presetOf(PRESETS, " mine "), PRESETS[1]);
  equal(presetOf(PRESETS, "other"), undefined);
});

test("saving under one's own name replaces, under a shipped one's it does not", () => {
  equal(savingOf(PRESETS, "MINE"), "Replace");
  equal(savingOf(PRESETS, "draft"), "Save");
  equal(savingOf(PRESETS, "new"), "Save");
  equal(savingOf(PRESETS, "  "), "");
});
