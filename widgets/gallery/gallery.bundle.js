// Built by `npm run build`; change the sources, not this file.
// source: widgets/gallery/src/gallery.js
// source: widgets/gallery/src/store.js
// source: widgets/gallery/src/tile.js
// source: widgets/shared/dom.js
// sha256 of the sources: 726e1861408012568ae7b64e6a3a9a97f8ab8a11da4c548a77cf44f28608ec09
// sha256 of the lines below: 2b551406d7ef44c0e11777546466e2f8d944703c67c34658081d456591e934e5
// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, value);
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
  const whole = { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes };
  for (const [name, value] of Object.entries(whole)) svg.setAttribute(name, value);
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: path, ...own })) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

// widgets/gallery/src/store.js
var MOST_THUMBNAILS = 600;
var MOST_ENTRIES = 4e3;
var ANSWER_WITHIN = 5e3;
function makeStore(model, changed) {
  const entries = /* @__PURE__ */ new Map();
  const thumbnails = /* @__PURE__ */ new Map();
  const missing = /* @__PURE__ */ new Map();
  const fresh = /* @__PURE__ */ new Set();
  const waiting = {};
  const ask = (kind, question) => {
    if (performance.now() - (waiting[kind] ?? -Infinity) < ANSWER_WITHIN) return;
    waiting[kind] = performance.now();
    model.send({ kind, ...question });
  };
  const want = (first, end) => {
    let from = first;
    while (from < end && fresh.has(from)) from++;
    while (end > from && fresh.has(end - 1)) end--;
    if (from === end) return;
    ask("rows", { from, to: end, thumbnails: !entries.has(from) || !entries.has(end - 1) });
  };
  const wantThumbnails = (ids) => {
    const lacking = ids.filter((id) => !thumbnails.has(id) && !missing.has(id));
    if (lacking.length) ask("thumbnails", { ids: lacking });
  };
  const thumbnail = (id) => {
    const url = thumbnails.get(id);
    if (url) thumbnails.delete(id), thumbnails.set(id, url);
    return url;
  };
  const heard = (message, buffers) => {
    delete waiting[message.kind];
    if (message.rows && message.generation === model.get("generation")) {
      if (entries.size > MOST_ENTRIES) entries.clear(), fresh.clear();
      message.rows.forEach((row, place) => {
        entries.set(message.from + place, row);
        fresh.add(message.from + place);
      });
    }
    message.ids.forEach((id, place) => {
      if (thumbnails.has(id)) URL.revokeObjectURL(thumbnails.get(id));
      const blob = new Blob([buffers[place]], { type: "image/webp" });
      thumbnails.set(id, URL.createObjectURL(blob));
    });
    for (const [id, why] of Object.entries(message.missing)) missing.set(id, why);
    changed();
  };
  const renew = () => {
    fresh.clear();
    missing.clear();
    waiting.rows = void 0;
    for (const at of entries.keys()) if (at >= model.get("count")) entries.delete(at);
    changed();
  };
  const tidy = (shown) => {
    for (const [id, url] of thumbnails) {
      if (thumbnails.size <= MOST_THUMBNAILS) return;
      if (shown.has(id)) continue;
      URL.revokeObjectURL(url);
      thumbnails.delete(id);
    }
  };
  const close = () => {
    for (const url of thumbnails.values()) URL.revokeObjectURL(url);
    model.off("msg:custom", heard);
    model.off("change:generation", renew);
  };
  model.on("msg:custom", heard);
  model.on("change:generation", renew);
  return {
    entry: (at) => entries.get(at),
    why: (id) => missing.get(id),
    thumbnail,
    want,
    wantThumbnails,
    tidy,
    close
  };
}

