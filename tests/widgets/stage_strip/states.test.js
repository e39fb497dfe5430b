import assert from "node:assert/strict";
import { test } from "node:test";
import { canChoose, secondsText, stateText } from "../../../widgets/stage_strip/src/states.js";

/** @import { State } from "../../../widgets/stage_strip/src/types" */

/**
 * @param {State} state
 * @param {number | null} seconds
 */
const stage = (state, seconds = null) => ({ name: "face", title: "Face", state, seconds });

test("a time has a tenth below ten seconds", () => {
  assert.deepEqual([0.04, 3.26, 9.9, 12.6].map(secondsText), ["0.0 s", "3.3 s", "9.9 s", "13 s"]);
});

test("a time stands with what runs or has run, and with nothing else", () => {
  assert.equal(stateText(stage("running", 1.5)), "running 1.5 s");
  assert.equal(stateText(stage("done", 20)), "done 20 s");
  assert.equal(stateText(stage("done")), "done");
  assert.equal(stateText(stage("cached", 3)), "cached");
});

test("a run begins again only from a stage whose result is there", () => {
  const all = /** @type {State[]} */ (["off", "waiting", "cached", "running", "done"]);
  assert.deepEqual(
    all.filter((state) => canChoose(stage(state))),
    ["cached", "done"],
  );
});
