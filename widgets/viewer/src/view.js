// The viewer itself: toolbar, tools of each mode, stage, box list, messages, keys, files.
import { make } from "../../shared/dom.js";
import { BoxList } from "./box_list.js";
import { draggedBox } from "./boxes.js";
import { asPercent, makeButton, makeIcon, makeSlider } from "./controls.js";
import { Stage } from "./stage.js";

const MESSAGE_SECONDS = 6;
const BRUSH_STEP = 1.2; // a key makes the brush so many times larger
const ZOOM_STEP = 1.25;
const MODE_BUTTONS = [
  ["view", "View", "Look at it: zoom and move (V)"],
  ["compare", "Compare", "Compare before and after (C)"],
  ["mask", "Mask", "Paint the area to repaint (M)"],
  ["boxes", "Boxes", "Correct the detections (B)"],
];

export class View {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.ended = new AbortController();
    this.build();
    this.listen();
    store.views.add(this);
    this.stage.open(this.ended.signal);
    this.update();
  }

  close() {
    this.store.views.delete(this);
    this.ended.abort();
    clearTimeout(this.fading);
    this.root.replaceChildren();
  }

  // --- what there is ---------------------------------------------------------------------------
  build() {
    const { store } = this;
    this.area = make("div", {
      class: "mls-viewer-stage",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "picture",
    });
    this.stage = new Stage(store, this.area);
    this.empty = make(
      "div",
      { class: "mls-viewer-empty" },
      makeIcon("picture"),
      make("strong", {}, "Your picture appears here"),
      make("span", {}, "Or drop, paste or open one"),
    );
    this.skeleton = make("div", { class: "mls-viewer-skeleton", "aria-hidden": "true" });
    this.dropHere = make("div", { class: "mls-viewer-drop" }, "Drop the picture here");
    this.message = make("div", { class: "mls-viewer-message", hidden: "" });
    this.area.append(this.skeleton, this.empty, this.dropHere, this.message);
    this.boxList = new BoxList(store);
    this.tools = {
      view: make("div", { class: "mls-viewer-tools mls-viewer-facts" }),
      mask: this.buildMaskTools(),
      boxes: this.buildBoxTools(),
    };
    this.root.replaceChildren(
      this.buildBar(),
      ...Object.values(this.tools),
      make("div", { class: "mls-viewer-main" }, this.area, this.boxList.root),
    );
  }

  buildBar() {
    const { store, stage } = this;
    this.modes = MODE_BUTTONS.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, help, () => this.setMode(mode), label);
      button.dataset.mode = mode;
      return button;
    });
    this.file = make("input", {
      type: "file",
      class: "mls-viewer-file",
      accept: "image/png,image/jpeg,image/webp",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => {
        store.drop([...this.file.files]);
        this.file.value = ""; // the same file can be chosen again
      },
    });
    const open = makeButton("open", "open", "Open a picture", () => this.file.click());
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
    return make(
      "div",
      { class: "mls-viewer-bar" },
      make(
        "div",
        { class: "mls-viewer-modes", role: "group", "aria-label": "Mode" },
        ...this.modes,
      ),
      make(
        "div",
        { class: "mls-viewer-zooms", role: "group", "aria-label": "Picture and zoom" },
        this.file,
        open,
        ...this.zooms,
      ),
    );
  }

  buildMaskTools() {
    const { store } = this;
    const change = (act) => () => store.changeMask(act);
    const tool = (erases, icon, label, help) => {
      const pick = () => store.set({ brush_erases: erases });
      const button = makeButton(icon, icon, help, pick, label);
      button.dataset.erases = erases;
      return button;
    };
    this.brushes = [
      tool(false, "paint", "Paint", "Paint: this is drawn again (E)"),
      tool(true, "erase", "Erase", "Erase: this stays as it is (E)"),
    ];
    const share = { min: 0, max: 1, step: 0.05, text: asPercent };
    const pixels = { min: 1, max: 512, step: 1, text: (value) => `${value} px` };
    const set = (name) => (value) => {
      store.set({ [`brush_${name}`]: value });
      store.changed();
    };
    this.sliders = {
      size: makeSlider("size", "Size", pixels, set("size")),
      hardness: makeSlider("hardness", "Hardness", share, set("hardness")),
      opacity: makeSlider("opacity", "Opacity", { ...share, min: 0.05 }, set("opacity")),
    };
    this.undo = makeButton("undo", "undo", "Undo (Ctrl+Z)", change((mask) => mask.undo()));
    this.redo = makeButton("redo", "redo", "Redo (Ctrl+Shift+Z)", change((mask) => mask.redo()));
    this.maskButtons = [
      ...this.brushes,
      makeButton("invert", "invert", "Invert the mask", change((mask) => mask.invert())),
      makeButton("fill", "fill", "Mask everything", change((mask) => mask.fill(255))),
      makeButton("clear", "trash", "Clear the mask", change((mask) => mask.fill(0))),
    ];
    return make(
      "div",
      { class: "mls-viewer-tools", role: "group", "aria-label": "Mask" },
      make("div", { class: "mls-viewer-modes" }, ...this.brushes),
      ...Object.values(this.sliders).map((slider) => slider.row),
      make(
        "div",
        { class: "mls-viewer-set" },
        this.undo,
        this.redo,
        ...this.maskButtons.slice(this.brushes.length),
      ),
    );
  }

  buildBoxTools() {
    const { store, stage } = this;
    this.addBox = makeButton(
      "add",
      "plus",
      "Add a box: press, then drag it on the picture",
      (event) => {
        // The keyboard cannot drag: it gets a box in the middle, to move with the arrow keys.
        if (event.detail === 0) {
          stage.add();
          this.area.focus();
          return;
        }
        stage.isAdding = !stage.isAdding;
        this.update();
      },
      "Add box",
    );
    this.boxList.whenEmpty = this.addBox;
    this.undoBoxes = makeButton("undo", "undo", "Undo (Ctrl+Z)", () =>
      store.stepBoxes("done", "undone"),
    );
    this.redoBoxes = makeButton("redo", "redo", "Redo (Ctrl+Shift+Z)", () =>
      store.stepBoxes("undone", "done"),
    );
    this.boxHint = make("span", { class: "mls-viewer-hint" });
    return make(
      "div",
      { class: "mls-viewer-tools", role: "group", "aria-label": "Boxes" },
      this.addBox,
      make("div", { class: "mls-viewer-set" }, this.undoBoxes, this.redoBoxes),
      this.boxHint,
    );
  }

  // --- showing how things are ------------------------------------------------------------------
  update() {
    const { store, stage, root } = this;
    const { model, picture, preview } = store;
    const mode = model.get("mode");
    const isWaiting = model.get("busy") && !picture && !preview;
    Object.assign(root.dataset, {
      mode,
      shown: preview ? "preview" : picture ? "picture" : isWaiting ? "skeleton" : "empty",
      previews: store.previews,
      erases: model.get("brush_erases"),
    });
    this.area.setAttribute("aria-busy", model.get("busy"));
    for (const button of this.modes) {
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
      const has = { mask: store.hasMask, boxes: store.boxes.length > 0 };
      button.dataset.marked = Boolean(has[button.dataset.mode]);
    }
    stage.update();
    const isEmpty = stage.frame === null;
    for (const button of this.zooms) button.disabled = isEmpty;
    if (isEmpty) {
      this.percent.textContent = "–";
      this.percent.setAttribute("aria-label", "Zoom");
    }
    this.tools.view.hidden = mode !== "view" && mode !== "compare";
    this.tools.mask.hidden = mode !== "mask";
    this.tools.boxes.hidden = this.boxList.root.hidden = mode !== "boxes";
    this.showFacts(mode);
    this.showMaskTools();
    this.showBoxTools();
    stage.look();
  }

  showFacts(mode) {
    const { store, stage } = this;
    const isTouch = matchMedia("(pointer: coarse)").matches;
    const { frame } = stage;
    const isWaiting = this.root.dataset.shown === "skeleton";
    const none = isWaiting ? "Making your picture…" : "No picture";
    const facts = frame ? `${frame.width} × ${frame.height}` : none;
    let hint = "";
    if (frame && mode === "compare" && !store.before) hint = "Nothing to compare with yet";
    else if (frame && mode === "compare") hint = "Drag the line, or use the arrow keys";
    else if (frame && isTouch) hint = "Pinch to zoom, drag to move, double-tap to fit";
    else if (frame) hint = "Scroll to zoom, drag to move, double-click to fit";
    this.tools.view.replaceChildren(
      make("span", { class: "mls-viewer-pixels" }, facts),
      make("span", { class: "mls-viewer-hint" }, hint),
    );
    this.area.setAttribute("aria-label", frame ? `Picture, ${facts} pixels. ${hint}` : facts);
  }

  showMaskTools() {
    const { store, stage } = this;
    const { mask, model } = store;
    const isReady = stage.isWorkable && mask !== null;
    this.undo.disabled = !isReady || mask.done.length === 0;
    this.redo.disabled = !isReady || mask.undone.length === 0;
    for (const button of this.maskButtons) button.disabled = !isReady;
    for (const button of this.brushes) {
      const isOn = String(model.get("brush_erases")) === button.dataset.erases;
      button.setAttribute("aria-pressed", isOn);
    }
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.input.disabled = !isReady;
      if (name === "size" && mask) {
        slider.input.max = Math.min(1024, Math.ceil(Math.max(mask.width, mask.height) / 2));
      }
      slider.show(model.get(`brush_${name}`));
    }
    this.root.dataset.undos = mask?.done.length ?? 0;
  }

  showBoxTools() {
    const { store, stage } = this;
    this.boxList.update();
    this.addBox.disabled = !stage.isWorkable;
    this.addBox.setAttribute("aria-pressed", stage.isAdding);
    this.undoBoxes.disabled = store.history.done.length === 0;
    this.redoBoxes.disabled = store.history.undone.length === 0;
    const count = store.boxes.filter((find) => find.enabled).length;
    this.boxHint.textContent = stage.isAdding
      ? "Drag over the part to repaint"
      : `${count} of ${store.boxes.length} drawn again, from top to bottom`;
  }

  // A message at the foot of the stage; an empty text takes it away. Errors stay until closed.
  say(text, { title, details, share, isError = false } = {}) {
    const { message } = this;
    clearTimeout(this.fading);
    message.hidden = !text;
    message.dataset.error = isError;
    message.setAttribute("role", isError ? "alert" : "status");
    const parts = [make("p", {}, ...(title ? [make("strong", {}, title), " "] : []), text)];
    if (share !== undefined) {
      parts.push(make("progress", { max: 1, value: share, "aria-label": text }));
    }
    if (details) {
      const folded = [make("summary", {}, "Technical details"), make("pre", {}, details)];
      parts.push(make("details", {}, ...folded));
    }
    const close = makeButton("close", "close", "Close", () => this.say(""));
    message.replaceChildren(make("div", {}, ...parts), close);
    if (text && !isError && share === undefined) {
      this.fading = setTimeout(() => this.say(""), 1000 * MESSAGE_SECONDS);
    }
  }

  // An error that has come in between stays.
  endProgress() {
    if (this.message.querySelector("progress")) this.say("");
  }

  setMode(mode) {
    this.store.set({ mode });
    this.store.changed();
  }

  // --- keys and files --------------------------------------------------------------------------
  listen() {
    const { root, store, ended } = this;
    const on = (target, name, hear) =>
      target.addEventListener(name, hear, { signal: ended.signal });
    on(root, "keydown", (event) => this.press(event));
    on(root, "keyup", (event) => {
      if (event.key === " ") this.holdSpace(false);
    });
    on(this.area, "blur", () => this.holdSpace(false));
    // A child's dragleave is not the end: count what was entered.
    let depth = 0;
    const mark = (change) => {
      depth = Math.max(0, depth + change);
      root.dataset.dropping = depth > 0;
    };
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
    on(root, "dragenter", (event) => isFile(event) && mark(1));
    on(root, "dragleave", (event) => isFile(event) && mark(-1));
    on(root, "dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    });
    on(root, "drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      event.stopPropagation();
      mark(-depth);
      store.drop([...event.dataTransfer.files]);
    });
    on(root, "paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      event.stopPropagation();
      store.drop(files);
    });
  }

  holdSpace(isHeld) {
    this.stage.isSpaceHeld = isHeld;
    this.stage.look();
    this.stage.redraw();
  }

  press(event) {
    const isCommand = event.ctrlKey || event.metaKey;
    const isTyping = event.target.matches("textarea, input:not([type=range], [type=checkbox])");
    const isUsed = !isTyping && (this.pressOnStage(event) || this.pressAnywhere(event));
    if (isUsed) event.preventDefault();
    // JupyterLab would take the rest for itself: D, D deletes a cell. Its Ctrl keys stay.
    if (isUsed || !isCommand) event.stopPropagation();
  }

  pressAnywhere(event) {
    const { store, stage } = this;
    const mode = store.model.get("mode");
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const isRedo = key === "y" || (key === "z" && event.shiftKey);
      if (!isRedo && key !== "z") return false;
      if (mode === "mask") store.changeMask((mask) => (isRedo ? mask.redo() : mask.undo()));
      else if (mode === "boxes") store.stepBoxes(...(isRedo ? ["undone", "done"] : ["done", "undone"]));
      else return false;
      return true;
    }
    const brush = (factor) => {
      const size = store.model.get("brush_size");
      const next = factor > 1 ? Math.ceil(size * factor) : Math.floor(size * factor);
      store.set({ brush_size: Math.min(Math.max(next, 1), 1024) });
      store.changed();
    };
    const keys = {
      0: () => stage.fit(),
      1: () => stage.actualSize(),
      "+": () => stage.zoomBy(ZOOM_STEP),
      "=": () => stage.zoomBy(ZOOM_STEP),
      "-": () => stage.zoomBy(1 / ZOOM_STEP),
      ...Object.fromEntries(MODE_BUTTONS.map(([name]) => [name[0], () => this.setMode(name)])),
    };
    if (mode === "mask") {
      keys["["] = () => brush(1 / BRUSH_STEP);
      keys["]"] = () => brush(BRUSH_STEP);
      keys.e = () => {
        store.set({ brush_erases: !store.model.get("brush_erases") });
        store.changed();
      };
    }
    if (!keys[key] || event.altKey) return false;
    keys[key]();
    return true;
  }

  // Keys that mean the picture itself: those of the arrow block, and space.
  pressOnStage(event) {
    const { store, stage } = this;
    const onSplit = event.target === stage.split;
    if (!stage.frame || (event.target !== this.area && !onSplit)) return false;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (event.key === " ") this.holdSpace(true);
    else if (onSplit && (step || event.key === "Home" || event.key === "End")) {
      this.moveSplit(event, step);
    } else if (event.key === "Escape" && stage.isAdding) {
      stage.isAdding = false;
      this.update();
    } else if (store.model.get("mode") === "boxes" && store.selected >= 0 && stage.isWorkable) {
      return this.pressOnBox(event, step);
    } else if (step) stage.pan(-40 * step[0], -40 * step[1]);
    else return false;
    return true;
  }

  moveSplit(event, step) {
    const by = 0.01 * (event.shiftKey ? 10 : 1);
    const split = this.store.model.get("split");
    let next = event.key === "Home" ? 0 : 1;
    // Right and up raise it, as a slider's keys do.
    if (step) next = split + by * (step[0] - step[1]);
    this.store.set({ split: Math.min(Math.max(Number(next.toFixed(4)), 0), 1) });
    this.store.changed();
  }

  // Arrows move the chosen box (Shift: ten pixels), with Ctrl its right and lower edge.
  pressOnBox(event, step) {
    const { store, stage } = this;
    const index = store.selected;
    if (event.key === "Delete" || event.key === "Backspace") this.boxList.remove(index);
    else if (event.key === "Escape") store.select(-1);
    else if (step) {
      const [dx, dy] = step.map((part) => part * (event.shiftKey ? 10 : 1));
      const grip = event.ctrlKey || event.metaKey ? "rb" : "move";
      stage.place(index, draggedBox(store.boxes[index].box, grip, dx, dy, stage.frame));
    } else return false;
    return true;
  }
}
