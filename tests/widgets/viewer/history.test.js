import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../../widgets/viewer/src/history.js";

/** @param {number} count */
function historyOf(count) {
  /** @type {History<{ was: number, is: number }>} */
  const history = new History();
  for (let at = 0; at < count; at++) history.add({ was: at, is: at + 1 });
  return history;
}

test("changes are undone from the newest on, and made again in their order", () => {
  const history = historyOf(2);
  assert.deepEqual([history.undo()?.was, history.undo()?.was, history.undo()], [1, 0, undefined]);
  assert.deepEqual([history.redo()?.is, history.redo()?.is, history.redo()], [1, 2, undefined]);
});

test("after a new change what was undone cannot be made again", () => {
  const history = historyOf(2);
  history.undo();
  history.add({ was: 1, is: 9 });
  assert.equal(history.redo(), undefined);
  assert.equal(history.undo()?.is, 9);
});

test("the oldest changes are forgotten beyond the limit, the newest never", () => {
  const history = historyOf(5);
  history.limit(20, () => 10);
  assert.deepEqual(
    history.done.map(({ is }) => is),
    [4, 5],
  );
  history.limit(1, () => 10);
  assert.deepEqual(history.done, [{ was: 4, is: 5 }]);
});

test("a cleared history has nothing to undo or to make again", () => {
  const history = historyOf(2);
  history.undo();
  history.clear();
  assert.deepEqual([history.undo(), history.redo()], [undefined, undefined]);
});
