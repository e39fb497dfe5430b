// Built by `npm run build`; change the sources, not this file.
// source: widgets/gallery/src/bar.js
// source: widgets/gallery/src/filters.js
// source: widgets/gallery/src/gallery.js
// source: widgets/gallery/src/grid.js
// source: widgets/gallery/src/head.js
// source: widgets/gallery/src/icons.js
// source: widgets/gallery/src/keys.js
// source: widgets/gallery/src/layout.js
// source: widgets/gallery/src/popover.js
// source: widgets/gallery/src/selection.js
// source: widgets/gallery/src/store.js
// source: widgets/gallery/src/tags.js
// source: widgets/gallery/src/tile.js
// source: widgets/gallery/src/transfer.js
// source: widgets/shared/clipboard.js
// source: widgets/shared/dom.js
// source: widgets/shared/focus.js
// source: widgets/shared/geometry.js
// source: widgets/shared/tags.js
// sha256 of the sources: 5490cba0dfa055c2e65c7ec594619f3a2d2f9269571d4b4e4f8232b45fb50ee7
// sha256 of the lines below: 099b4f47f86d4877bb722a9b5f1f01b102882cbb778ffb5fab1eddf679270dad
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

// widgets/shared/clipboard.js
async function copy(content, type) {
  if (!navigator.clipboard?.write) {
    const blob = await content;
    if (type === "text/plain" && copyOldWay(await blob.text())) return;
    throw new Error("This browser copies only on a page of https or of this machine; use Download");
  }
  await navigator.clipboard.write([new ClipboardItem({ [type]: content })]);
}
function copyOldWay(text) {
  const field = document.createElement("textarea");
  const before = (
    /** @type {HTMLElement | null} */
    document.activeElement
  );
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isCopied;
}

// widgets/gallery/src/icons.js
var PATHS = {
  back: "M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-3",
  check: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M8.5 12l2.5 2.5 5-5",
  compare: "M12 4v16M4 6h5v12H4zM15 6h5v12h-5z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  differ: "M5 9h14M5 15h14M15 5L9 19",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  filter: "M4 6h16M7 12h10M10 18h4",
  start: "M4 5h10v10H4zM17 9l4 4-4 4M21 13h-9",
  star: "M12 4l2.4 5.2 5.6.6-4.2 3.8 1.2 5.6L12 16.4 7 19.2l1.2-5.6L4 9.8l5.6-.6z",
  tag: "M4 5h8l8 8-7 7-9-9zM8.5 9.5h.01",
  use: "M4 7h9M4 12h6M4 17h9M14 12h7M18 8l4 4-4 4",
  x: "M6 6l12 12M18 6L6 18"
};
function icon(name, size = 18) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  const round = { "stroke-linejoin": "round", "stroke-linecap": "round" };
  return makeSvg([[PATHS[name], { ...stroke, ...round }]], { width: size, height: size });
}

// widgets/gallery/src/selection.js
var holds = (ranges, at) => ranges.some(([first, end]) => at >= first && at < end);
var sizeOf = (ranges) => ranges.reduce((sum, [first, end]) => sum + end - first, 0);
function tidy(ranges) {
  const tidied = [];
  for (const [first, end] of [...ranges].sort((one, other) => one[0] - other[0])) {
    if (first >= end) continue;
    const last = tidied.at(-1);
    if (last && first <= last[1]) last[1] = Math.max(last[1], end);
    else tidied.push([first, end]);
  }
  return tidied;
}
function toggled(ranges, at) {
  if (!holds(ranges, at)) return tidy([...ranges, [at, at + 1]]);
  return tidy(
    ranges.flatMap(
      ([first, end]) => at >= first && at < end ? (
        /** @type {Range[]} */
        [
          [first, at],
          [at + 1, end]
        ]
      ) : (
        /** @type {Range[]} */
        [[first, end]]
      )
    )
  );
}
var between = (one, other) => [Math.min(one, other), Math.max(one, other) + 1];

