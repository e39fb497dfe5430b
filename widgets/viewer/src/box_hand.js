// What a hand does to boxes on the stage: find the one under the pointer, add one, move one.
import { gripOf, middleBox, movedDetection, newDetection } from "./boxes.js";

/** @import { Box, Point } from "../../shared/geometry.js" */
/** @import { Grip } from "./boxes.js" */
/** @import { Stage } from "./stage.js" */

export class BoxHand {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** Whether the next drag draws a new box. */
    this.isAdding = false;
  }

  get boxes() {
    return this.stage.store.boxes;
  }

  /**
   * Return the box under a place, the chosen one first; null if there is none.
   * @param {Point} place
   * @returns {{ index: number, grip: Grip } | null}
   */
  boxAt(place) {
    const { draft, camera } = this.stage;
    const { all, selected } = this.boxes;
    const order = all.map((_, index) => index).reverse();
    if (selected >= 0) order.unshift(selected);
    for (const index of order) {
      const box = draft?.index === index ? draft.box : all[index].box;
      const grip = gripOf(camera.toScreen(box), place);
      if (grip) return { index, grip };
    }
    return null;
  }

  /**
   * Add a box, in the middle if nobody says where, named as those that are there.
   * @param {Box | null} box
   */
  add(box = null) {
    const { frame } = this.stage;
    if (!frame) return;
    const { all } = this.boxes;
    const label = all.at(-1)?.label ?? "";
    this.isAdding = false;
    this.boxes.change([...all, newDetection(box ?? middleBox(frame), label)], all.length);
  }

  /**
   * @param {number} index
   * @param {Box} box
   */
  place(index, box) {
    this.boxes.changeOne(index, movedDetection(this.boxes.all[index], box));
  }
}
