import assert from "node:assert/strict";
import { test } from "node:test";
import * as texts from "../../../widgets/foot/src/texts.js";

/** @import { Job, Stage } from "../../../widgets/foot/src/types" */

/**
 * @param {Partial<Job>} own
 * @returns {Job}
 */
const job = (own) => ({
  name: "1",
  label: "a cat",
  facts: "seed 7",
  state: "queued",
  is_batch: false,
  since: null,
  until: null,
  takes: null,
  why: "",
  ...own,
});

/**
 * @param {Partial<Stage>} own
 * @returns {Stage}
 */
const stage = (own) => ({
  name: "face",
  title: "Face",
  state: "done",
  seconds: 1.24,
  pictures: 1,
  pictured: true,
  ...own,
});

test("times are told as a person tells them", () => {
  const told = [-3, 0.4, 59.4, 130, 5400].map(texts.timeText);
  assert.deepEqual(told, ["0 s", "0 s", "59 s", "2 min 10 s", "1.5 h"]);
  assert.deepEqual([1.24, 12.6].map(texts.secondsText), ["1.2 s", "13 s"]);
});

test("the time left is never nothing, and what has passed is told where it is not known", () => {
  const running = { state: /** @type {const} */ ("running"), text: "Face", since: 90 };
  assert.equal(texts.statusText({ ...running, until: 107.2 }, 100), "Face · 7 s left");
  assert.equal(texts.statusText({ ...running, until: 98 }, 100), "Face · 1 s left");
  assert.equal(texts.statusText({ ...running, until: null }, 100), "Face · 10 s");
  assert.equal(texts.statusText({ ...running, until: null }, 90), "Face");
  assert.equal(texts.statusText({ state: "done", text: "Done", until: 110 }, 100), "Done");
});

test("a chip tells its seconds, for each picture of a batch, and its label all", () => {
  assert.equal(texts.stageText(stage({})), "1.2 s");
  assert.equal(texts.stageText(stage({ pictures: 4 })), "4 × 1.2 s");
  assert.equal(texts.stageText(stage({ state: "cached" })), "");
  assert.equal(texts.stageLabel(stage({ state: "cached" })), "Face, from the cache");
  assert.equal(texts.stageLabel(stage({ seconds: null })), "Face");
});

test("the button of the queue tells what matters most", () => {
  const waiting = [job({ state: "running" }), job({}), job({ state: "failed" })];
  const stopped = { kind: /** @type {const} */ ("left"), text: "", why: "" };
  assert.equal(texts.queueText(waiting, {}), "1 waiting");
  assert.equal(texts.queueText(waiting, { paused: true }), "Paused, 1 waiting");
  assert.equal(texts.queueText([], { paused: true }), "Queue paused");
  assert.equal(texts.queueText([job({ state: "failed" })], {}), "1 failed");
  assert.equal(texts.queueText(waiting, { stopped }), "Queue stopped");
  assert.equal(texts.queueText([], {}), "Queue");
});

test("the head of the queue tells how many wait and for how long", () => {
  assert.equal(texts.headText([], { left: 3 }), "nothing waits");
  assert.equal(texts.headText([job({}), job({})], {}), "2 waiting");
  assert.equal(texts.headText([job({})], { left: 75 }), "1 waiting · about 1 min 15 s in all");
});

test("a row tells what its job does, by the clock", () => {
  assert.equal(texts.jobText(job({}), 100), "seed 7 · waiting");
  assert.equal(texts.jobText(job({ takes: 3 }), 100), "seed 7 · waiting · about 3 s");
  const running = job({ state: "running", since: 96, until: 109 });
  assert.equal(texts.jobText(running, 100), "seed 7 · running 4 s · 9 s left");
  assert.equal(texts.jobText(job({ state: "running" }), 100), "seed 7 · running");
  assert.equal(texts.jobText(job({ state: "failed", why: "full" }), 1), "seed 7 · full");
});
