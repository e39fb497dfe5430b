import assert from "node:assert/strict";
import { test } from "node:test";
import { newDetection } from "../../../widgets/viewer/src/boxes.js";
import { Mask } from "../../../widgets/viewer/src/mask.js";
import { Store } from "../../../widgets/viewer/src/store.js";

/** @import { Detection, Grid, MessageOptions, Model, Traits } from "../../../widgets/viewer/src/types" */

/** @type {Grid} */
const GRID = { labels: [], badges: [], rows: [], columns: [], across: 0, size: [0, 0] };

/** A model without a page, and a view that remembers what it was told. */
class Desk {
  /** @type {any[]} */
  sent = [];
  /** @type {Map<string, (...news: any[]) => void>} */
  heard = new Map();
  /** @type {Partial<Traits>} */
  traits = { boxes: [], boxes_size: [0, 0], grid: GRID };
  /** @type {{ text: string, options?: MessageOptions }[]} */
  said = [];
  updates = 0;

  constructor() {
    const model = {
      /** @param {keyof Traits} name */
      get: (name) => this.traits[name],
      /** @type {(name: string, value: any) => void} */
      set: (name, value) => {
        Object.assign(this.traits, { [name]: value });
        this.heard.get(`change:${name}`)?.();
      },
      save_changes: () => this.sent.push({ kind: "save", boxes: this.traits.boxes }),
      /** @type {(name: string, act: () => void) => unknown} */
      on: (name, act) => this.heard.set(name, act),
      /** @param {object} message */
      send: (message) => this.sent.push(message),
    };
    this.store = new Store(/** @type {Model} */ (/** @type {unknown} */ (model)));
    this.store.views.add({
      update: () => this.updates++,
      say: (text, options) => this.said.push({ text, options }),
      endProgress: () => {},
    });
    this.sent.length = 0; // the hello
  }

  /** @param {object} message */
  answer(message) {
    this.heard.get("msg:custom")?.(message, []);
  }

  /** The parts of files that were sent. */
  parts() {
    return this.sent.filter(({ kind }) => kind === "part");
  }

  labels() {
    return this.store.boxes.all.map(({ label }) => label);
  }
}

/** @param {string[]} labels */
const boxes = (...labels) => labels.map((label) => newDetection([0, 0, 9, 9], label));

/**
 * Wait until so many parts were sent; all of them.
 * @param {Desk} desk
 * @param {number} count
 */
async function partsOf(desk, count) {
  for (let turn = 0; turn < 2000 && desk.parts().length < count; turn++) {
    await new Promise((done) => setTimeout(done, 1));
  }
  assert.equal(desk.parts().length, count);
  return desk.parts();
}

test("a change of the boxes is told to Python, shown, undone and made again", () => {
  const desk = new Desk();
  desk.store.boxes.change(boxes("a"), 0);
  desk.store.boxes.change(boxes("a", "b"), 1);
  assert.deepEqual(desk.sent.at(-1).boxes, desk.store.boxes.all);
  assert.ok(desk.updates > 0);
  desk.store.boxes.undo();
  assert.deepEqual(desk.labels(), ["a"]);
  assert.equal(desk.store.boxes.selected, 0);
  desk.store.boxes.undo();
  assert.deepEqual([desk.labels(), desk.store.boxes.selected], [[], -1]);
  desk.store.boxes.undo();
  desk.store.boxes.redo();
  desk.store.boxes.redo();
  assert.deepEqual(desk.labels(), ["a", "b"]);
  assert.deepEqual(desk.traits.boxes, desk.store.boxes.all);
});

test("a field of one box changes, the other boxes do not", () => {
  const desk = new Desk();
  desk.store.boxes.change(boxes("a", "b"));
  const [first] = desk.store.boxes.all;
  desk.store.boxes.changeOne(1, { prompt: "a smile", enabled: false });
  assert.equal(desk.store.boxes.all[0], first);
  const { label, prompt, enabled } = desk.store.boxes.all[1];
  assert.deepEqual([label, prompt, enabled], ["b", "a smile", false]);
});

