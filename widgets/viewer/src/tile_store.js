// The pictures of the grid's tiles; Python is asked for those that are on the screen.

/** @import { Store } from "./store.js" */

export class TileStore {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.grid = store.model.get("grid");
    /**
     * The addresses of the tiles' pictures in this page; "" for one that is still being made.
     * @type {Map<number, string>}
     */
    this.addresses = new Map();
    /** @type {Set<number>} */
    this.asked = new Set();
    store.model.on("change:grid", () => {
      const before = this.grid;
      this.grid = store.model.get("grid");
      if (this.grid.number !== before.number) this.forget();
      store.changed();
    });
  }

  get count() {
    return this.grid.labels.length;
  }

  /** The tiles that are marked, in the order they were. */
  get marked() {
    return this.store.model.get("marked");
  }

  /**
   * Ask Python for the pictures of these tiles, each once.
   * @param {number[]} indices
   */
  want(indices) {
    const news = indices.filter((index) => !this.asked.has(index));
    if (!news.length) return;
    for (const index of news) this.asked.add(index);
    this.store.model.send({ kind: "tiles", number: this.grid.number, indices: news });
  }

  /**
   * @param {{ number: number, indices: number[] }} message
   * @param {DataView[]} buffers
   */
  take({ number, indices }, buffers) {
    if (number !== this.grid.number) return;
    indices.forEach((index, i) => {
      const content = buffers[i];
      this.asked.add(index);
      this.release(index);
      const blob = new Blob([/** @type {BlobPart} */ (content)]);
      this.addresses.set(index, content.byteLength ? URL.createObjectURL(blob) : "");
    });
    this.store.changed();
  }

  /**
   * Ask Python to show a tile's picture alone.
   * @param {number} index
   */
  open(index) {
    this.store.model.send({ kind: "tile", index });
  }

  /**
   * Mark a tile, or unmark it.
   * @param {number} index
   */
  mark(index) {
    const { marked } = this;
    const others = marked.filter((one) => one !== index);
    this.store.set({ marked: others.length < marked.length ? others : [...others, index] });
  }

  /**
   * Mark all tiles from the one that was marked last to this one.
   * @param {number} index
   */
  markUpTo(index) {
    const { marked } = this;
    const last = marked.at(-1) ?? index;
    const between = Array.from(
      { length: Math.abs(index - last) + 1 },
      (_, at) => Math.min(index, last) + at,
    );
    this.store.set({ marked: [...new Set([...marked, ...between, index])] });
  }

  /** Ask Python to compare the two tiles that are marked; false if there are not two. */
  compare() {
    if (this.marked.length !== 2) return false;
    const indices = [...this.marked].sort((one, other) => one - other);
    this.store.model.send({ kind: "compare_tiles", indices });
    return true;
  }

  forget() {
    for (const index of this.addresses.keys()) this.release(index);
    this.addresses.clear();
    this.asked.clear();
  }

  /** @param {number} index */
  release(index) {
    const address = this.addresses.get(index);
    if (address) URL.revokeObjectURL(address);
  }
}
