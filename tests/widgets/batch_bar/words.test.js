import assert from "node:assert/strict";
import { test } from "node:test";
import { markedText, runText } from "../../../widgets/batch_bar/src/words.js";

/** @import { Batch } from "../../../widgets/batch_bar/src/types" */

/**
 * @param {Partial<Batch>} own
 * @returns {Batch}
 */
const batch = (own) => ({
  name: "poster",
  state: "stopped",
  told: "",
  share: 0,
  left: 3,
  failed: 0,
  page: 0,
  pages: 1,
  title: "",
  ...own,
});

test("the button says whether it starts, resumes or tries the failed again", () => {
  assert.equal(runText(batch({ state: "waiting" })), "Start");
  assert.equal(runText(batch({})), "Resume");
  assert.equal(runText(batch({ failed: 1 })), "Resume");
  assert.equal(runText(batch({ failed: 3 })), "Retry 3 failed");
  assert.equal(runText(batch({ state: "running" })), "");
  assert.equal(runText(batch({ state: "done", left: 0 })), "");
});

test("marked pictures are counted", () => {
  assert.equal(markedText(0), "");
  assert.equal(markedText(1200), "1,200 marked");
});
