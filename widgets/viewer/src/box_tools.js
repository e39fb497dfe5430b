// The tools of the boxes: whose boxes they are, adding one, undo and redo.
import { make } from "../../shared/dom.js";
import { item } from "./bar.js";
import { makeButton, press } from "./controls.js";

/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

export class BoxTools {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.sets = make("select", {
      class: "mls-viewer-sets",
      "aria-label": "Boxes of",
      title: "The stage whose boxes are shown",
      onchange: () => store.set({ box_set: this.sets.value }),
    });
    const help = "Add a box: press, then drag it on the picture (A)";
    this.add = makeButton("add", "plus", "Add box", help, (event) => this.press(event));
    this.undo = makeButton("undo", "undo", "Undo", "Undo (Ctrl+Z)", () => store.boxes.undo());
    this.redo = makeButton("redo", "redo", "Redo", "Redo (Ctrl+Shift+Z)", () => store.boxes.redo());
    const areMany = () => store.model.get("box_sets").length > 1;
    this.groups = [
      { title: "Stage", items: [item(this.sets, 2, areMany)] },
      { title: "Boxes", items: [item(this.add, 1), item(this.undo, 2), item(this.redo, 2)] },
    ];
  }

  /** @param {MouseEvent} event */
  press(event) {
    if (event.detail === 0) this.addByKey();
    else this.toggleAdding();
  }

  toggleAdding() {
    const { hand } = this.stage;
    hand.isAdding = !hand.isAdding;
    this.store.changed();
  }

  /** Add a box in the middle, to move with the arrow keys: the keyboard cannot drag. */
  addByKey() {
    this.stage.hand.add();
    this.stage.root.focus();
  }

  show() {
    const { stage } = this;
    const { boxes, model } = this.store;
    this.showSets();
    this.sets.value = model.get("box_set");
    this.add.disabled = !stage.isWorkable;
    press(this.add, stage.hand.isAdding);
    this.undo.disabled = boxes.history.done.length === 0;
    this.redo.disabled = boxes.history.undone.length === 0;
  }

  showSets() {
    const sets = this.store.model.get("box_sets");
    const key = JSON.stringify(sets);
    if (this.sets.dataset.key === key) return;
    this.sets.dataset.key = key;
    this.sets.replaceChildren(
      ...sets.map(({ name, title, count }) =>
        make("option", { value: name }, `${title} · ${count}`),
      ),
    );
  }
}