// widgets/gallery/src/tile.js
var LONG_PRESS = 500;
var MOVED = 10;
var starsText = (count) => count === 1 ? "1 star" : `${count} stars`;
function factsOf({ title, stars, created, width, height }) {
  const at = new Date(created);
  return [
    title || "without a prompt",
    stars && starsText(stars),
    width && height && `${width} × ${height}`,
    created && at.toLocaleString(void 0, { dateStyle: "medium", timeStyle: "short" })
  ].filter(Boolean).join(" · ");
}
var Tile = class {
  /**
   * @param {HTMLElement} row
   * @param {string} id of the element
   * @param {number} at index of the entry
   * @param {(gesture: Gesture, at: number) => void} act
   */
  constructor(row, id, at, act) {
    const attributes = { class: "mls-tile", role: "gridcell", id, "data-at": at };
    this.cell = addTo(row, "div", attributes);
    this.picture = addTo(this.cell, "div", { class: "mls-tile-picture" });
    this.stars = addTo(this.cell, "span", { class: "mls-tile-stars", "aria-hidden": "true" });
    this.tick = addTo(this.cell, "span", { class: "mls-tile-tick", "aria-hidden": "true" });
    this.drawn = "";
    this.pressed = 0;
    this.wasLong = false;
    this.from = void 0;
    this.cell.addEventListener("click", (event) => {
      if (this.wasLong) this.wasLong = false;
      else if (targetOf(event) === this.tick || event.ctrlKey || event.metaKey) act("toggle", at);
      else act(event.shiftKey ? "range" : "look", at);
    });
    this.cell.addEventListener("pointerdown", (event) => {
      this.wasLong = false;
      if (event.pointerType !== "touch") return;
      this.from = event;
      this.pressed = window.setTimeout(() => {
        this.wasLong = true;
        act("toggle", at);
      }, LONG_PRESS);
    });
    this.cell.addEventListener("pointermove", ({ clientX, clientY }) => {
      const { from } = this;
      if (from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > MOVED) this.letGo();
    });
    for (
      const kind of
      /** @type {const} */
      ["pointerup", "pointercancel"]
    ) {
      this.cell.addEventListener(kind, () => this.letGo());
    }
    this.cell.addEventListener("contextmenu", (event) => {
      if (this.wasLong) event.preventDefault();
    });
  }
  letGo() {
    clearTimeout(this.pressed);
    this.from = void 0;
  }
  /**
   * Draw the tile, anew only where something has changed.
   * @param {Look} look
   */
  draw({ entry, url, why, isShown, isSelected, isCursor }) {
    const { cell, stars } = this;
    cell.setAttribute("aria-selected", String(isSelected));
    cell.classList.toggle("mls-shown", isShown);
    cell.classList.toggle("mls-cursor", isCursor);
    const facts = entry ? factsOf(entry) : "";
    const state = JSON.stringify([facts, url, why, isShown]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.drawPicture(url, why);
    stars.textContent = entry?.stars ? `★ ${entry.stars}` : "";
    cell.title = facts;
    const parts = [facts || "Loading", isShown && "on the canvas", why && "no picture"];
    cell.setAttribute("aria-label", parts.filter(Boolean).join(" · "));
  }
  /**
   * @param {string | undefined} url
   * @param {string | undefined} why
   */
  drawPicture(url, why) {
    const { picture } = this;
    const image = picture.querySelector("img");
    if (url && image?.src === url) return;
    picture.replaceChildren();
    if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why });
  }
};

// widgets/shared/tags.js
var tagsIn = (typed) => typed.split(",").map((tag) => tag.trim()).filter(Boolean);

// widgets/gallery/src/tags.js
var MOST_SUGGESTED = 8;
function suggested(typed, known, own, of) {
  const begin = typed.trim().toLowerCase();
  const full = new Set(own.filter(([, count]) => count === of).map(([name]) => name.toLowerCase()));
  return known.filter(([name]) => !full.has(name.toLowerCase()) && name.toLowerCase().includes(begin)).sort(([one, few], [other, many]) => {
    const starts = Number(other.toLowerCase().startsWith(begin));
    return starts - Number(one.toLowerCase().startsWith(begin)) || many - few;
  }).slice(0, MOST_SUGGESTED).map(([name]) => name);
}
function retagOf(known, from, to) {
  const name = to.trim();
  if (!from || !name || name === from) return "";
  const isOther = name.toLowerCase() !== from.toLowerCase();
  const isThere = known.some(([one]) => one.toLowerCase() === name.toLowerCase());
  return isOther && isThere ? "Merge the two" : "Rename everywhere";
}
var Retag = class {
  /**
   * @param {HTMLElement} panel
   * @param {Model} model
   * @param {(details: TagDetails) => void} act
   */
  constructor(panel, model, act) {
    this.model = model;
    this.root = make(
      "details",
      { class: "mls-gallery-retag" },
      make("summary", {}, "Rename a tag")
    );
    this.from = make("select", {
      "aria-label": "Tag to rename",
      onchange: () => this.drawButton()
    });
    this.to = make("input", {
      type: "text",
      placeholder: "New name",
      "aria-label": "New name of the tag",
      maxlength: 100,
      oninput: () => this.drawButton()
    });
    this.button = make("button", {
      class: "mls-gallery-button",
      type: "button",
      onclick: () => {
        act({ from: this.from.value, to: this.to.value.trim() });
        this.to.value = "";
        this.drawButton();
      }
    });
    this.root.append(make("div", { class: "mls-gallery-add" }, this.from, this.to, this.button));
    panel.append(this.root);
    this.draw();
  }
  draw() {
    const chosen = this.from.value;
    const known = this.model.get("choices").tags;
    this.root.hidden = known.length === 0;
    this.from.replaceChildren(...known.map(([name]) => make("option", { value: name }, name)));
    if (known.some(([name]) => name === chosen)) this.from.value = chosen;
    this.drawButton();
  }
  drawButton() {
    const what = retagOf(this.model.get("choices").tags, this.from.value, this.to.value);
    this.button.disabled = !what;
    this.button.textContent = what || "Rename everywhere";
  }
};
var TagPanel = class {
  /**
   * @param {HTMLElement} panel
   * @param {Model} model
   * @param {(details: TagDetails) => void} act
   */
  constructor(panel, model, act) {
    this.model = model;
    this.act = act;
    this.own = { kind: "tags", tags: [], of: 0 };
    this.field = make("input", {
      type: "text",
      placeholder: "Add a tag",
      "aria-label": "Add a tag",
      maxlength: 100,
      oninput: () => this.draw(),
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.add(this.field.value);
      }
    });
    const add = make(
      "button",
      { class: "mls-gallery-button", type: "button", onclick: () => this.add(this.field.value) },
      "Add"
    );
    this.chips = make("div", { class: "mls-gallery-tags" });
    this.more = make("div", { class: "mls-gallery-tags" });
    this.title = make("h4", {}, "Suggested");
    panel.append(
      make("div", { class: "mls-gallery-add" }, this.field, add),
      this.chips,
      this.title,
      this.more
    );
    this.everywhere = new Retag(panel, model, (details) => this.act(details));
    this.heard = (message) => {
      if (message.kind !== "tags") return;
      this.own = message;
      this.draw();
    };
    model.on("msg:custom", this.heard);
  }
  close() {
    this.model.off("msg:custom", this.heard);
  }
  open() {
    this.field.value = "";
    this.own = { kind: "tags", tags: [], of: 0 };
    this.draw();
    this.model.send({ kind: "tags" });
  }
  /** @param {string} text */
  add(text) {
    const names = tagsIn(text);
    if (!names.length) return;
    this.field.value = "";
    this.act({ add: names });
    this.model.send({ kind: "tags" });
    this.field.focus();
  }
  /** @param {string} name */
  remove(name) {
    this.act({ remove: [name] });
    this.model.send({ kind: "tags" });
    this.field.focus();
  }
  draw() {
    const { tags, of } = this.own;
    const known = this.model.get("choices").tags;
    this.chips.replaceChildren(
      ...tags.map(([name, count]) => {
        const some = count < of ? `${count} of ${of}` : "";
        return make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            title: `Remove the tag: ${name}`,
            onclick: () => this.remove(name)
          },
          make("span", {}, name),
          make("small", {}, some),
          icon("x", 12)
        );
      })
    );
    const more = suggested(this.field.value, known, tags, of);
    this.everywhere.draw();
    this.title.hidden = more.length === 0;
    this.more.replaceChildren(
      ...more.map(
        (name) => make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            "aria-label": `Add the tag ${name}`,
            onclick: () => this.add(name)
          },
          `+ ${name}`
        )
      )
    );
  }
};

