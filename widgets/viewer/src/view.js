// One view of the viewer: toolbar, tools of each mode, stage, box list, messages.
import { make } from "../../shared/dom.js";
import { BoxList } from "./box_list.js";
import { BoxTools } from "./box_tools.js";
import { makeIcon } from "./controls.js";
import { hearFiles } from "./files.js";
import { press } from "./keys.js";
import { MaskTools } from "./mask_tools.js";
import { MessageBar } from "./message.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";

/** @import { MessageOptions, Mode } from "./types" */
/** @import { Store } from "./store.js" */

export class View {
  /**
   * @param {Store} store
   * @param {HTMLElement} root
   */
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.ended = new AbortController();
    this.area = make("div", {
      class: "mls-viewer-stage",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "picture",
    });
    this.stage = new Stage(store, this.area);
    this.message = new MessageBar();
    this.area.append(...makeCovers(), this.message.root);
    this.toolbar = new Toolbar(store, this.stage);
    this.facts = make("div", { class: "mls-viewer-tools mls-viewer-facts" });
    this.maskTools = new MaskTools(store, this.stage);
    this.boxTools = new BoxTools(store, this.stage);
    this.boxList = new BoxList(store, this.boxTools.add);
    this.root.replaceChildren(
      this.toolbar.root,
      this.facts,
      this.maskTools.root,
      this.boxTools.root,
      make("div", { class: "mls-viewer-main" }, this.area, this.boxList.root),
    );
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.update();
  }

  listen() {
    const { signal } = this.ended;
    this.root.addEventListener("keydown", (event) => press(this, event), { signal });
    const release = () => this.holdSpace(false);
    this.root.addEventListener("keyup", (event) => event.key === " " && release(), { signal });
    this.area.addEventListener("blur", release, { signal });
    hearFiles(this.root, signal, (files) => this.store.drop(files));
  }

  close() {
    this.store.views.delete(this);
    this.ended.abort();
    this.message.stop();
    this.root.replaceChildren();
  }

  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { store, stage, root } = this;
    const { model } = store;
    const mode = model.get("mode");
    Object.assign(root.dataset, {
      mode,
      shown: this.shown(),
      previews: store.previews,
      erases: model.get("brush_erases"),
      undos: store.mask?.history.done.length ?? 0,
    });
    this.area.setAttribute("aria-busy", String(model.get("busy")));
    this.toolbar.showMode(mode);
    stage.update();
    this.toolbar.showZoom();
    this.facts.hidden = mode !== "view" && mode !== "compare";
    this.maskTools.root.hidden = mode !== "mask";
    this.boxTools.root.hidden = this.boxList.root.hidden = mode !== "boxes";
    this.showFacts(mode);
    this.maskTools.show();
    this.boxList.update();
    this.boxTools.show();
    stage.look();
  }

  /** Return what the style sheet has to show: a preview, a picture, or why there is none. */
  shown() {
    const { model, picture, preview } = this.store;
    if (preview) return "preview";
    if (picture) return "picture";
    return model.get("busy") ? "skeleton" : "empty";
  }

  /** @param {Mode} mode */
  showFacts(mode) {
    const { frame } = this.stage;
    const none = this.shown() === "skeleton" ? "Making your picture…" : "No picture";
    const facts = frame ? `${frame.width} × ${frame.height}` : none;
    const hint = frame ? this.hint(mode) : "";
    this.facts.replaceChildren(
      make("span", { class: "mls-viewer-pixels" }, facts),
      make("span", { class: "mls-viewer-hint" }, hint),
    );
    this.area.setAttribute("aria-label", frame ? `Picture, ${facts} pixels. ${hint}` : facts);
  }

  /** @param {Mode} mode */
  hint(mode) {
    if (mode === "compare") {
      const isComparable = this.store.before !== null;
      return isComparable ? "Drag the line, or use the arrow keys" : "Nothing to compare with yet";
    }
    const isTouch = matchMedia("(pointer: coarse)").matches;
    return isTouch
      ? "Pinch to zoom, drag to move, double-tap to fit"
      : "Scroll to zoom, drag to move, double-click to fit";
  }

  /**
   * @param {string} text
   * @param {MessageOptions} [options]
   */
  say(text, options) {
    this.message.say(text, options);
  }

  endProgress() {
    this.message.endProgress();
  }

  /** @param {boolean} isHeld */
  holdSpace(isHeld) {
    this.stage.isSpaceHeld = isHeld;
    this.stage.look();
    this.stage.redraw();
  }
}

/** Make what covers the stage while no picture is there, or while one is held over it. */
function makeCovers() {
  return [
    make("div", { class: "mls-viewer-skeleton", "aria-hidden": "true" }),
    make(
      "div",
      { class: "mls-viewer-empty" },
      makeIcon("picture"),
      make("strong", {}, "Your picture appears here"),
      make("span", {}, "Or drop, paste or open one"),
    ),
    make("div", { class: "mls-viewer-drop" }, "Drop the picture here"),
  ];
}