// widgets/gallery/src/tile.js
var ICONS = {
  enhance: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM18 15l.9 2.1L21 18l-2.1.9L18 21l-.9-2.1L15 18l2.1-.9z",
  sidecar: "M9 4C6 4 7 8 7 9.5S6 12 5 12c1 0 2 1 2 2.5S6 20 9 20M15 4c3 0 2 4 2 5.5s1 2.5 2 2.5c-1 0-2 1-2 2.5S18 20 15 20",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5"
};
var TITLES = { enhance: "Enhance", sidecar: "Open the sidecar", delete: "Delete" };
function icon(name) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  return makeSvg([[ICONS[name], stroke]], { width: 18, height: 18 });
}
function factsOf([, title, stars, created, width, height]) {
  const at = new Date(created);
  const facts = [title || "without a prompt"];
  if (stars) facts.push(stars === 1 ? "1 star" : `${stars} stars`);
  if (width && height) facts.push(`${width} × ${height}`);
  if (!Number.isNaN(at.getTime()))
    facts.push(at.toLocaleString(void 0, { dateStyle: "medium", timeStyle: "short" }));
  return facts.join(" · ");
}
function makeTile(row, id, at, act) {
  const cell = addTo(row, "div", { class: "mls-tile", role: "gridcell", id: `${id}-${at}` });
  cell.dataset.at = at;
  const picture = addTo(cell, "div", { class: "mls-tile-picture" });
  const stars = addTo(cell, "div", { class: "mls-tile-stars" });
  let drawn = "";
  const button = (kind, parent, label, content, name) => addTo(
    parent,
    "button",
    {
      class: kind,
      type: "button",
      title: label,
      "aria-label": label,
      tabindex: -1,
      "data-act": name
    },
    content
  );
  const drawPicture = (url, why) => {
    picture.replaceChildren();
    picture.classList.toggle("mls-empty", !url && !why);
    if (url) addTo(picture, "img", { alt: "", draggable: "false" }).src = url;
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why }).textContent = "no picture";
  };
  const drawButtons = (entry, isAsked) => {
    stars.replaceChildren();
    for (let count = 1; count <= 5; count++) {
      const isLit = count <= entry[2];
      const label = count === 1 ? "1 star" : `${count} stars`;
      const name = `stars:${count === entry[2] ? 0 : count}`;
      const star = button("mls-star", stars, label, isLit ? "★" : "☆", name);
      star.classList.toggle("mls-lit", isLit);
      star.setAttribute("aria-pressed", String(count === entry[2]));
    }
    if (isAsked) {
      const box = addTo(picture, "div", { class: "mls-tile-ask", role: "group", "aria-label": "Delete?" });
      addTo(box, "span").textContent = "Delete?";
      button("mls-tile-yes", box, "Delete this picture and its sidecar", "Delete", "sure");
      button("mls-tile-no", box, "Keep it", "Keep", "keep");
      return;
    }
    const bar = addTo(picture, "div", { class: "mls-tile-actions" });
    for (const name of Object.keys(ICONS)) button("mls-tile-act", bar, TITLES[name], icon(name), name);
  };
  const draw = (entry, url, why, isCurrent, isAsked) => {
    cell.setAttribute("aria-selected", String(isCurrent));
    const state = JSON.stringify([entry, url, why, isAsked]);
    if (state !== drawn) {
      const held = cell.contains(document.activeElement) && document.activeElement.dataset.act;
      drawn = state;
      drawPicture(url, why);
      stars.replaceChildren();
      if (entry) {
        drawButtons(entry, isAsked);
        cell.title = factsOf(entry);
        cell.setAttribute("aria-label", factsOf(entry));
      }
      if (held) cell.querySelector(`[data-act="${held}"]`)?.focus();
    }
    for (const one of picture.querySelectorAll("button")) one.tabIndex = isCurrent ? 0 : -1;
  };
  cell.addEventListener("click", (event) => {
    act(event.target.closest("button")?.dataset.act ?? "open", at);
  });
  return { cell, draw };
}

// widgets/gallery/src/gallery.js
var SMALLEST = 104;
var GAP = 8;
var FOOT = 24;
var MARGIN = 1;
var MOST_ROWS = 60;
var galleries = 0;
function render({ model, el }) {
  const id = `mls-gallery-${++galleries}`;
  el.classList.add("mls-gallery-host");
  const root = addTo(el, "div", { class: "mls-gallery" });
  const scroll = addTo(root, "div", {
    class: "mls-gallery-scroll",
    role: "grid",
    tabindex: "0",
    "aria-label": "Pictures",
    "aria-keyshortcuts": "Enter E S Delete 0 1 2 3 4 5"
  });
  const space = addTo(scroll, "div", { class: "mls-gallery-space", role: "presentation" });
  const nothing = addTo(scroll, "p", { class: "mls-gallery-nothing" });
  const foot = addTo(root, "div", { class: "mls-gallery-foot", "aria-hidden": "true" });
  const rows = /* @__PURE__ */ new Map();
  let [columns, tile] = [1, SMALLEST];
  let asked = null;
  let frame = 0;
  const height = () => tile + FOOT + GAP;
  const current = () => model.get("current");
  const later = () => frame ||= requestAnimationFrame(() => (frame = 0, draw()));
  const store = makeStore(model, later);
  const measure = () => {
    const width = space.clientWidth;
    if (!width) return;
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
    space.insertBefore(element, rows.get(line + 1)?.element ?? null);
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
        const entry2 = store.entry(begin + place);
        if (entry2) shown.push(entry2[0]);
        const isCurrent = begin + place === current();
        one.draw(
          entry2,
          entry2 && store.thumbnail(entry2[0]),
          entry2 && store.why(entry2[0]),
          isCurrent,
          Boolean(entry2) && entry2[0] === asked
        );
      });
    }
    if (asked && !shown.includes(asked)) asked = null;
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
    Backspace: () => act("delete", current())
  };
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.target !== scroll) {
      if (event.key !== "Escape") return;
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
var gallery_default = { render };
export {
  gallery_default as default
};