// widgets/gallery/src/transfer.js
var numbers = 0;
var Transfers = class {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.open = /* @__PURE__ */ new Map();
    const first = Date.now() % 1e6 * 1e3;
    numbers ||= first;
    this.heard = (message, buffers) => {
      if (message.kind === "part") this.take(message, buffers[0]);
      else if (message.kind === "failed") this.fail(message.number, message.text);
    };
    model.on("msg:custom", this.heard);
  }
  close() {
    this.model.off("msg:custom", this.heard);
    this.cancel();
  }
  /**
   * Ask for a file of the selected pictures.
   * @param {"files" | "picture" | "text"} what
   * @param {(done: number, size: number) => void} progress told the bytes so far, and all of them
   * @returns {Promise<File>}
   */
  fetch(what, progress = () => {
  }) {
    const number = ++numbers;
    return new Promise((resolve, reject) => {
      const empty = { parts: [], done: 0, name: "", type: "", size: 0 };
      this.open.set(number, { resolve, reject, progress, ...empty });
      this.model.send({ kind: "fetch", what, number });
    });
  }
  /** Give up all that is on its way. */
  cancel() {
    for (const number of this.open.keys()) {
      this.model.send({ kind: "drop", number });
      this.fail(number, "");
    }
  }
  /**
   * @param {Part} part
   * @param {DataView} content
   */
  take(part2, content) {
    const file = this.open.get(part2.number);
    if (!file) return;
    if (part2.name !== void 0) {
      file.name = part2.name;
      file.type = part2.type ?? "";
      file.size = part2.size ?? 0;
    }
    file.parts.push(
      /** @type {BlobPart} */
      content
    );
    file.done += content.byteLength;
    if (part2.is_last) {
      this.open.delete(part2.number);
      file.resolve({ name: file.name, blob: new Blob(file.parts, { type: file.type }) });
    } else {
      file.progress(file.done, file.size);
      this.model.send({ kind: "more", number: part2.number });
    }
  }
  /**
   * @param {number} number
   * @param {string} text
   */
  fail(number, text) {
    const file = this.open.get(number);
    this.open.delete(number);
    file?.reject(new Error(text));
  }
};
function save({ name, blob }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 6e4);
}
async function asPng(blob) {
  if (blob.type === "image/png") return blob;
  const picture = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => png ? resolve(png) : reject(new Error("not a picture")), "image/png");
  });
}

