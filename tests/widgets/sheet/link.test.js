import assert from "node:assert/strict";
import { test } from "node:test";
import { Link } from "../../../widgets/sheet/src/link.js";

const GAP = 20; // ms

/** @param {number} gaps */
const waitFor = (gaps) => new Promise((go) => setTimeout(go, gaps * GAP));

/** Return a link whose Python has these values, with what it sends. */
function connected(values = {}) {
  /** @type {any[]} */
  const sent = [];
  /** @type {string[]} */
  const changed = [];
  const kept = { values };
  /** @type {any} */
  const model = {
    get: () => kept.values,
    /** @type {(message: any) => void} */
    send: (message) => void sent.push(message),
  };
  const link = new Link(model, (name) => changed.push(name), GAP);
  return { link, sent, changed, kept };
}

test("what a person set is shown until Python has taken it", () => {
  const { link, sent, kept } = connected({ steps: 20 });
  link.set("steps", 30, false);
  assert.equal(link.value("steps"), 30);
  kept.values = { steps: 28 }; // Python has its own mind
  assert.equal(link.value("steps"), 30);
  link.taken({ kind: "taken", name: "steps", serial: sent[0].serial });
  assert.equal(link.value("steps"), 28);
});

test("an answer to an earlier change does not take the later one back", () => {
  const { link, sent } = connected({ steps: 20 });
  link.set("steps", 30, false);
  link.set("steps", 31, false);
  link.taken({ kind: "taken", name: "steps", serial: sent[0].serial });
  assert.equal(link.value("steps"), 31);
  link.taken({ kind: "taken", name: "steps", serial: sent[1].serial });
  assert.equal(link.value("steps"), 20);
});

test("a control that moves is heard of now and then, and its rest at once", async () => {
  const { link, sent } = connected();
  for (const value of [1, 2, 3]) link.set("steps", value, true);
  await waitFor(1.5);
  link.set("steps", 4, true);
  link.set("steps", 5, false);
  await waitFor(4);
  const told = sent.map(({ value, moving }) => [value, moving]);
  assert.deepEqual(told, [
    [1, true],
    [3, true],
    [5, false],
  ]);
});

test("a control that is not live is heard of at rest alone", () => {
  const { link, sent, changed } = connected();
  link.set("steps", 1, true, false);
  assert.deepEqual([sent, changed, link.value("steps")], [[], ["steps"], 1]);
  link.set("steps", 2, false, false);
  assert.equal(sent.length, 1);
});

test("a view that ends sends what waits", async () => {
  const { link, sent } = connected();
  link.set("steps", 1, true);
  link.set("steps", 2, true);
  link.close();
  await waitFor(4);
  assert.deepEqual(
    sent.map(({ value, moving }) => [value, moving]),
    [
      [1, true],
      [2, false],
    ],
  );
});
