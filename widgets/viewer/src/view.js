// One view of the viewer: the bar, the stage, and what lies over it.
import { make } from "../../shared/dom.js";
import { Bar } from "./bar.js";
import { BoxPanel } from "./box_panel.js";
import { BoxTools } from "./box_tools.js";
import { CompareTools } from "./compare_tools.js";
import { hearFiles } from "./files.js";
import { TileGrid } from "./grid.js";
import { makeIcon } from "./icons.js";
import { press } from "./keys.js";
import { MaskTools } from "./mask_tools.js";
import { MessageBar } from "./message.js";
import { PictureTools } from "./picture_tools.js";
import { Stage } from "./stage.js";
import { TileTools } from "./tile_tools.js";

/** @import { MessageOptions, Mode } from "./types" */
/** @import { Group } from "./bar.js" */
/** @import { Store } from "./store.js" */

const NOTHING_TO_COMPARE =
  "Nothing to compare with yet. Choose two pictures of the history, or two stages of this one.";

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
    this.grid = new TileGrid(store);
    this.message = new MessageBar(() => this.focus());
    this.hint = make("div", { class: "mls-viewer-hint", role: "status", hidden: "" });
    this.pictureTools = new PictureTools(store, this.stage);
    this.tileTools = new TileTools(store);
    this.compareTools = new CompareTools(store, this.stage);
    this.maskTools = new MaskTools(store, this.stage);
    this.boxTools = new BoxTools(store, this.stage);
    this.boxPanel = new BoxPanel(store, this.stage, this.boxTools.add);
    this.bar = new Bar(store, (mode) => this.groupsOf(mode));
    this.area.append(...makeCovers(), this.hint, this.boxPanel.root);
    this.root.replaceChildren(
      this.bar.root,
      make("div", { class: "mls-viewer-main" }, this.area, this.grid.root, this.message.root),
      this.bar.menu,
      this.pictureTools.file,
    );
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.grid.open(this.ended.signal);
    this.bar.listen(this.ended.signal);
    this.update();
  }

  listen() {
    const { signal } = this.ended;
    this.root.addEventListener("keydown", (event) => press(this, event), { signal });
    this.root.addEventListener("keyup", (event) => this.release(event.key), { signal });
    this.area.addEventListener("blur", () => this.release(" "), { signal });
    this.stage.onResize = () => this.boxPanel.update();
    hearFiles(this.root, signal, (files) => this.store.drop(files));
  }

  close() {
    this.store.views.delete(this);
    this.ended.abort();
    this.message.stop();
    this.root.replaceChildren();
  }

  /** Give the focus to the picture, or to the grid's tile. */
  focus() {
    if (this.store.model.get("mode") === "grid") this.grid.focus();
    else this.area.focus();
  }

  /**
   * Return the tools of a mode, in the order of the bar.
   * @param {Mode} mode
   * @returns {Group[]}
   */
  groupsOf(mode) {
    const own = {
      grid: this.tileTools.gridGroups,
      view: this.tileTools.groups,
      compare: this.compareTools.groups,
      mask: this.maskTools.groups,
      boxes: this.boxTools.groups,
    };
    return [...own[mode], ...this.pictureTools.groups];
  }

  /** Return what has the focus within the viewer and can be seen, null if nothing has. */
  get focused() {
    const { activeElement } = /** @type {Document | ShadowRoot} */ (this.root.getRootNode());
    return this.root.contains(activeElement) && activeElement?.checkVisibility()
      ? activeElement
      : null;
  }

  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { focused } = this;
    this.draw();
    // A tile, or a button that has gone: the keys are still the viewer's.
    if (focused && !this.focused) this.focus();
  }

  draw() {
    const { store, stage, root } = this;
    const { model } = store;
    const mode = model.get("mode");
    const shown = this.shown();
    Object.assign(root.dataset, {
      mode,
      shown,
      previews: store.previews,
      erases: model.get("mask_erases"),
      undos: store.masks.mask?.history.done.length ?? 0,
    });
    this.area.setAttribute("aria-busy", String(model.get("busy")));
    this.area.inert = mode === "grid";
    stage.update();
    this.boxPanel.update();
    this.grid.update();
    this.pictureTools.show();
    this.tileTools.show();
    this.compareTools.show();
    this.maskTools.show();
    this.boxTools.show();
    this.bar.show(mode);
    this.hint.hidden = mode !== "compare" || stage.comparison.isActive || !stage.frame;
    this.hint.textContent = NOTHING_TO_COMPARE;
    this.area.setAttribute("aria-label", this.described(shown));
    stage.look();
  }

  /** Return what the style sheet has to show: a preview, a picture, or why there is none. */
  shown() {
    const { model, picture, preview } = this.store;
    if (preview) return "preview";
    if (picture || this.stage.comparison.isActive) return "picture";
    return model.get("busy") ? "skeleton" : "empty";
  }

  /**
   * Return what a screen reader says of the picture.
   * @param {string} shown
   */
  described(shown) {
    const { stage, store } = this;
    if (!stage.frame) return shown === "skeleton" ? "The picture is being made" : "No picture";
    const facts = `${this.pictureTools.facts()} pixels`;
    if (stage.comparison.isActive) return `${store.model.get("labels").join(" and ")}, ${facts}`;
    return `Picture, ${facts}. Arrow keys move it, plus and minus zoom, 0 fits it in.`;
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

  /** @param {string} key that was let go */
  release(key) {
    if (key === " ") this.holdSpace(false);
    if (key.toLowerCase() === "x") this.stage.comparison.hold(false);
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
