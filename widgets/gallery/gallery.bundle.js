// Built by `npm run build`; change the sources, not this file.
// source: widgets/gallery/src/gallery.js
// source: widgets/gallery/src/grid.js
// source: widgets/gallery/src/keys.js
// source: widgets/gallery/src/layout.js
// source: widgets/gallery/src/store.js
// source: widgets/gallery/src/tile.js
// source: widgets/shared/dom.js
// source: widgets/shared/geometry.js
// sha256 of the sources: 7bdbc91209867fa919d6f52ea3393afcc29241b6b64e95e27810f208b2a0aa05
// sha256 of the lines below: dd3e7af4c2558a0ecd06a5d84e66ba7eb30bfe574b6fe7b505805f15b1ff7b28
// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
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
function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes });
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    set(shape, { d: path, ...own });
    svg.append(shape);
  }
  return svg;
}
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
function targetOf(event) {
  return (
    /** @type {HTMLElement} */
    event.target
  );
}

// widgets/shared/geometry.js
var clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// widgets/gallery/src/layout.js
var SMALLEST = 104;
var GAP = 8;
var FOOT = 24;
var MARGIN = 1;
var MOST_ROWS = 60;
var NARROWEST = { columns: 1, tile: SMALLEST };
function layoutFor(width) {
  const columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
  return { columns, tile: Math.floor((width - GAP * (columns - 1)) / columns) };
}
var rowHeight = ({ tile }) => tile + FOOT + GAP;
function rowsSeen(layout, count, { scrollTop, clientHeight }) {
  const height = rowHeight(layout);
  const all = Math.ceil(count / layout.columns);
  const first = Math.max(0, Math.floor(scrollTop / height) - MARGIN);
  const last = Math.ceil((scrollTop + clientHeight) / height) + MARGIN;
  return { first, end: Math.min(all, last, first + MOST_ROWS) };
}
function scrollTo(layout, at, { scrollTop, clientHeight }) {
  const top = Math.floor(at / layout.columns) * rowHeight(layout);
  const bottom = top + rowHeight(layout) - GAP;
  if (top < scrollTop) return top;
  return bottom > scrollTop + clientHeight ? bottom - clientHeight : scrollTop;
}
function stepped(current, by, count) {
  if (count === 0) return -1;
  const isFirst = current < 0 && Number.isFinite(by);
  return clamp(isFirst ? 0 : current + by, 0, count - 1);
}

