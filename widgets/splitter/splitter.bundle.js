// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/splitter/src/splitter.js
// source: widgets/splitter/src/width.js
// sha256 of the sources: 5973d7a437dea8fd219f13d6ab129678b138b098d78df542ad98c7476ebeb4af
// sha256 of the lines below: 1e5d84272fcbb286f5129eb5f31e9937f67666f9f1274e5f0607ae85294adbb4
// widgets/shared/dom.js
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}

// widgets/splitter/src/width.js
var STEP = 16;
var limited = (width, { smallest, largest }) => width && Math.round(Math.max(smallest, Math.min(largest, width)));
function widthByKey(key, width, { smallest, largest, isBefore, isShifted }) {
  const by = STEP * (isShifted ? 4 : 1) * (isBefore ? 1 : -1);
  const widths = {
    ArrowRight: width + by,
    ArrowLeft: width - by,
    Home: smallest,
    End: largest,
    Enter: 0
  };
  return widths[key];
}

// widgets/splitter/src/splitter.js
var REDRAWN_BY = (
  /** @type {const} */
  ["width", "smallest", "largest", "side", "label"]
);
var Splitter = class {
  /**
   * @param {AnyModel<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    el.classList.add("mls-split-host");
    this.handle = addTo(el, "div", {
      class: "mls-splitter",
      tabindex: 0,
      role: "separator",
      "aria-orientation": "vertical"
    });
    this.ended = new AbortController();
    this.drag = null;
    this.sized = null;
    this.redraw = () => this.draw();
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.redraw);
    this.watch = new ResizeObserver(this.redraw);
    this.listen();
    this.begin();
  }
  /** The row is known only when the view is in the page; it changes with the window. */
  begin() {
    if (this.ended.signal.aborted) return;
    const row = this.own.parentElement;
    if (!this.el.isConnected || !row) {
      requestAnimationFrame(() => this.begin());
      return;
    }
    this.watch.observe(row);
    this.draw();
  }
  close() {
    this.watch.disconnect();
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.redraw);
    this.sized?.classList.remove("mls-split");
    this.ended.abort();
  }
  // --- the row ---------------------------------------------------------------------------------
  /** The row's child: in a notebook `el` itself; in other hosts it may be wrapped. */
  get own() {
    let found = this.el;
    while (found.parentElement && !/flex/.test(getComputedStyle(found.parentElement).display)) {
      found = found.parentElement;
    }
    return found;
  }
  get isBefore() {
    return this.model.get("side") === "before";
  }
  get limits() {
    return { smallest: this.model.get("smallest"), largest: this.model.get("largest") };
  }
  get panel() {
    return this.neighbour(this.isBefore);
  }
  get other() {
    return this.neighbour(!this.isBefore);
  }
  /** @param {boolean} isBefore */
  neighbour(isBefore) {
    const { own } = this;
    const found = isBefore ? own.previousElementSibling : own.nextElementSibling;
    return (
      /** @type {HTMLElement | null} */
      found
    );
  }
  // --- drawing ---------------------------------------------------------------------------------
  /** Show the width that is wanted, or the widest that the row has room for without wrapping. */
  draw() {
    const { el, panel, other, limits } = this;
    if (!el.isConnected || !panel || !other) return;
    el.style.display = "";
    let width = limited(this.model.get("width"), limits);
    this.setWidth(panel, width);
    while (isWrapped(panel, other) && width > limits.smallest) {
      width = Math.max(limits.smallest, width - STEP);
      this.setWidth(panel, width);
    }
    const isHidden = isWrapped(panel, other);
    if (isHidden) this.setWidth(panel, 0);
    el.style.display = isHidden ? "none" : "";
    this.tell(panel);
  }
  /**
   * Set a panel's width by a class of ours: its own inline style is its layout's, and comes back
   * unharmed.
   * @param {HTMLElement} panel
   * @param {number} width
   */
  setWidth(panel, width) {
    if (this.sized !== panel) this.sized?.classList.remove("mls-split");
    this.sized = panel;
    panel.classList.toggle("mls-split", width > 0);
    panel.style.setProperty("--mls-split", `${width}px`);
  }
  /**
   * Tell screen readers how wide the panel is.
   * @param {HTMLElement} panel
   */
  tell(panel) {
    const width = Math.round(panel.getBoundingClientRect().width);
    const { smallest, largest } = this.limits;
    const told = {
      label: `Width of the ${this.model.get("label")}`,
      valuenow: width,
      valuemin: smallest,
      valuemax: largest,
      valuetext: `${width} pixels`
    };
    for (const [name, value] of Object.entries(told)) {
      this.handle.setAttribute(`aria-${name}`, String(value));
    }
  }
  // --- what a person does ----------------------------------------------------------------------
  listen() {
    const { handle, model } = this;
    const options = { signal: this.ended.signal };
    handle.addEventListener("pointerdown", (event) => this.grip(event), options);
    handle.addEventListener(
      "pointermove",
      ({ clientX }) => {
        const by = this.drag ? clientX - this.drag.from : 0;
        if (this.drag && by) this.want(this.drag.width + (this.isBefore ? by : -by));
      },
      options
    );
    const end = () => {
      if (this.drag) model.save_changes();
      this.drag = null;
    };
    handle.addEventListener("pointerup", end, options);
    handle.addEventListener("pointercancel", end, options);
    handle.addEventListener("dblclick", () => this.set(0), options);
    handle.addEventListener("keydown", (event) => this.press(event), options);
  }
  /** @param {PointerEvent} event */
  grip(event) {
    const { handle, panel } = this;
    if (event.button !== 0 || !panel) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    this.drag = { from: event.clientX, width: panel.getBoundingClientRect().width };
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    const { panel } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || !panel) return;
    if (event.key !== "Tab") event.stopPropagation();
    const options = { ...this.limits, isBefore: this.isBefore, isShifted: event.shiftKey };
    const wanted = widthByKey(event.key, panel.getBoundingClientRect().width, options);
    if (wanted === void 0) return;
    event.preventDefault();
    this.set(wanted);
  }
  /** @param {number} width */
  want(width) {
    this.model.set("width", limited(width, this.limits));
  }
  /** @param {number} width */
  set(width) {
    this.want(width);
    this.model.save_changes();
  }
};
function isWrapped(one, other) {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.bottom <= b.top || b.bottom <= a.top || !a.width || !b.width;
}
function render({ model, el }) {
  const splitter = new Splitter(model, el);
  return () => splitter.close();
}
var splitter_default = { render };
export {
  splitter_default as default
};
