// The grid of tiles, of which only the rows on the screen exist.
import { addTo, make } from "../../shared/dom.js";
import { GAP, NARROWEST, layoutFor, rowHeight, rowsSeen, scrollTo, stepped } from "./layout.js";
import { between, holds, sizeOf, tidy, toggled } from "./selection.js";
import { Store } from "./store.js";
import { Tile } from "./tile.js";

/** @import { Model, Range } from "./types" */
/** @import { Gesture } from "./tile.js" */
/** @typedef {{ element: HTMLElement, tiles: Tile[] }} Row */

const REDRAWN_BY = /** @type {const} */ (["count", "shown", "selection", "filters"]);
const LOOK_AFTER = 120; // ms: a key that repeats passes over pictures without showing each

let grids = 0; // for ids that are unique in the page

export class Grid {
  /**
   * @param {Model} model
   * @param {HTMLElement} parent
   */
  constructor(model, parent) {
    this.model = model;
    this.id = `mls-gallery-${++grids}`;
    this.scroll = addTo(parent, "div", {
      class: "mls-gallery-scroll",
      role: "grid",
      tabindex: "0",
      "aria-label": "Pictures",
      "aria-multiselectable": "true",
      "aria-keyshortcuts": "Enter Space Delete Control+A 0 1 2 3 4 5",
    });
    this.space = addTo(this.scroll, "div", { class: "mls-gallery-space", role: "presentation" });
    this.nothing = addTo(parent, "div", { class: "mls-gallery-nothing" });
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    this.layout = NARROWEST;
    /** Where the keys are: index of an entry, or -1. */
    this.cursor = model.get("shown");
    /** From where Shift selects. */
    this.anchor = this.cursor;
    this.looking = 0;
    /**
     * The entries that Python was asked to show: when it has, the keys may be elsewhere by then.
     * @type {Set<number>}
     */
    this.asked = new Set();
    this.counted = model.get("count");
    this.frame = 0;
    this.later = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    };
    this.moved = () => {
      const shown = model.get("shown");
      if (!this.asked.delete(shown)) this.cursor = this.anchor = shown;
    };
    this.store = new Store(model, this.later);
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(this.scroll);
    this.scroll.addEventListener("scroll", this.later, { passive: true });
    model.on("change:shown", this.moved);
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.later);
    this.draw();
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.looking);
    this.model.off("change:shown", this.moved);
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.later);
    this.store.close();
  }

  // --- drawing ---------------------------------------------------------------------------------
  /** Fill the width; the row at the top stays there when the columns change. */
  measure() {
    const { rows, scroll } = this;
    const width = this.space.clientWidth;
    if (!width) return; // in a tab that is not shown
    const before = this.layout;
    const first = Math.round(scroll.scrollTop / rowHeight(before)) * before.columns;
    this.layout = layoutFor(width);
    const { columns, tile } = this.layout;
    scroll.style.setProperty("--mls-tile", `${tile}px`);
    scroll.style.setProperty("--mls-columns", String(columns));
    if (columns !== before.columns) {
      for (const row of rows.values()) row.element.remove();
      rows.clear();
      this.fit();
      scroll.scrollTop = Math.floor(first / columns) * rowHeight(this.layout);
    }
    this.draw();
  }

  /** Make the scrolled space as high as all rows. */
  fit() {
    const { layout, model, nothing, scroll } = this;
    const lines = Math.ceil(model.get("count") / layout.columns);
    this.space.style.height = `${Math.max(0, lines * rowHeight(layout) - GAP)}px`;
    scroll.setAttribute("aria-rowcount", String(lines));
    scroll.setAttribute("aria-colcount", String(layout.columns));
    scroll.hidden = lines === 0;
    nothing.hidden = lines > 0;
  }

  draw() {
    this.fit();
    const { layout, scroll, store } = this;
    const count = this.model.get("count");
    if (this.cursor >= count) this.cursor = this.anchor = count - 1;
    if (count !== this.counted) this.asked.clear(); // their places may be others'
    this.counted = count;
    scroll.classList.toggle("mls-gallery-many", sizeOf(this.model.get("selection")) > 1);
    const { first, end } = rowsSeen(layout, count, scroll);
    this.removeRowsOutside(first, end);
    // From the last, since each is put before the one that follows it.
    for (let line = end - 1; line >= first; line--) this.rowAt(line);
    /** @type {string[]} */
    const seen = [];
    for (let line = first; line < end; line++) seen.push(...this.drawRow(line, count));
    store.want(first * layout.columns, Math.min(count, end * layout.columns));
    store.wantThumbnails(seen);
    store.tidy(new Set(seen));
    const at = this.cursor;
    if (at < 0) scroll.removeAttribute("aria-activedescendant");
    else scroll.setAttribute("aria-activedescendant", `${this.id}-${at}`);
  }

  /**
   * @param {number} first
   * @param {number} end
   */
  removeRowsOutside(first, end) {
    for (const [line, { element }] of this.rows) {
      if (line >= first && line < end) continue;
      element.remove();
      this.rows.delete(line);
    }
  }

  /**
   * Return a row, made if there is none; in order in the page, for screen readers.
   * @param {number} line
   */
  rowAt(line) {
    const known = this.rows.get(line);
    if (known) return known;
    const attributes = { class: "mls-gallery-row", role: "row", "aria-rowindex": line + 1 };
    /** @type {Row} */
    const row = { element: make("div", attributes), tiles: [] };
    this.space.insertBefore(row.element, this.rows.get(line + 1)?.element ?? null);
    this.rows.set(line, row);
    return row;
  }

  /**
   * Draw a row; the ids of its entries, as far as they are known.
   * @param {number} line
   * @param {number} count
   */
  drawRow(line, count) {
    const { cursor, id, layout, model, store } = this;
    const { element, tiles } = this.rowAt(line);
    element.style.top = `${line * rowHeight(layout)}px`;
    const begin = line * layout.columns;
    const wanted = Math.min(layout.columns, count - begin);
    for (const tile of tiles.splice(wanted)) tile.cell.remove();
    while (tiles.length < wanted) {
      const at = begin + tiles.length;
      tiles.push(new Tile(element, `${id}-${at}`, at, (gesture) => this.take(gesture, at)));
    }
    const [shown, selection] = [model.get("shown"), model.get("selection")];
    return tiles.flatMap((tile, place) => {
      const at = begin + place;
      const entry = store.entry(at);
      tile.draw({
        entry,
        url: entry && store.thumbnail(entry.id),
        why: entry && store.why(entry.id),
        isShown: at === shown,
        isSelected: holds(selection, at),
        isCursor: at === cursor,
      });
      return entry ? [entry.id] : [];
    });
  }

  // --- what a person does ----------------------------------------------------------------------
  /**
   * Do what a click on a tile means.
   * @param {Gesture} gesture
   * @param {number} at index of the entry
   */
  take(gesture, at) {
    this.scroll.focus({ preventScroll: true });
    if (gesture === "range") this.extend(at);
    else if (gesture === "toggle") this.toggle(at);
    else {
      this.goTo(at);
      this.look();
    }
  }

  /**
   * Select an entry alone; Shift selects from it.
   * @param {number} at
   */
  goTo(at) {
    this.cursor = this.anchor = at;
    this.select([[at, at + 1]]);
  }

  /** Show the picture where the keys are on the canvas. */
  look() {
    clearTimeout(this.looking);
    const id = this.store.entry(this.cursor)?.id;
    if (id === undefined) return;
    if (this.cursor !== this.model.get("shown")) this.asked.add(this.cursor);
    this.model.send({ kind: "open", id });
  }

  /** @param {number} at */
  toggle(at) {
    this.cursor = this.anchor = at;
    this.select(toggled(this.model.get("selection"), at));
  }

  /**
   * Select all from the last entry that was chosen to this one.
   * @param {number} at
   */
  extend(at) {
    this.cursor = at;
    if (this.anchor < 0) this.anchor = at;
    this.select([between(this.anchor, at)]);
  }

  selectAll() {
    const count = this.model.get("count");
    if (count) this.select([[0, count]]);
  }

  /** Select the picture on the canvas alone, if it is listed. */
  selectShown() {
    const shown = this.model.get("shown");
    this.select(shown < 0 ? [] : [[shown, shown + 1]]);
  }

  /** @param {Range[]} ranges */
  select(ranges) {
    const { model } = this;
    const tidied = tidy(ranges);
    model.set("selection", tidied);
    model.send({ kind: "select", generation: model.get("generation"), ranges: tidied });
    this.later();
  }

  /**
   * Move the cursor by so many entries and scroll to it: to look there, or with Shift to select
   * all between, or with Ctrl to do neither.
   * @param {number} by
   * @param {KeyboardEvent} event
   */
  move(by, { shiftKey, ctrlKey, metaKey }) {
    const at = stepped(this.cursor, by, this.model.get("count"));
    if (at < 0) return;
    if (shiftKey) this.extend(at);
    else if (ctrlKey || metaKey) this.cursor = at;
    else {
      this.goTo(at);
      clearTimeout(this.looking);
      this.looking = window.setTimeout(() => this.lookWhenKnown(), LOOK_AFTER);
    }
    this.scroll.scrollTop = scrollTo(this.layout, at, this.scroll);
    this.draw();
  }

  /** Look at the cursor's picture; one that has just been scrolled to may not be known yet. */
  lookWhenKnown() {
    if (this.cursor < 0 || this.store.entry(this.cursor)) this.look();
    else this.looking = window.setTimeout(() => this.lookWhenKnown(), LOOK_AFTER);
  }

  /** Return how many entries fit on the screen. */
  get page() {
    const lines = Math.max(1, Math.floor(this.scroll.clientHeight / rowHeight(this.layout)));
    return lines * this.layout.columns;
  }
}
