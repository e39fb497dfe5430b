// The tools of a grid's picture that is shown alone: the one before, and the one after.
import { make } from "../../shared/dom.js";
import { HIDES, item } from "./bar.js";
import { makeButton } from "./controls.js";

/** @import { Store } from "./store.js" */

export class TileTools {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.back = makeButton(
      "back",
      "left",
      "Previous",
      "Previous picture of the grid (Page Up)",
      () => this.step(-1),
    );
    this.next = makeButton("next", "right", "Next", "Next picture of the grid (Page Down)", () =>
      this.step(1),
    );
    this.place = make("span", { class: "mls-viewer-pixels" });
    this.marks = make("span", { class: "mls-viewer-pixels" });
    this.compare = makeButton("compare", "compare", "Compare 2", "Compare the two (C)", () =>
      store.tiles.compare(),
    );
    const isGrid = () => store.model.get("mode") === "grid";
    const areTwo = () => isGrid() && store.tiles.marked.length === 2;
    this.gridGroups = [
      {
        title: "Marked pictures",
        items: [item(this.compare, 1, areTwo), item(this.marks, HIDES, () => !areTwo())],
      },
    ];
    const isOne = () => store.tiles.count > 1 && store.model.get("tile") >= 0;
    this.groups = [
      {
        title: "Picture of the grid",
        items: [
          item(this.back, 5, isOne),
          item(this.place, HIDES, isOne),
          item(this.next, 5, isOne),
        ],
      },
    ];
  }

  /** @param {number} by */
  step(by) {
    const index = this.store.model.get("tile") + by;
    if (index >= 0 && index < this.store.tiles.count) this.store.tiles.open(index);
  }

  show() {
    const { tiles, model } = this.store;
    const tile = model.get("tile");
    this.back.disabled = tile <= 0;
    this.next.disabled = tile >= tiles.count - 1;
    const { length } = tiles.marked;
    this.marks.textContent = length ? `${length} marked` : "Ctrl+click marks a picture";
    this.place.textContent = `${tile + 1} of ${tiles.count}`;
  }
}
