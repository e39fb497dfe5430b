// The handle between two panels of a flex row. It sets the width of one of its neighbours.
import { addTo } from "../../shared/dom.js";
import { STEP, limited, widthByKey } from "./width.js";

/** @import { AnyModel, RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

const REDRAWN_BY = /** @type {const} */ (["width", "smallest", "largest", "side", "label"]);

class Splitter {
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
      "aria-orientation": "vertical",
    });
    this.ended = new AbortController();
    /**
     * Where a drag began, and how wide the panel was then.
     * @type {{ from: number, width: number } | null}
     */
    this.drag = null;
    /**
     * The panel whose width is set.
     * @type {HTMLElement | null}
     */
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
    return /** @type {HTMLElement | null} */ (found);
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
      valuetext: `${width} pixels`,
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
      options,
    );
    // Python is told at the end of a drag, not all along it.
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
    if (event.key !== "Tab") event.stopPropagation(); // JupyterLab would take it
    const options = { ...this.limits, isBefore: this.isBefore, isShifted: event.shiftKey };
    const wanted = widthByKey(event.key, panel.getBoundingClientRect().width, options);
    if (wanted === undefined) return;
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
}

/**
 * Say whether two panels stand one below the other, or one is not shown.
 * @param {Element} one
 * @param {Element} other
 */
function isWrapped(one, other) {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.bottom <= b.top || b.bottom <= a.top || !a.width || !b.width;
}

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const splitter = new Splitter(model, el);
  return () => splitter.close();
}

export default { render };