test("boxes from Python end what could be undone, and keep the choice within them", () => {
  const desk = new Desk();
  desk.store.boxes.change(boxes("a", "b"), 1);
  /** @type {Detection[]} */
  const others = boxes("c");
  desk.traits.boxes = others;
  desk.heard.get("change:boxes")?.();
  assert.equal(desk.store.boxes.all, others);
  assert.equal(desk.store.boxes.selected, 0);
  desk.store.boxes.undo();
  assert.equal(desk.store.boxes.all, others);
});

test("a mask is sent when it has changed, and only then", async () => {
  const desk = new Desk();
  desk.store.masks.mask = new Mask(8, 8);
  desk.store.masks.change((mask) => mask.fill(0));
  assert.equal(desk.store.masks.isSending, false);
  desk.store.masks.change((mask) => mask.fill(255));
  const [part] = await partsOf(desk, 1);
  assert.deepEqual([part.purpose, part.name, part.page], ["mask", "mask.png", desk.store.page]);
  assert.equal(desk.store.masks.isPainted, true);
});

test("while a mask is on its way only the newest waits", async () => {
  const desk = new Desk();
  desk.store.masks.mask = new Mask(8, 8);
  desk.store.masks.change((mask) => mask.fill(50));
  const [first] = await partsOf(desk, 1);
  for (const value of [100, 150, 0]) desk.store.masks.change((mask) => mask.fill(value));
  desk.answer({ kind: "part", upload: first.upload, arrived: first.size });
  const [, second] = await partsOf(desk, 2);
  assert.equal(second.size, 0); // the newest is empty
});

test("a file that is no picture is refused by its name and not sent", async () => {
  const desk = new Desk();
  const file = Object.assign(new Blob(["hello"]), { name: "notes.txt" });
  await desk.store.drop([/** @type {File} */ (file)]);
  assert.match(desk.said[0].text, /notes.txt is not a picture/);
  assert.equal(desk.said[0].options?.isError, true);
  assert.deepEqual(desk.sent, []);
});

test("an error in Python is shown with its name and its details", () => {
  const desk = new Desk();
  desk.answer({ kind: "error", name: "PictureError", text: "it is broken", trace: "line 3" });
  const options = { title: "PictureError", details: "line 3", isError: true };
  assert.deepEqual(desk.said, [{ text: "it is broken", options }]);
});

test("boxes lie on a picture of the size they were set for, and on any before there is one", () => {
  const desk = new Desk();
  assert.equal(desk.store.boxes.isFor(null), true);
  desk.traits.boxes_size = [300, 200];
  assert.equal(desk.store.boxes.isFor({ width: 300, height: 200 }), true);
  assert.equal(desk.store.boxes.isFor({ width: 600, height: 400 }), false);
  assert.equal(desk.store.boxes.isFor(null), false);
});

test("each tile is asked for once, until there is another grid", () => {
  const desk = new Desk();
  const { tiles } = desk.store;
  desk.traits.grid = { ...GRID, labels: ["a", "b", "c"], number: 1 };
  desk.heard.get("change:grid")?.();
  tiles.want([0, 1]);
  tiles.want([1, 2]);
  tiles.want([0, 1, 2]);
  assert.deepEqual(desk.sent, [
    { kind: "tiles", number: 1, indices: [0, 1] },
    { kind: "tiles", number: 1, indices: [2] },
  ]);
  desk.traits.grid = { ...desk.traits.grid, size: [8, 8] };
  desk.heard.get("change:grid")?.();
  tiles.want([0]);
  assert.equal(desk.sent.length, 2);
  desk.traits.grid = { ...desk.traits.grid, number: 2 };
  desk.heard.get("change:grid")?.();
  tiles.want([0]);
  assert.deepEqual(desk.sent.at(-1), { kind: "tiles", number: 2, indices: [0] });
});
