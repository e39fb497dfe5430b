// The panel over the stage's side: for each box whether it counts, its place, prompt and strength.
import { make } from "../../shared/dom.js";
import { BoxRow } from "./box_row.js";
import { reordered } from "./boxes.js";
import { changeButton, makeButton, makeGroup } from "./controls.js";

/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

const WIDTH = 264; // screen pixels that the open panel covers, with its distance
const NARROW = 480; // screen pixels of a room whose panel lies at the foot
const SHRUNK = 0.9; // the panel opens by itself where the picture keeps this much of its scale

export class BoxPanel {
  /**
   * @param {Store} store
   * @param {Stage} stage
   * @param {HTMLElement} whenEmpty gets the focus when the last box is removed
   */
  constructor(store, stage, whenEmpty) {
    this.store = store;
    this.stage = stage;
    this.whenEmpty = whenEmpty;
    /** @type {BoxRow[]} */
    this.rows = [];
    /** The chosen box that was scrolled into view. */
    this.scrolled = -1;
    /**
     * Whether a person has opened or folded it; null: it opens where there is room beside the
     * picture.
     * @type {boolean | null}
     */
    this.isOpened = null;
    this.list = make("ol", { class: "mls-viewer-list" });
    this.none = make("p", { class: "mls-viewer-none" });
    this.fold = makeButton("fold", "right", "Fold", "Fold the list of boxes", () => this.toggle());
    this.title = make("span", { class: "mls-viewer-title" });
    this.redraw = make(
      "button",
      {
        type: "button",
        class: "mls-viewer-button mls-viewer-redraw",
        title: "Repaint the parts in the boxes, and run the stages after that again",
        onclick: () => store.model.send({ kind: "redraw" }),
      },
      "Redraw boxes",
    );
    this.body = make("div", { class: "mls-viewer-panel-body" }, this.none, this.list);
    this.root = makeGroup(
      "mls-viewer-panel mls-viewer-over",
      "Parts to repaint",
      make("div", { class: "mls-viewer-panel-head" }, this.title, this.fold),
      this.body,
      this.redraw,
    );
  }

  get boxes() {
    return this.store.boxes;
  }

  get isOpen() {
    return this.isOpened ?? this.hasRoom;
  }

  /** Whether the picture, fitted in, is hardly smaller beside the open panel. */
  get hasRoom() {
    const { frame, room } = this.stage;
    if (!frame || room.width < NARROW) return false;
    const beside = (room.width - WIDTH) / frame.width;
    const alone = Math.min(room.width / frame.width, room.height / frame.height);
    return Math.min(beside, room.height / frame.height) >= SHRUNK * alone;
  }

  toggle() {
    this.isOpened = !this.isOpen;
    this.store.changed();
    this.fold.focus();
  }

  update() {
    const { store, stage } = this;
    const { all, selected } = this.boxes;
    const isShown = store.model.get("mode") === "boxes" && stage.frame !== null;
    this.root.hidden = !isShown;
    const isOpen = isShown && this.isOpen;
    const isNarrow = stage.room.width < NARROW;
    this.root.dataset.open = String(isOpen);
    this.root.dataset.narrow = String(isNarrow);
    stage.cover(isOpen && !isNarrow ? WIDTH : 0);
    if (!isShown) return;
    this.showHead(isOpen);
    this.body.hidden = !isOpen;
    const shown = stage.isWorkable ? all : [];
    while (this.rows.length < shown.length) {
      const row = new BoxRow(this, this.rows.length);
      this.rows.push(row);
      this.list.append(row.root);
    }
    for (const row of this.rows.splice(shown.length)) row.root.remove();
    this.rows.forEach((row, index) => row.show(all[index], index === selected));
    this.none.hidden = shown.length > 0;
    this.none.textContent = this.reason();
    this.redraw.hidden = !store.model.get("can_redraw");
    this.redraw.disabled = shown.length === 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }

  /** @param {boolean} isOpen */
  showHead(isOpen) {
    const { all } = this.boxes;
    const on = all.filter((box) => box.enabled).length;
    const boxes = all.length === 1 ? "1 box" : `${all.length} boxes`;
    const counted = on === all.length ? boxes : `${on} of ${boxes}`;
    this.title.textContent = this.stage.hand.isAdding ? "Drag over the part" : counted;
    if (isOpen) changeButton(this.fold, "right", "Fold", "Fold the list of boxes");
    else changeButton(this.fold, "left", "Edit", "Words, strength and numbers of each box");
    this.fold.setAttribute("aria-expanded", String(isOpen));
  }

  /** Return why no box is listed. */
  reason() {
    const { model, picture } = this.store;
    if (!this.stage.frame?.isPicture) return "They can be edited when the picture is finished.";
    const [width, height] = model.get("boxes_size");
    if (this.boxes.all.length && !this.boxes.isFor(picture)) {
      return `The boxes belong to a picture of ${width} × ${height}; show that one to edit them.`;
    }
    return "No boxes. Add one, then drag over the part to repaint.";
  }

  /**
   * Move a box up (-1) or down (1); the focus goes with it.
   * @param {number} index
   * @param {number} by
   */
  move(index, by) {
    this.boxes.change(reordered(this.boxes.all, index, index + by), index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }

  /** @param {number} index */
  remove(index) {
    this.boxes.remove(index);
    const next = this.rows[Math.min(index, this.rows.length - 1)];
    (next?.name ?? this.whenEmpty).focus();
  }
}
