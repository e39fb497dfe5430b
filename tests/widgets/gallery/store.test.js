import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../../widgets/gallery/src/store.js";

/** @import { Answer, Model, Row } from "../../../widgets/gallery/src/types" */

/** A model without a page: what was asked, and a way to answer. */
class Wire {
  /** @type {any[]} */
  asked = [];
  /** @type {Map<string, (...news: any[]) => void>} */
  heard = new Map();
  traits = { count: 100, generation: 1 };
  changes = 0;

  constructor() {
    const model = {
      /** @param {"count" | "generation"} name */
      get: (name) => this.traits[name],
      /** @type {(name: string, act: () => void) => unknown} */
      on: (name, act) => this.heard.set(name, act),
      /** @param {string} name */
      off: (name) => this.heard.delete(name),
      /** @param {object} question */
      send: (question) => this.asked.push(question),
    };
    this.store = new Store(
      /** @type {Model} */ (/** @type {unknown} */ (model)),
      () => this.changes++,
    );
  }

  /** @param {Partial<Answer>} answer */
  answer(answer) {
    const whole = { generation: this.traits.generation, ids: [], missing: {}, ...answer };
    this.heard.get("msg:custom")?.(
      whole,
      whole.ids.map(() => new DataView(new ArrayBuffer(3))),
    );
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  answerRows(from, to) {
    /** @type {Row[]} */
    const rows = [];
    for (let at = from; at < to; at++) rows.push([`id-${at}`, `picture ${at}`, 0, "", 64, 64]);
    this.answer({ kind: "rows", from, rows });
  }

  renew() {
    this.traits.generation++;
    this.heard.get("change:generation")?.();
  }
}

test("entries are asked for once, with their thumbnails where it has never been", () => {
  const wire = new Wire();
  wire.store.want(0, 10);
  wire.store.want(0, 10); // the answer is on its way
  assert.deepEqual(wire.asked, [{ kind: "rows", from: 0, to: 10, thumbnails: true }]);
  wire.answerRows(0, 10);
  wire.store.want(0, 10);
  assert.equal(wire.asked.length, 1);
  assert.equal(wire.store.entry(3)?.title, "picture 3");
});

test("of a range only the part is asked for that is not known", () => {
  const wire = new Wire();
  wire.store.want(0, 10);
  wire.answerRows(0, 10);
  wire.store.want(5, 20);
  assert.deepEqual(wire.asked[1], { kind: "rows", from: 10, to: 20, thumbnails: true });
});

test("after a change in Python entries are shown as they were and asked for again", () => {
  const wire = new Wire();
  wire.store.want(0, 10);
  wire.answerRows(0, 10);
  wire.renew();
  assert.equal(wire.store.entry(3)?.title, "picture 3");
  wire.store.want(0, 10);
  assert.deepEqual(wire.asked[1], { kind: "rows", from: 0, to: 10, thumbnails: false });
});

test("entries beyond a shorter end are gone", () => {
  const wire = new Wire();
  wire.answerRows(0, 10);
  wire.traits.count = 4;
  wire.renew();
  assert.ok(wire.store.entry(3));
  assert.equal(wire.store.entry(4), undefined);
});

test("an answer from before a change is not believed", () => {
  const wire = new Wire();
  wire.traits.generation = 2;
  wire.answer({ kind: "rows", generation: 1, from: 0, rows: [["old", "old", 0, "", 1, 1]] });
  assert.equal(wire.store.entry(0), undefined);
});

test("thumbnails are asked for that are neither known nor known to be missing", () => {
  const wire = new Wire();
  wire.store.wantThumbnails(["a", "b", "c"]);
  wire.answer({ kind: "thumbnails", ids: ["a"], missing: { b: "no such file" } });
  wire.store.wantThumbnails(["a", "b", "c"]);
  assert.deepEqual(
    wire.asked.map(({ ids }) => ids),
    [["a", "b", "c"], ["c"]],
  );
  assert.match(wire.store.thumbnail("a") ?? "", /^blob:/);
  assert.equal(wire.store.why("b"), "no such file");
  wire.store.close();
});

test("of many thumbnails the longest unseen are let go, those on the screen never", () => {
  const wire = new Wire();
  const ids = Array.from({ length: 700 }, (_, at) => `id-${at}`);
  wire.answer({ kind: "thumbnails", ids });
  wire.store.thumbnail("id-1"); // used now
  wire.store.tidy(new Set(["id-0"]));
  assert.equal(wire.store.thumbnails.size, 600);
  assert.ok(wire.store.thumbnail("id-0"));
  assert.ok(wire.store.thumbnail("id-1"));
  assert.equal(wire.store.thumbnail("id-2"), undefined);
  wire.store.close();
});

test("each answer is told, and after the end none", () => {
  const wire = new Wire();
  wire.answerRows(0, 1);
  assert.equal(wire.changes, 1);
  wire.store.close();
  wire.answerRows(0, 1);
  assert.equal(wire.changes, 1);
  assert.equal(wire.heard.size, 0);
});