// widgets/gallery/src/bar.js
var TOLD_FOR = 1e4;
var DRAWN_BY = (
  /** @type {const} */
  ["selection", "shown", "filters", "count"]
);
var MOST_STARS = 5;
var MEGA = 2 ** 20;
var Bar = class {
  /**
   * @param {HTMLElement} parent
   * @param {Model} model
   * @param {Popovers} popovers
   * @param {{ clear: () => void }} grid
   */
  constructor(parent, model, popovers, grid) {
    this.model = model;
    this.popovers = popovers;
    this.transfers = new Transfers(model);
    const line = addTo(parent, "div", { class: "mls-gallery-told" });
    this.told = addTo(line, "p", { role: "status" });
    this.undo = addTo(
      line,
      "button",
      { class: "mls-gallery-link", type: "button", hidden: "", onclick: () => this.takeBack() },
      "Undo"
    );
    this.stop = addTo(
      line,
      "button",
      {
        class: "mls-gallery-link",
        type: "button",
        hidden: "",
        onclick: () => this.transfers.cancel()
      },
      "Cancel"
    );
    this.clear = addTo(
      line,
      "button",
      {
        class: "mls-gallery-link",
        type: "button",
        title: "Select only the picture on the canvas (Escape)",
        onclick: () => grid.clear()
      },
      "Clear"
    );
    this.tools = addTo(parent, "div", {
      class: "mls-gallery-tools",
      role: "toolbar",
      "aria-label": "Selected pictures"
    });
    this.compare = this.button("compare", "Compare", () => this.act("compare"));
    this.differ = this.button("differ", "What differs", () => this.act("differ"));
    this.check = this.button("check", "Check again", () => this.act("check"));
    this.star = this.button("star", "Stars");
    this.tag = this.button("tag", "Tag");
    this.download = this.button("download", "Download", () => this.save());
    this.copyButton = this.button("copy", "Copy");
    this.start = this.button("start", "Start from this picture", () => this.act("start"));
    this.remove = this.button("delete", "Delete", () => this.act("delete"));
    this.restore = this.button("back", "Restore", () => this.act("restore"), true);
    this.purge = this.button("delete", "Delete for good", void 0, true);
    this.fillStars(popovers.add(this.star, "Stars", () => {
    }));
    const tags = popovers.add(this.tag, "Tag", () => this.tags.open());
    this.tags = new TagPanel(
      tags,
      model,
      (details) => this.act(details.from ? "retag" : "tag", details)
    );
    this.fillCopy(popovers.add(this.copyButton, "Copy", () => {
    }));
    const sure = popovers.add(this.purge, "Delete for good", () => this.fillSure(sure));
    this.asked = 0;
    this.until = 0;
    this.notice = () => this.tell(model.get("notice"));
    this.drawn = () => this.draw();
    model.on("change:notice", this.notice);
    for (const name of DRAWN_BY) model.on(`change:${name}`, this.drawn);
    this.draw();
  }
  close() {
    clearTimeout(this.until);
    this.transfers.close();
    this.tags.close();
    this.model.off("change:notice", this.notice);
    for (const name of DRAWN_BY) this.model.off(`change:${name}`, this.drawn);
  }
  /**
   * @param {Parameters<typeof icon>[0]} sign
   * @param {string} label
   * @param {() => void} [act]
   * @param {boolean} [hasText]
   */
  button(sign, label, act, hasText = false) {
    const button = addTo(this.tools, "button", {
      class: hasText ? "mls-gallery-button" : "mls-gallery-icon",
      type: "button",
      title: label,
      "aria-label": label,
      onclick: act
    });
    button.append(icon(sign), hasText ? label : "");
    return button;
  }
  get size() {
    return sizeOf(this.model.get("selection"));
  }
  /**
   * Ask Python for something that is meant for the selected pictures.
   * @param {string} action
   * @param {object} [details]
   */
  act(action, details = {}) {
    if (this.size === 0 && action !== "undo" && action !== "empty") return;
    const { bin } = this.model.get("filters");
    if (bin && action === "delete") this.purge.click();
    else this.model.send({ kind: "act", action, details });
  }
  draw() {
    const { size } = this;
    const { bin } = this.model.get("filters");
    const [selection, shown] = [this.model.get("selection"), this.model.get("shown")];
    const isOnlyShown = size === 1 && shown >= 0 && holds(selection, shown);
    this.clear.hidden = size === 0 || isOnlyShown || this.isTelling;
    if (!this.isTelling) {
      this.told.textContent = size ? `${size.toLocaleString("en")} selected` : "";
    }
    for (const one of [this.compare, this.differ, this.check]) one.hidden = bin;
    for (const one of [this.star, this.tag, this.download]) one.hidden = bin;
    for (const one of [this.copyButton, this.start, this.remove]) one.hidden = bin;
    this.restore.hidden = this.purge.hidden = !bin;
    for (const one of this.tools.querySelectorAll("button")) one.disabled = size === 0;
    this.compare.disabled = size !== 2;
    this.compare.title = size === 2 ? "Compare the two" : "Compare: select exactly two pictures";
    this.differ.disabled = size !== 2;
    this.differ.title = size === 2 ? "What differs between the two" : "What differs: select exactly two pictures";
    this.check.disabled = size !== 1;
    this.check.title = size === 1 ? "Check again: make it anew and compare" : "Check again: select one picture";
    this.start.disabled = size !== 1;
    this.download.title = size > 1 ? `Download ${size} pictures as a ZIP file` : "Download";
  }
  // --- what is told ----------------------------------------------------------------------------
  /** @param {{ text: string, undo?: boolean, is_error?: boolean }} notice */
  tell({ text, undo = false, is_error = false }) {
    clearTimeout(this.until);
    this.isTelling = Boolean(text);
    this.told.textContent = text;
    this.told.title = text;
    this.told.setAttribute("role", is_error ? "alert" : "status");
    this.undo.hidden = !undo;
    this.stop.hidden = true;
    if (text && !is_error) this.until = window.setTimeout(() => this.tell({ text: "" }), TOLD_FOR);
    this.draw();
  }
  isTelling = false;
  takeBack() {
    this.tell({ text: "" });
    this.act("undo");
  }
  // --- downloads and the clipboard -------------------------------------------------------------
  async save() {
    const { size } = this;
    try {
      const file = await this.transfers.fetch("files", (done, all) => {
        this.tell({ text: progressText(done, all) });
        this.stop.hidden = false;
      });
      save(file);
      this.tell({ text: size > 1 ? `${size} pictures downloaded` : `${file.name} downloaded` });
    } catch (error) {
      this.fail(error, "Download cancelled");
    }
  }
  /**
   * @param {"picture" | "text"} what
   * @param {"image/png" | "text/plain"} type
   * @param {string} said
   */
  async copy(what, type, said) {
    this.popovers.close();
    try {
      const blob = this.transfers.fetch(what).then((file) => file.blob);
      await copy(type === "image/png" ? blob.then(asPng) : blob, type);
      this.tell({ text: said });
    } catch (error) {
      this.fail(error, "");
    }
  }
  /**
   * @param {unknown} error
   * @param {string} otherwise what is told where the error says nothing: a person has cancelled
   */
  fail(error, otherwise) {
    const text = error instanceof Error ? error.message : String(error);
    this.tell({ text: text || otherwise, is_error: Boolean(text) });
  }
  // --- its panels ------------------------------------------------------------------------------
  /** @param {HTMLElement} panel */
  fillStars(panel) {
    for (let stars = 0; stars <= MOST_STARS; stars++) {
      addTo(
        panel,
        "button",
        {
          class: "mls-gallery-button",
          type: "button",
          "aria-label": stars ? starsText(stars) : "None",
          title: `Key ${stars}`,
          onclick: () => {
            this.act(`stars:${stars}`);
            this.popovers.close();
          }
        },
        stars ? `★${stars}` : "None"
      );
    }
  }
  /** @param {HTMLElement} panel */
  fillCopy(panel) {
    const kind = { class: "mls-gallery-button", type: "button" };
    addTo(
      panel,
      "button",
      { ...kind, onclick: () => this.copy("picture", "image/png", "Picture copied") },
      "Picture"
    );
    addTo(
      panel,
      "button",
      { ...kind, onclick: () => this.copy("text", "text/plain", "Settings copied as text") },
      "Settings as text"
    );
  }
  /** @param {HTMLElement} panel */
  fillSure(panel) {
    const { size } = this;
    const what = size === 1 ? "this picture" : `these ${size.toLocaleString("en")} pictures`;
    panel.replaceChildren(
      make("p", {}, `Delete ${what} for good? That cannot be undone.`),
      make(
        "button",
        { class: "mls-gallery-button", type: "button", onclick: () => this.popovers.close() },
        "Keep"
      ),
      make(
        "button",
        {
          class: "mls-gallery-button mls-danger",
          type: "button",
          onclick: () => {
            this.popovers.close();
            this.act("purge");
          }
        },
        "Delete for good"
      )
    );
  }
};
function progressText(done, all) {
  const mega = (bytes) => (bytes / MEGA).toFixed(bytes < 10 * MEGA ? 1 : 0);
  return all ? `Downloading ${mega(done)} of ${mega(all)} MB` : `Downloading ${mega(done)} MB`;
}

