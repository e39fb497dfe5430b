// The grid of a batch's or sweep's pictures, over the stage.
import { make, targetOf } from "../../shared/dom.js";
import { isMarkKey, layOutTiles, tileByKey } from "./grid_layout.js";

/** @import { Store } from "./store.js" */

const PADDING = 8; // screen pixels around the tiles
const HEADER = 40; // screen pixels of a row of labels, of two lines, with its distance
const ROW_LABELS = 96; // screen pixels of the column of labels with its distance

export class TileGrid {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.root = make("div", {
      class: "mls-viewer-grid",
      role: "grid",
      "aria-label": "Pictures",
      "aria-multiselectable": true,
      hidden: "",
      onclick: (/** @type {MouseEvent} */ event) => this.click(event),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
      onfocusin: (/** @type {FocusEvent} */ event) => {
        const tile = targetOf(event).closest("button");
        if (tile) this.focusable(Number(tile.dataset.index));
      },
      onscroll: () => this.load(),
    });
    /** @type {HTMLButtonElement[]} */
    this.tiles = [];
    this.across = 1;
    this.rowHeight = 1;
    this.at = 0; // the tile that takes the focus
    this.room = { width: 0, height: 0 };
    this.laidOut = "";
    /** @type {number | undefined} */
    this.number = undefined;
  }

  /** @param {AbortSignal} signal aborted when the view closes */
  open(signal) {
    const sizes = new ResizeObserver(() => {
      this.room = { width: this.root.clientWidth, height: this.root.clientHeight };
      this.update();
    });
    sizes.observe(this.root);
    signal.addEventListener("abort", () => sizes.disconnect());
  }

  update() {
    const { model, tiles } = this.store;
    const isShown = model.get("mode") === "grid";
    const wasHidden = this.root.hidden;
    this.root.hidden = !isShown;
    if (!isShown || !this.room.width) return;
    this.layOut();
    const current = model.get("tile");
    if (wasHidden && current >= 0) this.focusable(current);
    this.tiles.forEach((tile, index) => {
      showTile(tile, tiles.addresses.get(index), index === current);
      showBadge(tile, tiles.grid.badges[index]);
      tile.parentElement?.setAttribute("aria-selected", String(tiles.marked.includes(index)));
    });
    if (wasHidden && current >= 0) this.tiles[current]?.scrollIntoView({ block: "nearest" });
    this.load();
  }

  layOut() {
    const { grid, count } = this.store.tiles;
    const [width, height] = grid.size;
    const hasRows = grid.rows.length > 0;
    const room = {
      width: this.room.width - 2 * PADDING - (hasRows ? ROW_LABELS : 0),
      height: this.room.height - 2 * PADDING - (grid.columns.length ? HEADER : 0),
    };
    const layout = layOutTiles(
      { size: { width, height }, count, across: grid.across, hasLabels: grid.labels.some(Boolean) },
      room,
    );
    const key = [layout.across, grid.number].join(" ");
    if (key !== this.laidOut) this.build(layout.across);
    this.laidOut = key;
    const { style } = this.root;
    style.setProperty("--mls-tile-width", `${layout.width}px`);
    style.setProperty("--mls-tile-height", `${layout.height}px`);
    this.rowHeight = layout.height;
  }

  /**
   * Make the rows and tiles.
   * @param {number} across
   */
  build(across) {
    const { grid, count } = this.store.tiles;
    if (grid.number !== this.number) this.at = 0;
    this.number = grid.number;
    this.across = across;
    const hasRows = grid.rows.length > 0;
    this.root.style.setProperty("--mls-across", String(across));
    this.root.dataset.rows = String(hasRows);
    this.tiles = grid.labels.map((label, index) => this.makeTile(label, index));
    const rows = [];
    if (grid.columns.length) rows.push(makeHeader(grid.columns, hasRows));
    for (let from = 0; from < count; from += across) {
      const cells = this.tiles
        .slice(from, from + across)
        .map((tile) => make("div", { role: "gridcell" }, tile));
      const label = grid.rows[from / across];
      const head = hasRows
        ? [make("div", { role: "rowheader", class: "mls-viewer-row-label", title: label }, label)]
        : [];
      rows.push(make("div", { role: "row", class: "mls-viewer-row" }, ...head, ...cells));
    }
    this.root.replaceChildren(...rows);
    this.focusable(this.at);
  }

  /**
   * @param {string} label
   * @param {number} index
   */
  makeTile(label, index) {
    const { grid } = this.store.tiles;
    const across = grid.across || 1;
    const name = [label, grid.rows[Math.floor(index / across)], grid.columns[index % across]];
    return make(
      "button",
      {
        type: "button",
        class: "mls-viewer-tile",
        "data-index": index,
        "aria-label": name.filter(Boolean).join(", ") || `Picture ${index + 1}`,
        "data-name": name.filter(Boolean).join(", ") || `Picture ${index + 1}`,
        tabindex: -1,
      },
      make("span", { class: "mls-viewer-thumb" }),
      ...(label ? [make("span", { class: "mls-viewer-caption", title: label }, label)] : []),
    );
  }

  /** Ask for the pictures of the tiles that are on the screen, and a screen further. */
  load() {
    const { height } = this.room;
    const { scrollTop } = this.root;
    const wanted = this.tiles.flatMap((tile, index) => {
      const cell = /** @type {HTMLElement} */ (tile.parentElement);
      const top = cell.offsetTop - scrollTop;
      return top < 2 * height && top + this.rowHeight > -height ? [index] : [];
    });
    this.store.tiles.want(wanted);
  }

  /**
   * Let one tile take the focus.
   * @param {number} index
   */
  focusable(index) {
    this.tiles[this.at]?.setAttribute("tabindex", "-1");
    this.at = Math.min(Math.max(index, 0), this.tiles.length - 1);
    this.tiles[this.at]?.setAttribute("tabindex", "0");
  }

  focus() {
    this.tiles[this.at]?.focus();
  }

  /** @param {MouseEvent} event */
  click(event) {
    const tile = targetOf(event).closest("button");
    if (!tile) return;
    const index = Number(tile.dataset.index);
    this.focusable(index);
    if (event.shiftKey) this.store.tiles.markUpTo(index);
    else if (event.ctrlKey || event.metaKey) this.store.tiles.mark(index);
    else this.store.tiles.open(index);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      // The button's own press would open it.
      event.preventDefault();
      event.stopPropagation();
      this.store.tiles.mark(this.at);
      return;
    }
    if (isMarkKey(event.key) && this.store.tiles.marked.length) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.store.model.send({ kind: "mark_key", key: event.key });
      return;
    }
    const page = Math.max(1, Math.floor(this.room.height / (this.rowHeight + PADDING)));
    const { across, at, tiles } = this;
    const next = tileByKey(event.key, at, { count: tiles.length, across, page });
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.focusable(next);
    this.focus();
  }
}

