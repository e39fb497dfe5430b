// The bar at the top: the modes, opening a picture, zoom.
import { make } from "../../shared/dom.js";
import { asPercent, makeButton, makeGroup } from "./controls.js";

/** @import { Mode } from "./types" */
/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

export const ZOOM_STEP = 1.25;

/** @type {[mode: Mode, label: string, help: string][]} */
export const MODES = [
  ["view", "View", "Look at it: zoom and move (V)"],
  ["compare", "Compare", "Compare before and after (C)"],
  ["mask", "Mask", "Paint the area to repaint (M)"],
  ["boxes", "Boxes", "Correct the detections (B)"],
];

export class Toolbar {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.modes = MODES.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, help, () => store.set({ mode }), label);
      button.dataset.mode = mode;
      return button;
    });
    this.file = this.makeFileInput();
    this.percent = make("button", {
      type: "button",
      class: "mls-viewer-button mls-viewer-percent",
      title: "Show it at 1:1 (1)",
      onclick: () => stage.actualSize(),
    });
    stage.onZoom = (scale) => {
      this.percent.textContent = asPercent(scale);
      this.percent.setAttribute("aria-label", `Zoom ${asPercent(scale)}; show it 1:1`);
    };
    this.zooms = [
      makeButton("zoom-out", "minus", "Zoom out (−)", () => stage.zoomBy(1 / ZOOM_STEP)),
      this.percent,
      makeButton("zoom-in", "plus", "Zoom in (+)", () => stage.zoomBy(ZOOM_STEP)),
      makeButton("fit", "fit", "Fit it in (0)", () => stage.fit()),
    ];
    this.root = make(
      "div",
      { class: "mls-viewer-bar" },
      makeGroup("mls-viewer-modes", "Mode", ...this.modes),
      makeGroup(
        "mls-viewer-zooms",
        "Picture and zoom",
        this.file,
        makeButton("open", "open", "Open a picture", () => this.file.click()),
        ...this.zooms,
      ),
    );
  }

  makeFileInput() {
    const file = make("input", {
      type: "file",
      class: "mls-viewer-file",
      accept: "image/png,image/jpeg,image/webp",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => {
        this.store.drop([...(file.files ?? [])]);
        file.value = ""; // the same file can be chosen again
      },
    });
    return file;
  }

  /** @param {Mode} mode */
  showMode(mode) {
    const { boxes, hasMask } = this.store;
    for (const button of this.modes) {
      const own = button.dataset.mode;
      button.setAttribute("aria-pressed", String(own === mode));
      const isMarked = (own === "mask" && hasMask) || (own === "boxes" && boxes.length > 0);
      button.dataset.marked = String(isMarked);
    }
  }

  showZoom() {
    const isEmpty = this.stage.frame === null;
    for (const button of this.zooms) button.disabled = isEmpty;
    if (!isEmpty) return;
    this.percent.textContent = "–";
    this.percent.setAttribute("aria-label", "Zoom");
  }
}
