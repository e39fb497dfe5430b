// The history: a grid of which only the rows on the screen exist.
import { addTo, make } from "../../shared/dom.js";
import { makeStore } from "./store.js";
import { factsOf, makeTile } from "./tile.js";

const SMALLEST = 104; // px a tile
const GAP = 8; // px
const FOOT = 24; // px under a picture, for its stars
const MARGIN = 1; // rows kept above and below the screen
const MOST_ROWS = 60; // should a page give the grid no height of its own

let galleries = 0; // for ids that are unique in the page

function render({ model, el }) {
  const id = `mls-gallery-${++galleries}`;
  el.classList.add("mls-gallery-host");
  const root = addTo(el, "div", { class: "mls-gallery" });
  const scroll = addTo(root, "div", { class: "mls-gallery-scroll",
    role: "grid", tabindex: "0", "aria-label": "Pictures",
    "aria-keyshortcuts": "Enter E S Delete 0 1 2 3 4 5",
  });
  const space = addTo(scroll, "div", { class: "mls-gallery-space", role: "presentation" });
  const nothing = addTo(scroll, "p", { class: "mls-gallery-nothing" });
  const foot = addTo(root, "div", { class: "mls-gallery-foot", "aria-hidden": "true" });
  const rows = new Map(); // index of a row -> its element and tiles
  let [columns, tile] = [1, SMALLEST];
  let asked = null; // id of the entry that is about to be deleted
  let frame = 0;

  const height = () => tile + FOOT + GAP;
  const current = () => model.get("current");
  const later = () => (frame ||= requestAnimationFrame(() => ((frame = 0), draw())));
  const store = makeStore(model, later);

  const measure = () => {
    const width = space.clientWidth;
    if (!width) return; // in a tab that is not shown
    const first = Math.round(scroll.scrollTop / height()) * columns;
    const before = columns;
    columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
    tile = Math.floor((width - GAP * (columns - 1)) / columns);
    root.style.setProperty("--mls-tile", `${tile}px`);
    root.style.setProperty("--mls-columns", columns);
    if (columns !== before) {
      for (const row of rows.values()) row.element.remove();
      rows.clear();
      fit();
      scroll.scrollTop = Math.floor(first / columns) * height();
    }
    draw();
  };
  const fit = () => {
    const lines = Math.ceil(model.get("count") / columns);
    space.style.height = `${Math.max(0, lines * height() - GAP)}px`;
    scroll.setAttribute("aria-rowcount", lines);
    scroll.setAttribute("aria-colcount", columns);
    nothing.hidden = lines > 0;
    nothing.textContent = model.get("empty");
  };
  const makeRow = (line) => {
    const element = make("div", { class: "mls-gallery-row", role: "row", "aria-rowindex": line + 1 });
    space.insertBefore(element, rows.get(line + 1)?.element ?? null); // in order, for Tab and readers
    element.style.top = `${line * height()}px`;
    return { element, tiles: [] };
  };
  const draw = () => {
    fit();
    const count = model.get("count");
    const lines = Math.ceil(count / columns);
    const first = Math.max(0, Math.floor(scroll.scrollTop / height()) - MARGIN);
    const last = Math.ceil((scroll.scrollTop + scroll.clientHeight) / height()) + MARGIN;
    const end = Math.min(lines, last, first + MOST_ROWS);
    for (const [line, row] of rows) {
      if (line >= first && line < end) continue;
      if (row.element.contains(document.activeElement)) scroll.focus({ preventScroll: true });
      row.element.remove();
      rows.delete(line);
    }
    for (let line = end - 1; line >= first; line--)
      if (!rows.has(line)) rows.set(line, makeRow(line));
    const shown = [];
    for (let line = first; line < end; line++) {
      const row = rows.get(line);
      row.element.style.top = `${line * height()}px`;
      const begin = line * columns;
      const wanted = Math.min(columns, count - begin);
      while (row.tiles.length > wanted) row.tiles.pop().cell.remove();
      while (row.tiles.length < wanted)
        row.tiles.push(makeTile(row.element, id, begin + row.tiles.length, act));
      row.tiles.forEach((one, place) => {
        const entry = store.entry(begin + place);
        if (entry) shown.push(entry[0]);
        const isCurrent = begin + place === current();
        one.draw(
          entry, entry && store.thumbnail(entry[0]), entry && store.why(entry[0]),
          isCurrent, Boolean(entry) && entry[0] === asked,
        );
      });
    }
    if (asked && !shown.includes(asked)) asked = null; // scrolled away: not sure, then
    store.want(first * columns, Math.min(count, end * columns));
    store.wantThumbnails(shown);
    store.tidy(new Set(shown));
    const entry = store.entry(current());
    foot.textContent = entry ? factsOf(entry) : `${count.toLocaleString()} picture${count === 1 ? "" : "s"}`;
    if (current() < 0) scroll.removeAttribute("aria-activedescendant");
    else scroll.setAttribute("aria-activedescendant", `${id}-${current()}`);
  };

  const choose = (at) => {
    if (at === current()) return;
    asked = null;
    model.set("current", at);
    model.save_changes();
    draw();
  };
  const show = (at) => {
    const top = Math.floor(at / columns) * height();
    const bottom = top + height() - GAP;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
    draw();
  };
  const act = (name, at) => {
    const entry = store.entry(at);
    if (!entry) return;
    choose(at);
    const tell = (message) => model.send({ ...message, id: entry[0] });
    if (name === "delete" || name === "keep") {
      asked = name === "delete" ? entry[0] : null;
      draw();
      const button = rows.get(Math.floor(at / columns))?.tiles[at % columns].cell;
      (asked ? button?.querySelector(".mls-tile-no") : scroll)?.focus({ preventScroll: true });
    } else if (name === "sure") {
      asked = null;
      scroll.focus({ preventScroll: true });
      tell({ kind: "act", action: "delete" });
      draw();
    } else if (name === "open") {
      scroll.focus({ preventScroll: true });
      tell({ kind: "open" });
    } else tell({ kind: "act", action: name });
  };
  const move = (by) => {
    const last = model.get("count") - 1;
    const isFirst = current() < 0 && Number.isFinite(by);
    const at = Math.max(0, Math.min(last, isFirst ? 0 : current() + by));
    if (last < 0) return;
    choose(at);
    show(at);
  };
  const keys = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    ArrowUp: () => current() >= columns && move(-columns),
    ArrowDown: () => move(columns),
    PageUp: () => move(-columns * Math.max(1, Math.floor(scroll.clientHeight / height()))),
    PageDown: () => move(columns * Math.max(1, Math.floor(scroll.clientHeight / height()))),
    Home: () => move(-Infinity),
    End: () => move(Infinity),
    Enter: () => act("open", current()),
    e: () => act("enhance", current()),
    s: () => act("sidecar", current()),
    Delete: () => act("delete", current()),
    Backspace: () => act("delete", current()),
  };
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // JupyterLab would take it for a shortcut
    if (event.target !== scroll) {
      if (event.key !== "Escape") return; // a button's own key
      event.preventDefault();
      act("keep", current());
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = /^[0-5]$/.test(key) ? () => act(`stars:${key}`, current()) : keys[key];
    if (!found) return;
    event.preventDefault();
    found();
  };

  const watch = new ResizeObserver(measure);
  watch.observe(scroll);
  scroll.addEventListener("scroll", later, { passive: true });
  root.addEventListener("keydown", pressed);
  const traits = ["count", "current", "empty"];
  for (const name of traits) model.on(`change:${name}`, later);
  draw();
  return () => {
    watch.disconnect();
    cancelAnimationFrame(frame);
    for (const name of traits) model.off(`change:${name}`, later);
    store.close();
  };
}

export default { render };