// widgets/gallery/src/store.js
var MOST_THUMBNAILS = 600;
var MOST_ENTRIES = 4e3;
var ANSWER_WITHIN = 5e3;
var Store = class {
  /** @type {Map<number, Entry>} */
  entries = /* @__PURE__ */ new Map();
  /**
   * The blob URL of each thumbnail by its entry's id, the longest unused first.
   * @type {Map<string, string>}
   */
  thumbnails = /* @__PURE__ */ new Map();
  /**
   * Why an entry has no thumbnail, by its id.
   * @type {Map<string, string>}
   */
  missing = /* @__PURE__ */ new Map();
  /**
   * The indices of the entries that Python has told since the last change.
   * @type {Set<number>}
   */
  fresh = /* @__PURE__ */ new Set();
  /**
   * When each kind of question was asked that has no answer yet.
   * @type {Partial<Record<Answer["kind"], number>>}
   */
  waiting = {};
  /**
   * @param {Model} model
   * @param {() => void} changed called when something new is known
   */
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.heard = (answer, buffers) => this.take(answer, buffers);
    this.renewed = () => this.renew();
    model.on("msg:custom", this.heard);
    model.on("change:generation", this.renewed);
  }
  close() {
    for (const url of this.thumbnails.values()) URL.revokeObjectURL(url);
    this.model.off("msg:custom", this.heard);
    this.model.off("change:generation", this.renewed);
  }
  /** @param {number} at */
  entry(at) {
    return this.entries.get(at);
  }
  /**
   * Return the URL of a thumbnail, and count it as used now.
   * @param {string} id
   */
  thumbnail(id) {
    const url = this.thumbnails.get(id);
    if (url === void 0) return void 0;
    this.thumbnails.delete(id);
    this.thumbnails.set(id, url);
    return url;
  }
  /**
   * Return why there is no thumbnail, undefined where there is one or none has been asked for.
   * @param {string} id
   */
  why(id) {
    return this.missing.get(id);
  }
  // --- asking ----------------------------------------------------------------------------------
  /**
   * Ask for those entries that are not known.
   * @param {number} first index
   * @param {number} end the index after the last
   */
  want(first, end) {
    let [from, to] = [first, end];
    while (from < to && this.fresh.has(from)) from++;
    while (to > from && this.fresh.has(to - 1)) to--;
    if (from === to) return;
    const isNew = !this.entries.has(from) || !this.entries.has(to - 1);
    this.ask("rows", { from, to, thumbnails: isNew });
  }
  /**
   * Ask for those thumbnails that are not known.
   * @param {string[]} ids
   */
  wantThumbnails(ids) {
    const lacking = ids.filter((id) => !this.thumbnails.has(id) && !this.missing.has(id));
    if (lacking.length) this.ask("thumbnails", { ids: lacking });
  }
  /**
   * @param {Answer["kind"]} kind
   * @param {object} question
   */
  ask(kind, question) {
    const now = performance.now();
    if (now - (this.waiting[kind] ?? -Infinity) < ANSWER_WITHIN) return;
    this.waiting[kind] = now;
    this.model.send({ kind, ...question });
  }
  // --- what Python says ------------------------------------------------------------------------
  /**
   * @param {Answer} answer
   * @param {DataView[]} buffers
   */
  take(answer, buffers) {
    delete this.waiting[answer.kind];
    if (answer.rows && answer.generation === this.model.get("generation")) {
      this.takeRows(answer.from ?? 0, answer.rows);
    }
    answer.ids.forEach((id, place) => {
      const old = this.thumbnails.get(id);
      if (old) URL.revokeObjectURL(old);
      const blob = new Blob([
        /** @type {BlobPart} */
        buffers[place]
      ], { type: "image/webp" });
      this.thumbnails.set(id, URL.createObjectURL(blob));
    });
    for (const [id, why] of Object.entries(answer.missing)) this.missing.set(id, why);
    this.changed();
  }
  /**
   * @param {number} from
   * @param {Row[]} rows
   */
  takeRows(from, rows) {
    if (this.entries.size > MOST_ENTRIES) {
      this.entries.clear();
      this.fresh.clear();
    }
    rows.forEach(([id, title, stars, created, width, height], place) => {
      this.entries.set(from + place, { id, title, stars, created, width, height });
      this.fresh.add(from + place);
    });
  }
  /** Ask for everything again as it comes into view: Python has other entries now. */
  renew() {
    this.fresh.clear();
    this.missing.clear();
    delete this.waiting.rows;
    const count = this.model.get("count");
    for (const at of this.entries.keys()) if (at >= count) this.entries.delete(at);
    this.changed();
  }
  /**
   * Forget the thumbnails that have not been seen for the longest, but none that is on the screen.
   * @param {Set<string>} shown
   */
  tidy(shown) {
    for (const [id, url] of this.thumbnails) {
      if (this.thumbnails.size <= MOST_THUMBNAILS) return;
      if (shown.has(id)) continue;
      URL.revokeObjectURL(url);
      this.thumbnails.delete(id);
    }
  }
};

