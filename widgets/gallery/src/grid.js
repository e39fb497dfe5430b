// The grid of tiles, of which only the rows on the screen exist.
import { addTo, make } from "../../shared/dom.js";
import { GAP, NARROWEST, layoutFor, rowHeight, rowsSeen, scrollTo, stepped } from "./layout.js";
import { Store } from "./store.js";
import { Tile, factsOf } from "./tile.js";

/** @import { Model } from "./types" */
/** @typedef {{ element: HTMLElement, tiles: Tile[] }} Row */

const REDRAWN_BY = /** @type {const} */ (["count", "current", "empty"]);

let grids = 0; // for ids that are unique in the page

export class Grid {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.id = `mls-gallery-${++grids}`;
    this.root = addTo(el, "div", { class: "mls-gallery" });
    this.scroll = addTo(this.root, "div", {
      class: "mls-gallery-scroll",
      role: "grid",
      tabindex: "0",
      "aria-label": "Pictures",
      "aria-keyshortcuts": "Enter E S Delete 0 1 2 3 4 5",
    });
    this.space = addTo(this.scroll, "div", { class: "mls-gallery-space", role: "presentation" });
    this.nothing = addTo(this.scroll, "p", { class: "mls-gallery-nothing" });
    this.foot = addTo(this.root, "div", { class: "mls-gallery-foot", "aria-hidden": "true" });
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    this.layout = NARROWEST;
    /**
     * The id of the entry about whose deletion the person is asked.
     * @type {string | null}
     */
    this.asked = null;
    this.frame = 0;
    this.later = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    };
    this.store = new Store(model, this.later);
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(this.scroll);
    this.scroll.addEventListener("scroll", this.later, { passive: true });
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.later);
    this.draw();
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.later);
    this.store.close();
  }

  get current() {
    return this.model.get("current");
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
    this.root.style.setProperty("--mls-tile", `${tile}px`);
    this.root.style.setProperty("--mls-columns", String(columns));
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
    nothing.hidden = lines > 0;
    nothing.textContent = model.get("empty");
  }

  draw() {
    this.fit();
    const { layout, scroll, store } = this;
    const count = this.model.get("count");
    const { first, end } = rowsSeen(layout, count, scroll);
    this.removeRowsOutside(first, end);
    // From the last, since each is put before the one that follows it.
    for (let line = end - 1; line >= first; line--) this.rowAt(line);
    /** @type {string[]} */
    const shown = [];
    for (let line = first; line < end; line++) shown.push(...this.drawRow(line, count));
    if (this.asked && !shown.includes(this.asked)) this.asked = null; // scrolled away: not sure
    store.want(first * layout.columns, Math.min(count, end * layout.columns));
    store.wantThumbnails(shown);
    store.tidy(new Set(shown));
    this.drawFoot(count);
    if (this.current < 0) scroll.removeAttribute("aria-activedescendant");
    else scroll.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
  }

  /**
   * @param {number} first
   * @param {number} end
   */
  removeRowsOutside(first, end) {
    for (const [line, { element }] of this.rows) {
      if (line >= first && line < end) continue;
      if (element.contains(document.activeElement)) this.focus();
      element.remove();
      this.rows.delete(line);
    }
  }

  /**
   * Return a row, made if there is none; in order in the page, for Tab and for screen readers.
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
    const { asked, current, id, layout, store } = this;
    const { element, tiles } = this.rowAt(line);
    element.style.top = `${line * rowHeight(layout)}px`;
    const begin = line * layout.columns;
    const wanted = Math.min(layout.columns, count - begin);
    for (const tile of tiles.splice(wanted)) tile.cell.remove();
    while (tiles.length < wanted) {
      const at = begin + tiles.length;
      tiles.push(new Tile(element, `${id}-${at}`, at, (action) => this.act(action, at)));
    }
    return tiles.flatMap((tile, place) => {
      const entry = store.entry(begin + place);
      tile.draw({
        entry,
        url: entry && store.thumbnail(entry.id),
        why: entry && store.why(entry.id),
        isCurrent: begin + place === current,
        isAsked: entry !== undefined && entry.id === asked,
      });
      return entry ? [entry.id] : [];
    });
  }

  /** @param {number} count */
  drawFoot(count) {
    const entry = this.store.entry(this.current);
    const all = `${count.toLocaleString()} picture${count === 1 ? "" : "s"}`;
    this.foot.textContent = entry ? factsOf(entry) : all;
  }

  // --- what a person does ----------------------------------------------------------------------
  focus() {
    this.scroll.focus({ preventScroll: true });
  }

  /** @param {number} at index of an entry */
  choose(at) {
    if (at === this.current) return;
    this.asked = null;
    this.model.set("current", at);
    this.model.save_changes();
    this.draw();
  }

  /**
   * Choose the entry that is so many further on, and scroll to it.
   * @param {number} by
   */
  move(by) {
    const at = stepped(this.current, by, this.model.get("count"));
    if (at < 0) return;
    this.choose(at);
    this.scroll.scrollTop = scrollTo(this.layout, at, this.scroll);
    this.draw();
  }

  /** Return how many entries fit on the screen. */
  get page() {
    const lines = Math.max(1, Math.floor(this.scroll.clientHeight / rowHeight(this.layout)));
    return lines * this.layout.columns;
  }

  /**
   * Do what a button or a key asks for; "delete" is asked back first.
   * @param {string} action
   * @param {number} at index of the entry
   */
  act(action, at) {
    const id = this.store.entry(at)?.id;
    if (id === undefined) return;
    this.choose(at);
    if (action === "delete") this.ask(id, at);
    else if (action === "keep") {
      this.asked = null;
      this.draw();
      this.focus();
    } else if (action === "sure") {
      this.asked = null;
      this.focus();
      this.model.send({ kind: "act", action: "delete", id });
      this.draw();
    } else if (action === "open") {
      this.focus();
      this.model.send({ kind: "open", id });
    } else this.model.send({ kind: "act", action, id });
  }

  /**
   * Ask whether an entry is to be deleted.
   * @param {string} id
   * @param {number} at
   */
  ask(id, at) {
    this.asked = id;
    this.draw();
    const { columns } = this.layout;
    const tile = this.rows.get(Math.floor(at / columns))?.tiles[at % columns];
    tile?.button("keep")?.focus({ preventScroll: true });
  }
}
