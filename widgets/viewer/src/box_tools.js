// The tools of the boxes: adding one, undo and redo.
import { make } from "../../shared/dom.js";
import { makeButton, makeGroup } from "./controls.js";

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
    const help = "Add a box: press, then drag it on the picture";
    this.add = makeButton("add", "plus", help, (event) => this.press(event), "Add box");
    this.undo = makeButton("undo", "undo", "Undo (Ctrl+Z)", () => store.undoBoxes());
    this.redo = makeButton("redo", "redo", "Redo (Ctrl+Shift+Z)", () => store.redoBoxes());
    this.hint = make("span", { class: "mls-viewer-hint" });
    this.root = makeGroup(
      "mls-viewer-tools",
      "Boxes",
      this.add,
      make("div", { class: "mls-viewer-set" }, this.undo, this.redo),
      this.hint,
    );
  }

  /** @param {MouseEvent} event */
  press(event) {
    const { stage } = this;
    if (event.detail === 0) {
      // The keyboard cannot drag: it gets a box in the middle, to move with the arrow keys.
      stage.addBox();
      stage.root.focus();
      return;
    }
    stage.isAdding = !stage.isAdding;
    this.store.changed();
  }

  show() {
    const { stage } = this;
    const { boxes, history } = this.store;
    this.add.disabled = !stage.isWorkable;
    this.add.setAttribute("aria-pressed", String(stage.isAdding));
    this.undo.disabled = history.done.length === 0;
    this.redo.disabled = history.undone.length === 0;
    const count = boxes.filter((box) => box.enabled).length;
    this.hint.textContent = stage.isAdding
      ? "Drag over the part to repaint"
      : `${count} of ${boxes.length} drawn again, from top to bottom`;
  }
}