// widgets/gallery/src/filters.js
var NONE = {
  text: "",
  tags: [],
  model: "",
  stars: 0,
  since: "",
  until: "",
  order: "newest",
  bin: false
};
function inForce({ tags, model, stars, since, until, bin }) {
  const found = bin ? [{ label: "In the bin", without: { bin: false } }] : [];
  for (const tag of tags) {
    found.push({ label: tag, without: { tags: tags.filter((one) => one !== tag) } });
  }
  if (model) found.push({ label: model, without: { model: "" } });
  if (stars) found.push({ label: `★ ${stars} or more`, without: { stars: 0 } });
  if (since) found.push({ label: `from ${since}`, without: { since: "" } });
  if (until) found.push({ label: `to ${until}`, without: { until: "" } });
  return found;
}
function emptyText(filters) {
  const { text, bin } = filters;
  const narrowed = inForce({ ...filters, bin: false }).length > 0;
  if (text.trim()) return { text: `No pictures match “${text.trim()}”`, isFiltered: true };
  if (narrowed) return { text: "No pictures match the filters", isFiltered: true };
  return { text: bin ? "The bin is empty" : "No pictures yet", isFiltered: bin };
}
var countText = (count) => `${count.toLocaleString("en")} picture${count === 1 ? "" : "s"}`;