/**
 * @param {string[]} columns
 * @param {boolean} hasRows
 */
function makeHeader(columns, hasRows) {
  const corner = hasRows ? [make("div", { role: "gridcell" })] : [];
  const heads = columns.map((label) =>
    make("div", { role: "columnheader", class: "mls-viewer-column-label", title: label }, label),
  );
  return make(
    "div",
    { role: "row", class: "mls-viewer-row mls-viewer-columns" },
    ...corner,
    ...heads,
  );
}

/**
 * Show a few letters on a tile, or none.
 * @param {HTMLButtonElement} tile
 * @param {string} text
 */
function showBadge(tile, text) {
  const known = tile.querySelector(".mls-viewer-badge");
  const told = text.replace(/^★(\d)$/, (_, count) => (count === "1" ? "1 star" : `${count} stars`));
  tile.setAttribute("aria-label", [tile.dataset.name, told].filter(Boolean).join(", "));
  if (!text) known?.remove();
  else if (known) known.textContent = text;
  else tile.append(make("span", { class: "mls-viewer-badge" }, text));
}

/**
 * Show a tile's picture, or that it is still being made.
 * @param {HTMLButtonElement} tile
 * @param {string | undefined} address undefined: not here yet
 * @param {boolean} isCurrent
 */
function showTile(tile, address, isCurrent) {
  if (isCurrent) tile.setAttribute("aria-current", "true");
  else tile.removeAttribute("aria-current");
  const state = address === undefined ? "coming" : "waiting";
  const thumb = /** @type {HTMLElement} */ (tile.firstElementChild);
  thumb.dataset.state = address ? "there" : state;
  const image = thumb.querySelector("img");
  if (!address) image?.remove();
  else if (image) {
    if (image.src !== address) image.src = address;
  } else thumb.append(make("img", { src: address, alt: "", decoding: "async", draggable: false }));
}
