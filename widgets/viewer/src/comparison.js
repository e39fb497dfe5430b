// Two pictures compared in a view: the line between them, their names, and which of them blinks.
import { make } from "../../shared/dom.js";
import { splitPlace } from "./painter.js";

/** @import { Stage } from "./stage.js" */

const BLINK = 600; // ms that each picture is seen

export class Comparison {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.split = makeSplit();
    this.tags = ["left", "right"].map((side) =>
      make("span", { class: `mls-viewer-tag mls-viewer-tag-${side}` }),
    );
    /** Which picture is seen while they blink: 0 the left, 1 the right. */
    this.side = 0;
    /** Whether the other one is held in sight. */
    this.isHeld = false;
    // Blinking by itself is for those who do not mind it.
    this.isBlinking = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  get how() {
    return this.stage.store.model.get("how");
  }

  get isActive() {
    const { store, mode } = this.stage;
    return mode === "compare" && store.compared !== null && store.preview === null;
  }

  get isSplit() {
    return this.isActive && this.how === "slider";
  }

  get isBeside() {
    return this.isActive && this.how === "side by side";
  }

  get isBlink() {
    return this.isActive && this.how === "blink";
  }

  /** Return which picture is seen while they blink, or while one is held. */
  get seen() {
    return this.isHeld ? 1 - this.side : this.side;
  }

  /** Begin or end to blink, as the view asks for now. */
  update() {
    const runs = this.isBlink && this.isBlinking && !this.isHeld;
    if (runs && this.timer === undefined) this.timer = setInterval(() => this.flip(), BLINK);
    if (!runs) this.stop();
    if (!this.isBlink) this.isHeld = false;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  flip() {
    this.side = 1 - this.side;
    this.stage.redraw();
  }

  /** @param {boolean} isHeld */
  hold(isHeld) {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.stage.store.changed();
  }

  toggleBlinking() {
    this.isBlinking = !this.isBlinking;
    this.stage.store.changed();
  }

  /** Put the line and the names where they belong. */
  show() {
    const { split, tags, stage } = this;
    split.hidden = !this.isSplit;
    const labels = stage.store.model.get("labels");
    tags.forEach((tag, side) => {
      tag.hidden = !this.isActive || (this.isBlink && side !== this.seen);
      tag.textContent = labels[side];
      tag.dataset.how = this.how;
    });
    this.placeTags();
    if (!this.isSplit) return;
    const share = Math.round(100 * stage.store.model.get("split"));
    split.style.left = `${splitPlace(stage)}px`;
    split.setAttribute("aria-label", `Where ${labels[0]} ends and ${labels[1]} begins`);
    split.setAttribute("aria-valuenow", String(share));
    split.setAttribute("aria-valuetext", `${share} % ${labels[0]}`);
  }

  placeTags() {
    const [, right] = this.tags;
    const pane = this.isBeside ? this.stage.panes[1] : null;
    right.style.left = pane ? `${pane.left + 8}px` : "";
    right.style.top = pane ? `${pane.top + 8}px` : "";
    right.style.right = pane ? "auto" : "";
  }
}

function makeSplit() {
  return make("div", {
    class: "mls-viewer-split",
    role: "slider",
    tabindex: 0,
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    hidden: "",
  });
}