// widgets/shared/geometry.js
var clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// widgets/gallery/src/layout.js
var SMALLEST = 72;
var GAP = 4;
var MARGIN = 1;
var MOST_ROWS = 60;
var NARROWEST = { columns: 1, tile: SMALLEST };
function layoutFor(width) {
  const columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
  return { columns, tile: Math.floor((width - GAP * (columns - 1)) / columns) };
}
var rowHeight = ({ tile }) => tile + GAP;
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
    this.heard = (answer, buffers) => {
      if (answer.kind === "rows" || answer.kind === "thumbnails") this.take(answer, buffers);
    };
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

// widgets/gallery/src/grid.js
var REDRAWN_BY = (
  /** @type {const} */
  ["count", "shown", "selection", "filters"]
);
var LOOK_AFTER = 120;
var grids = 0;
var Grid = class {
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
      "aria-keyshortcuts": "Enter Space Delete Control+A 0 1 2 3 4 5"
    });
    this.space = addTo(this.scroll, "div", { class: "mls-gallery-space", role: "presentation" });
    this.nothing = addTo(parent, "div", { class: "mls-gallery-nothing" });
    this.rows = /* @__PURE__ */ new Map();
    this.layout = NARROWEST;
    this.cursor = model.get("shown");
    this.anchor = this.cursor;
    this.looking = 0;
    this.asked = /* @__PURE__ */ new Set();
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
    if (!width) return;
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
    if (count !== this.counted) this.asked.clear();
    this.counted = count;
    scroll.classList.toggle("mls-gallery-many", sizeOf(this.model.get("selection")) > 1);
    const { first, end } = rowsSeen(layout, count, scroll);
    this.removeRowsOutside(first, end);
    for (let line = end - 1; line >= first; line--) this.rowAt(line);
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
        isCursor: at === cursor
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
    if (id === void 0) return;
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
};

// widgets/shared/focus.js
function heldIn(element) {
  const active = (
    /** @type {HTMLElement | null} */
    document.activeElement
  );
  return element?.contains(active) ? active?.dataset.part : void 0;
}
function giveBack(element, held, otherwise) {
  if (!held) return;
  const piece = element?.querySelector(`[data-part="${CSS.escape(held)}"]`);
  (piece ?? otherwise)?.focus();
}

