// The tools that every mode has: the size, zoom, and the picture's file in and out.
import { make } from "../../shared/dom.js";
import { HIDES, item } from "./bar.js";
import { asPercent, makeButton } from "./controls.js";
import { copyPicture, downloadPicture } from "./files.js";

/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

export const ZOOM_STEP = 1.25;

export class PictureTools {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.pixels = make("span", { class: "mls-viewer-pixels" });
    this.file = this.makeFileInput();
    this.percent = make("button", {
      type: "button",
      class: "mls-viewer-button mls-viewer-percent",
      title: "Show it at 100 % (1)",
      onclick: () => stage.actualSize(),
    });
    stage.onZoom = (scale) => this.showPercent(asPercent(scale));
    this.zooms = {
      out: makeButton("zoom-out", "minus", "Zoom out", "Zoom out (−)", () =>
        stage.zoomBy(1 / ZOOM_STEP),
      ),
      percent: this.percent,
      in: makeButton("zoom-in", "plus", "Zoom in", "Zoom in (+)", () => stage.zoomBy(ZOOM_STEP)),
      fit: makeButton("fit", "fit", "Fit", "Fit the whole picture in (0)", () => stage.fit()),
    };
    this.open = makeButton("open", "open", "Open", "Open a picture from this computer (O)", () =>
      this.file.click(),
    );
    this.copy = makeButton("copy", "copy", "Copy", "Copy the picture (Ctrl+C)", () =>
      copyPicture(store),
    );
    this.download = makeButton(
      "download",
      "download",
      "Download",
      "Download the picture’s file, with its settings in it (D)",
      () => downloadPicture(store),
    );
    const isLooking = () => store.model.get("mode") !== "grid";
    this.groups = [
      { title: "Size", items: [item(this.pixels, HIDES, isLooking)] },
      {
        title: "Zoom",
        items: [
          item(this.zooms.out, 6, isLooking),
          item(this.percent, 3.5, isLooking),
          item(this.zooms.in, 6, isLooking),
          item(this.zooms.fit, 2, isLooking),
        ],
      },
      {
        title: "File",
        items: [
          item(this.open, 7),
          item(this.copy, 7, isLooking),
          item(this.download, 5, isLooking),
        ],
      },
    ];
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

  show() {
    const { frame } = this.stage;
    for (const button of Object.values(this.zooms)) button.disabled = frame === null;
    if (!frame) this.showPercent("–");
    this.copy.disabled = this.download.disabled = this.store.picture === null;
    this.pixels.textContent = this.facts();
  }

  /** Return the picture's size, and whether one sees through it. */
  facts() {
    const { frame } = this.stage;
    if (!frame) return "";
    const shown = frame.sides ?? [frame.image];
    const isTransparent = shown.some((picture) => picture.isTransparent);
    const size = `${frame.width} × ${frame.height}`;
    return isTransparent ? `${size} · transparent` : size;
  }

  /** @param {string} text */
  showPercent(text) {
    if (this.percent.textContent === text) return;
    this.percent.textContent = text;
    this.percent.setAttribute("aria-label", `Zoom ${text}; show it at 100 %`);
  }
}
