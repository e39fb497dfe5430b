// The boxes: those shown, the one chosen, and what a person does to them, with undo.
import { History } from "./history.js";

/** @import { Size } from "../../shared/geometry.js" */
/** @import { Store } from "./store.js" */
/** @import { Detection } from "./types" */

export class BoxStore {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    const { model } = store;
    this.all = model.get("boxes");
    this.selected = -1;
    /** @type {History<{ was: Detection[], is: Detection[] }>} */
    this.history = new History();
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.all) return; // a person's change
      this.all = model.get("boxes");
      this.history.clear();
      this.selected = Math.min(this.selected, this.all.length - 1);
      store.changed();
    });
  }

  /**
   * Say whether the boxes lie on a picture of this size.
   * @param {Size | null} picture
   */
  isFor(picture) {
    const [width, height] = this.store.model.get("boxes_size");
    return !width || (picture?.width === width && picture.height === height);
  }

  /**
   * @param {Detection[]} boxes
   * @param {number} selected
   */
  change(boxes, selected = this.selected) {
    this.history.add({ was: this.all, is: boxes });
    this.selected = selected;
    this.put(boxes);
  }

  /**
   * Change some fields of one box.
   * @param {number} index
   * @param {Partial<Detection>} fields
   */
  changeOne(index, fields) {
    this.change(this.all.map((box, i) => (i === index ? { ...box, ...fields } : box)));
  }

  /** @param {number} index */
  remove(index) {
    const boxes = this.all.filter((_, i) => i !== index);
    this.change(boxes, Math.min(index, boxes.length - 1));
  }

  undo() {
    this.putBack(this.history.undo()?.was);
  }

  redo() {
    this.putBack(this.history.redo()?.is);
  }

  /** @param {Detection[] | undefined} boxes */
  putBack(boxes) {
    if (!boxes) return;
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.put(boxes);
  }

  /** @param {Detection[]} boxes */
  put(boxes) {
    this.all = boxes;
    this.store.set({ boxes });
  }

  /** @param {number} index */
  select(index) {
    this.selected = index;
    this.store.changed();
  }
}