// widgets/gallery/src/head.js
var SEARCH_AFTER = 250;
var HINT = 'Words anywhere, "in this order", -without; or a setting: seed:7, lora:ink, sampler:euler, steps:20..30, size:512x768, stars:>=4, tag:"blue sea"';
var DRAWN_BY2 = (
  /** @type {const} */
  ["filters", "fault", "choices", "count"]
);
var MOST_STARS2 = 5;
var Head = class {
  /**
   * @param {HTMLElement} parent
   * @param {Model} model
   * @param {Popovers} popovers
   */
  constructor(parent, model, popovers) {
    this.model = model;
    const line = addTo(parent, "div", { class: "mls-gallery-search-line", role: "search" });
    this.search = addTo(line, "input", {
      class: "mls-gallery-search",
      type: "search",
      placeholder: "Search",
      title: HINT,
      "aria-label": "Search pictures",
      "aria-description": HINT,
      spellcheck: "false",
      oninput: () => this.searchLater(),
      onchange: () => this.searchNow()
    });
    const button = addTo(line, "button", {
      class: "mls-gallery-icon",
      type: "button",
      title: "Filter by tag, model, stars and day",
      "aria-label": "Filter"
    });
    button.append(icon("filter"));
    this.button = button;
    this.panel = popovers.add(button, "Filters", () => this.fill());
    this.fault = addTo(parent, "p", { class: "mls-gallery-fault", role: "alert", hidden: "" });
    this.chips = addTo(parent, "div", { class: "mls-gallery-chips", hidden: "" });
    const counted = addTo(parent, "div", { class: "mls-gallery-counted" });
    this.count = addTo(counted, "p", { role: "status" });
    this.order = addTo(counted, "select", {
      "aria-label": "Sort",
      title: "Sort",
      onchange: () => this.set({ order: this.order.value })
    });
    this.waiting = 0;
    this.drawn = () => this.draw();
    for (const name of DRAWN_BY2) model.on(`change:${name}`, this.drawn);
    this.draw();
  }
  close() {
    clearTimeout(this.waiting);
    for (const name of DRAWN_BY2) this.model.off(`change:${name}`, this.drawn);
  }
  /** @returns {Filters} */
  get filters() {
    return { ...NONE, ...this.model.get("filters") };
  }
  /** @param {Partial<Filters>} changes */
  set(changes) {
    const filters = { ...this.filters, text: this.search.value, ...changes };
    clearTimeout(this.waiting);
    this.model.set("filters", filters);
    this.model.send({ kind: "filter", filters });
  }
  searchLater() {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.searchNow(), SEARCH_AFTER);
  }
  searchNow() {
    if (this.search.value !== this.filters.text) this.set({ text: this.search.value });
  }
  draw() {
    const { filters, model } = this;
    const { orders } = model.get("choices");
    if (document.activeElement !== this.search) this.search.value = filters.text;
    const fault = model.get("fault");
    this.fault.hidden = !fault;
    this.fault.textContent = fault;
    this.search.setAttribute("aria-invalid", String(Boolean(fault)));
    this.count.textContent = countText(model.get("count"));
    if (this.order.options.length !== orders.length) {
      this.order.replaceChildren(
        ...orders.map(([value, label]) => make("option", { value }, label))
      );
    }
    this.order.value = filters.order;
    const chips = inForce(filters);
    this.button.classList.toggle("mls-on", chips.length > 0);
    this.chips.hidden = chips.length === 0;
    this.chips.replaceChildren(
      ...chips.map(
        ({ label, without }) => make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            title: `Remove: ${label}`,
            "aria-label": `Remove the filter: ${label}`,
            onclick: () => this.set(without)
          },
          make("span", {}, label),
          icon("x", 12)
        )
      )
    );
    if (!this.panel.hidden) this.fill();
  }
  // --- the panel of filters --------------------------------------------------------------------
  /** Draw the panel anew; what has the focus keeps it. */
  fill() {
    const { filters, model, panel } = this;
    const { tags, models, binned } = model.get("choices");
    const held = heldIn(panel);
    const scrolled = panel.querySelector(".mls-gallery-tags")?.scrollTop ?? 0;
    panel.replaceChildren(
      part("Tags", this.tagChips(tags, filters)),
      part("Model", this.modelMenu(models, filters)),
      part("Stars", this.starButtons(filters)),
      part("Made", this.days(filters)),
      this.feet(binned, filters)
    );
    const list = panel.querySelector(".mls-gallery-tags");
    if (list) list.scrollTop = scrolled;
    giveBack(panel, held);
  }
  /**
   * @param {[string, number][]} tags
   * @param {Filters} filters
   */
  tagChips(tags, filters) {
    if (!tags.length) {
      return make("p", {}, "None yet. Select pictures and choose Tag below them.");
    }
    const chips = tags.map(([name, count]) => {
      const isOn = filters.tags.includes(name);
      const after = isOn ? filters.tags.filter((one) => one !== name) : [...filters.tags, name];
      return make(
        "button",
        {
          class: "mls-gallery-chip",
          type: "button",
          "data-part": `tag ${name}`,
          "aria-pressed": String(isOn),
          onclick: () => this.set({ tags: after })
        },
        make("span", {}, name),
        make("small", {}, count.toLocaleString("en"))
      );
    });
    return make("div", { class: "mls-gallery-tags" }, ...chips);
  }
  /**
   * @param {[string, number][]} models
   * @param {Filters} filters
   */
  modelMenu(models, filters) {
    const menu = make("select", {
      "aria-label": "Model",
      "data-part": "model",
      onchange: () => this.set({ model: menu.value })
    });
    menu.append(make("option", { value: "" }, "Any"));
    for (const [name, count] of models) {
      menu.append(make("option", { value: name }, `${name} (${count.toLocaleString("en")})`));
    }
    menu.value = filters.model;
    return menu;
  }
  /** @param {Filters} filters */
  starButtons(filters) {
    const buttons = [...Array(MOST_STARS2 + 1).keys()].map(
      (stars) => make(
        "button",
        {
          type: "button",
          "data-part": `stars ${stars}`,
          "aria-pressed": String(filters.stars === stars),
          "aria-label": stars ? `${stars} stars or more` : "Any number of stars",
          onclick: () => this.set({ stars })
        },
        stars ? `★${stars}` : "Any"
      )
    );
    return make("div", { class: "mls-gallery-segments", role: "group" }, ...buttons);
  }
  /** @param {Filters} filters */
  days(filters) {
    const fields = (
      /** @type {const} */
      [
        ["since", "First day"],
        ["until", "Last day"]
      ].map(([name, label]) => {
        const field = make("input", {
          type: "date",
          "aria-label": label,
          title: label,
          "data-part": name,
          value: filters[name],
          onchange: () => this.set({ [name]: field.value })
        });
        return field;
      })
    );
    return make("div", { class: "mls-gallery-days" }, fields[0], "–", fields[1]);
  }
  /**
   * @param {number} binned
   * @param {Filters} filters
   */
  feet(binned, filters) {
    const bin = make(
      "button",
      {
        class: "mls-gallery-button",
        type: "button",
        "data-part": "bin",
        "aria-pressed": String(filters.bin),
        onclick: () => this.set({ bin: !filters.bin })
      },
      icon("delete", 16),
      `Bin (${binned.toLocaleString("en")})`
    );
    const clear = make(
      "button",
      {
        class: "mls-gallery-button",
        type: "button",
        "data-part": "clear",
        onclick: () => {
          this.search.value = "";
          this.set({ ...NONE, order: filters.order });
        }
      },
      "Clear all"
    );
    return make("div", { class: "mls-gallery-feet" }, bin, clear);
  }
};
var part = (label, content) => make("div", { class: "mls-gallery-part" }, make("h4", {}, label), content);