// widgets/gallery/src/tile.js
var ACTIONS = [
  {
    action: "enhance",
    title: "Enhance",
    path: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM18 15l.9 2.1L21 18l-2.1.9L18 21l-.9-2.1L15 18l2.1-.9z"
  },
  {
    action: "sidecar",
    title: "Open the sidecar",
    path: "M9 4C6 4 7 8 7 9.5S6 12 5 12c1 0 2 1 2 2.5S6 20 9 20M15 4c3 0 2 4 2 5.5s1 2.5 2 2.5c-1 0-2 1-2 2.5S18 20 15 20"
  },
  {
    action: "delete",
    title: "Delete",
    path: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5"
  }
];
var MOST_STARS = 5;
function icon(path) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  return makeSvg([[path, stroke]], { width: 18, height: 18 });
}
var starsText = (count) => count === 1 ? "1 star" : `${count} stars`;
function factsOf({ title, stars, created, width, height }) {
  const at = new Date(created);
  const facts = [title || "without a prompt"];
  if (stars) facts.push(starsText(stars));
  if (width && height) facts.push(`${width} × ${height}`);
  if (!Number.isNaN(at.getTime())) {
    facts.push(at.toLocaleString(void 0, { dateStyle: "medium", timeStyle: "short" }));
  }
  return facts.join(" · ");
}
var Tile = class {
  /**
   * @param {HTMLElement} row
   * @param {string} id of the element
   * @param {number} at index of the entry
   * @param {(action: string, at: number) => void} act
   */
  constructor(row, id, at, act) {
    this.cell = addTo(row, "div", { class: "mls-tile", role: "gridcell", id, "data-at": at });
    this.picture = addTo(this.cell, "div", { class: "mls-tile-picture" });
    this.stars = addTo(this.cell, "div", { class: "mls-tile-stars" });
    this.drawn = "";
    this.cell.addEventListener("click", (event) => {
      act(targetOf(event).closest("button")?.dataset.act ?? "open", at);
    });
  }
  /**
   * Draw the tile, anew only where something has changed.
   * @param {Look} look
   */
  draw({ entry, url, why, isCurrent, isAsked }) {
    const { cell, picture, stars } = this;
    cell.setAttribute("aria-selected", String(isCurrent));
    const state = JSON.stringify([entry, url, why, isAsked]);
    if (state !== this.drawn) {
      this.drawn = state;
      const focused = (
        /** @type {HTMLElement | null} */
        document.activeElement
      );
      const held = cell.contains(focused) ? focused?.dataset.act : void 0;
      this.drawPicture(url, why);
      stars.replaceChildren();
      if (entry) {
        this.drawStars(entry.stars);
        if (isAsked) this.drawQuestion();
        else this.drawActions();
        cell.title = factsOf(entry);
        cell.setAttribute("aria-label", factsOf(entry));
      }
      if (held) this.button(held)?.focus();
    }
    for (const button of picture.querySelectorAll("button")) button.tabIndex = isCurrent ? 0 : -1;
  }
  /**
   * Return the button of an action, null where it is not shown.
   * @param {string} action
   * @returns {HTMLButtonElement | null}
   */
  button(action) {
    return this.cell.querySelector(`button[data-act="${action}"]`);
  }
  /**
   * @param {string | undefined} url
   * @param {string | undefined} why
   */
  drawPicture(url, why) {
    const { picture } = this;
    picture.replaceChildren();
    picture.classList.toggle("mls-empty", !url && !why);
    if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why }, "no picture");
  }
  /** @param {number} lit how many stars the picture has */
  drawStars(lit) {
    for (let count = 1; count <= MOST_STARS; count++) {
      const action = `stars:${count === lit ? 0 : count}`;
      const sign = count <= lit ? "★" : "☆";
      const star = addButton(this.stars, "mls-star", action, starsText(count), sign);
      star.classList.toggle("mls-lit", count <= lit);
      star.setAttribute("aria-pressed", String(count === lit));
    }
  }
  drawQuestion() {
    const group = { class: "mls-tile-ask", role: "group", "aria-label": "Delete?" };
    const box = addTo(this.picture, "div", group);
    addTo(box, "span", {}, "Delete?");
    addButton(box, "mls-tile-yes", "sure", "Delete this picture and its sidecar", "Delete");
    addButton(box, "mls-tile-no", "keep", "Keep it", "Keep");
  }
  drawActions() {
    const bar = addTo(this.picture, "div", { class: "mls-tile-actions" });
    for (const { action, title, path } of ACTIONS) {
      addButton(bar, "mls-tile-act", action, title, icon(path));
    }
  }
};
function addButton(parent, kind, action, label, content) {
  const attributes = { class: kind, type: "button", title: label, "aria-label": label };
  return addTo(parent, "button", { ...attributes, tabindex: -1, "data-act": action }, content);
}

// widgets/gallery/src/grid.js
var REDRAWN_BY = (
  /** @type {const} */
  ["count", "current", "empty"]
);
var grids = 0;
var Grid = class {
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
      "aria-keyshortcuts": "Enter E S Delete 0 1 2 3 4 5"
    });
    this.space = addTo(this.scroll, "div", { class: "mls-gallery-space", role: "presentation" });
    this.nothing = addTo(this.scroll, "p", { class: "mls-gallery-nothing" });
    this.foot = addTo(this.root, "div", { class: "mls-gallery-foot", "aria-hidden": "true" });
    this.rows = /* @__PURE__ */ new Map();
    this.layout = NARROWEST;
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
    if (!width) return;
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
    for (let line = end - 1; line >= first; line--) this.rowAt(line);
    const shown = [];
    for (let line = first; line < end; line++) shown.push(...this.drawRow(line, count));
    if (this.asked && !shown.includes(this.asked)) this.asked = null;
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
        isAsked: entry !== void 0 && entry.id === asked
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
    if (id === void 0) return;
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
};

// widgets/gallery/src/keys.js
function press(grid, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();
  if (event.target !== grid.scroll) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    grid.act("keep", grid.current);
    return;
  }
  const act = actOf(grid, event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!act) return;
  event.preventDefault();
  act();
}
function actOf(grid, key) {
  const { columns } = grid.layout;
  const act = (action) => () => grid.act(action, grid.current);
  if (/^[0-5]$/.test(key)) return act(`stars:${key}`);
  const keys = {
    ArrowLeft: () => grid.move(-1),
    ArrowRight: () => grid.move(1),
    ArrowUp: () => grid.current >= columns && grid.move(-columns),
    ArrowDown: () => grid.move(columns),
    PageUp: () => grid.move(-grid.page),
    PageDown: () => grid.move(grid.page),
    Home: () => grid.move(-Infinity),
    End: () => grid.move(Infinity),
    Enter: act("open"),
    e: act("enhance"),
    s: act("sidecar"),
    Delete: act("delete"),
    Backspace: act("delete")
  };
  return keys[key];
}

// widgets/gallery/src/gallery.js
function render({ model, el }) {
  el.classList.add("mls-gallery-host");
  const grid = new Grid(model, el);
  grid.root.addEventListener("keydown", (event) => press(grid, event));
  return () => grid.close();
}
var gallery_default = { render };
export {
  gallery_default as default
};