// widgets/gallery/src/keys.js
function press(grid, acts, event) {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isPlain) event.stopPropagation();
  if (event.key === "Escape" && acts.close()) {
    event.preventDefault();
    return;
  }
  if (event.target !== grid.scroll || event.altKey) return;
  const act = actOf(grid, acts, event, isPlain);
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
function actOf(grid, acts, event, isPlain) {
  const { columns } = grid.layout;
  const move = (by) => () => grid.move(by, event);
  const moves = {
    ArrowLeft: move(-1),
    ArrowRight: move(1),
    ArrowUp: () => grid.cursor >= columns && grid.move(-columns, event),
    ArrowDown: move(columns),
    PageUp: move(-grid.page),
    PageDown: move(grid.page),
    Home: move(-Infinity),
    End: move(Infinity)
  };
  if (event.key in moves) return moves[event.key];
  if (!isPlain) return event.key.toLowerCase() === "a" ? () => grid.selectAll() : void 0;
  if (/^[0-5]$/.test(event.key)) return () => acts.act(`stars:${event.key}`);
  const keys = {
    " ": () => grid.cursor >= 0 && grid.toggle(grid.cursor),
    Enter: () => acts.act("use"),
    Escape: () => grid.selectShown(),
    Delete: () => acts.act("delete"),
    Backspace: () => acts.act("delete")
  };
  return keys[event.key];
}

// widgets/gallery/src/popover.js
var Popovers = class {
  /** @param {HTMLElement} root in which a click outside of the open one closes it */
  constructor(root) {
    this.root = root;
    this.opened = null;
    this.outside = (event) => {
      const { opened } = this;
      const at = targetOf(event);
      if (opened && !opened.panel.contains(at) && !opened.button.contains(at)) this.close(false);
    };
    document.addEventListener("pointerdown", this.outside, true);
  }
  end() {
    document.removeEventListener("pointerdown", this.outside, true);
  }
  /**
   * Make a panel that a button opens and closes.
   * @param {HTMLButtonElement} button
   * @param {string} name its class and, for screen readers, its name
   * @param {() => void} open fills the panel each time
   */
  add(button, name, open) {
    const kind = name.toLowerCase().replaceAll(" ", "-");
    const panel = addTo(this.root, "div", {
      class: `mls-gallery-popover mls-gallery-${kind}`,
      role: "dialog",
      "aria-label": name,
      hidden: ""
    });
    const one = { name, button, panel, open };
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      if (this.opened === one) this.close();
      else this.show(one);
    });
    return panel;
  }
  /** @param {One} one */
  show(one) {
    this.close(false);
    this.opened = one;
    one.open();
    one.panel.hidden = false;
    one.button.setAttribute("aria-expanded", "true");
    const first = one.panel.querySelector("input, select, button:not([disabled])");
    first?.focus();
  }
  /**
   * Close the open panel; return whether there was one.
   * @param {boolean} [goesBack] whether the button that opened it has the focus again
   */
  close(goesBack = true) {
    const { opened } = this;
    if (!opened) return false;
    this.opened = null;
    opened.panel.hidden = true;
    opened.button.setAttribute("aria-expanded", "false");
    if (goesBack) opened.button.focus();
    return true;
  }
};

// widgets/gallery/src/gallery.js
function render({ model, el }) {
  el.classList.add("mls-gallery-host");
  const root = addTo(el, "div", { class: "mls-gallery" });
  const popovers = new Popovers(root);
  const head = new Head(addTo(root, "div", { class: "mls-gallery-head" }), model, popovers);
  const grid = new Grid(model, addTo(root, "div", { class: "mls-gallery-body" }));
  const leftOut = addTo(root, "details", { class: "mls-gallery-left-out" });
  const bar = new Bar(addTo(root, "div", { class: "mls-gallery-bar" }), model, popovers, {
    clear: () => grid.selectShown()
  });
  const tellEmpty = () => drawEmpty(grid.nothing, model, head);
  const tellLeftOut = () => drawLeftOut(leftOut, model);
  model.on("change:filters", tellEmpty);
  model.on("change:left_out", tellLeftOut);
  tellEmpty();
  tellLeftOut();
  const acts = {
    act: (action) => bar.act(action),
    close: () => popovers.close()
  };
  root.addEventListener("keydown", (event) => press(grid, acts, event));
  return () => {
    model.off("change:filters", tellEmpty);
    model.off("change:left_out", tellLeftOut);
    popovers.end();
    head.close();
    grid.close();
    bar.close();
  };
}
function drawEmpty(element, model, head) {
  const { text, isFiltered } = emptyText({ ...NONE, ...model.get("filters") });
  element.replaceChildren(make("p", {}, text));
  if (!isFiltered) return;
  const clear = () => {
    head.search.value = "";
    head.set({ ...NONE, order: head.filters.order });
  };
  const button = { class: "mls-gallery-button", type: "button", onclick: clear };
  element.append(make("button", button, "Show all pictures"));
}
function drawLeftOut(element, model) {
  const { lines, count } = model.get("left_out");
  element.hidden = count === 0;
  const files = count === 1 ? "1 file is" : `${count.toLocaleString("en")} files are`;
  element.replaceChildren(
    make("summary", {}, `${files} not shown here`),
    make("ul", {}, ...lines.map(([name, why]) => make("li", {}, make("b", {}, name), `: ${why}`)))
  );
  if (count > lines.length) {
    element.append(make("p", {}, `and ${(count - lines.length).toLocaleString("en")} more`));
  }
}
var gallery_default = { render };
export {
  gallery_default as default
};
