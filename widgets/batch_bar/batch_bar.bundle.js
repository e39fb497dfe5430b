// Built by `npm run build`; change the sources, not this file.
// source: widgets/batch_bar/src/bar.js
// source: widgets/batch_bar/src/batch_bar.js
// source: widgets/batch_bar/src/words.js
// source: widgets/shared/dom.js
// source: widgets/shared/focus.js
// source: widgets/shared/popup.js
// source: widgets/shared/tags.js
// sha256 of the sources: 25a087a94d0a06ec8971bc426865abd6484ef83277316018a3d9e7874d4b2fc2
// sha256 of the lines below: 533631f4c25eabab2718fabe9c200ebba8558ac0f6c947dbf730284eaef6a966
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

// widgets/shared/popup.js
var GAP = 4;
function openAt(button, panel, toggled = () => {
}) {
  panel.popover = "auto";
  button.popoverTargetElement = panel;
  button.setAttribute("aria-expanded", "false");
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") placeAt(button, panel);
  });
  panel.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    button.setAttribute("aria-expanded", String(isOpen));
    toggled(isOpen);
  });
}
function placeAt(button, panel) {
  const { top, bottom, right, left } = button.getBoundingClientRect();
  const isAbove = top > window.innerHeight - bottom;
  const isRight = right > window.innerWidth / 2;
  const room = (isAbove ? top : window.innerHeight - bottom) - 2 * GAP;
  Object.assign(panel.style, {
    top: isAbove ? "auto" : `${bottom + GAP}px`,
    bottom: isAbove ? `${window.innerHeight - top + GAP}px` : "auto",
    left: isRight ? "auto" : `${left}px`,
    right: isRight ? `${document.documentElement.clientWidth - right}px` : "auto",
    maxHeight: `${room}px`
  });
}
function addMenu(parent, label, items, choose, attributes = {}) {
  const button = addTo(parent, "button", {
    type: "button",
    "aria-haspopup": "menu",
    ...attributes
  });
  button.append(label, addTo(button, "span", { class: "mls-arrow", "aria-hidden": "true" }));
  const menu = addTo(parent, "div", { class: "mls-menu", role: "menu", "aria-label": label });
  const buttons = items.map((item) => {
    const one = addTo(menu, "button", { type: "button", role: "menuitem", tabindex: -1 });
    one.textContent = item.label;
    one.addEventListener("click", () => {
      menu.hidePopover();
      button.focus();
      choose(item.value);
    });
    return one;
  });
  openAt(button, menu, (isOpen) => isOpen && buttons[0]?.focus());
  menu.addEventListener("keydown", (event) => {
    const at = buttons.findIndex((one) => one === document.activeElement);
    const to = next(event.key, at, buttons.length);
    if (to === null) return;
    event.preventDefault();
    buttons[to].focus();
  });
  return button;
}
function next(key, at, count) {
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}

// widgets/shared/tags.js
var tagsIn = (typed) => typed.split(",").map((tag) => tag.trim()).filter(Boolean);

// widgets/batch_bar/src/words.js
function runText({ state, left, failed }) {
  if (state === "running" || !left) return "";
  if (failed === left) return `Retry ${failed.toLocaleString("en")} failed`;
  return state === "waiting" ? "Start" : "Resume";
}
var markedText = (count) => count ? `${count.toLocaleString("en")} marked` : "";

// widgets/batch_bar/src/bar.js
var TOLD_FOR = 1e4;
var STARS = [0, 1, 2, 3, 4, 5];
var STROKE = {
  fill: "none",
  stroke: "currentColor",
  "stroke-width": 1.6,
  "stroke-linejoin": "round",
  "stroke-linecap": "round"
};
var PATHS = {
  compare: "M12 4v16M4 6h5v12H4zM15 6h5v12h-5z",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  export: "M12 4v11M7 11l5 5 5-5M5 20h14",
  history: "M4 5h7v7H4zM13 5h7v7h-7zM4 14h7v6H4zM13 14h7v6h-7z",
  next: "M9 6l6 6-6 6",
  previous: "M15 6l-6 6 6 6",
  start: "M4 5h10v10H4zM17 9l4 4-4 4M21 13h-9",
  tag: "M4 5h8l8 8-7 7-9-9zM8.5 9.5h.01",
  use: "M4 7h9M4 12h6M4 17h9M14 12h7M18 8l4 4-4 4",
  x: "M6 6l12 12M18 6L6 18"
};
var REDRAWN_BY = (
  /** @type {const} */
  ["batch", "marked", "tags", "offers"]
);
var icon = (name) => makeSvg([[PATHS[name], STROKE]], { width: 18, height: 18 });
var Bar = class {
  isTelling = false;
  until = 0;
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "section", { class: "mls-batch", "aria-label": "Batch", hidden: "" });
    this.track = addTo(this.root, "div", { class: "mls-batch-track", "aria-hidden": "true" });
    this.share = addTo(this.track, "div");
    const line = addTo(this.root, "div", { class: "mls-batch-line" });
    this.name = addTo(line, "strong", { class: "mls-batch-name" });
    this.told = addTo(line, "span", { class: "mls-batch-told", role: "status" });
    this.undo = this.text(line, "Undo", () => this.takeBack());
    this.undo.hidden = true;
    this.run = this.text(line, "", () => this.act("run"), "mls-batch-run");
    this.stop = this.text(line, "Stop", () => this.act("stop"), "mls-batch-stop");
    this.pages = addTo(line, "span", { class: "mls-batch-pages" });
    this.previous = this.sign(this.pages, "previous", "Previous page", () => this.turn(-1));
    this.page = addTo(this.pages, "span");
    this.next = this.sign(this.pages, "next", "Next page", () => this.turn(1));
    this.tools = this.makeTools(line);
    this.export = this.sign(
      line,
      "export",
      "Export as a file for papermill",
      () => this.act("export")
    );
    this.close_ = this.sign(
      line,
      "x",
      "Close the batch; it stays in the list",
      () => this.act("close")
    );
    this.root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    this.redraw = () => this.draw();
    this.notice = () => this.tell();
    this.hear = (message) => {
      if (message.kind === "file") download(message);
    };
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.redraw);
    model.on("change:notice", this.notice);
    model.on("msg:custom", this.hear);
    this.draw();
  }
  close() {
    window.clearTimeout(this.until);
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.redraw);
    this.model.off("change:notice", this.notice);
    this.model.off("msg:custom", this.hear);
  }
  /** @param {HTMLElement} line */
  makeTools(line) {
    const tools = addTo(line, "div", {
      class: "mls-batch-tools",
      role: "toolbar",
      "aria-label": "Marked pictures"
    });
    this.count = addTo(tools, "span");
    this.compare = this.sign(tools, "compare", "Compare the two", () => this.act("compare"));
    const stars = STARS.map((count) => ({
      value: String(count),
      label: count ? "★".repeat(count) : "No stars"
    }));
    addMenu(tools, "★", stars, (count) => this.act("stars", { stars: Number(count) }), {
      class: "mls-batch-button",
      "aria-label": "Stars",
      title: "Stars"
    });
    this.makeTags(tools);
    this.remove = this.sign(tools, "delete", "Move to the bin", () => this.act("delete"));
    this.history = this.sign(tools, "history", "Show in the history", () => this.act("history"));
    this.start = this.sign(tools, "start", "Start from this picture", () => this.act("start"));
    this.use = this.sign(tools, "use", "Use its settings", () => this.act("use"));
    this.unmark = this.sign(tools, "x", "Unmark all", () => this.act("unmark"));
    return tools;
  }
  /** @param {HTMLElement} tools */
  makeTags(tools) {
    const button = this.sign(tools, "tag", "Tags", () => {
    });
    button.setAttribute("aria-haspopup", "dialog");
    const panel = addTo(tools, "div", {
      class: "mls-batch-tags",
      role: "dialog",
      "aria-label": "Tags"
    });
    const field = this.field = make("input", {
      type: "text",
      placeholder: "Add tags, with commas between",
      "aria-label": "Add tags",
      maxlength: 200,
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        add();
      }
    });
    const add = () => {
      const tags = tagsIn(field.value);
      if (tags.length) this.act("tag", { add: tags });
      field.value = "";
      field.focus();
    };
    const row = addTo(panel, "div", { class: "mls-batch-add" }, field);
    this.text(row, "Add", add);
    this.chips = addTo(panel, "div", { class: "mls-batch-chips" });
    openAt(button, panel, (isOpen) => isOpen && field.focus());
  }
  /**
   * @param {HTMLElement} parent
   * @param {string} label
   * @param {() => void} act
   * @param {string} [look]
   */
  text(parent, label, act, look = "") {
    const kind = { class: `mls-batch-button ${look}`.trim(), type: "button", onclick: act };
    return addTo(parent, "button", kind, label);
  }
  /**
   * @param {HTMLElement} parent
   * @param {keyof typeof PATHS} name
   * @param {string} label
   * @param {() => void} act
   */
  sign(parent, name, label, act) {
    const button = addTo(parent, "button", {
      class: `mls-batch-icon mls-batch-${name}`,
      type: "button",
      title: label,
      "aria-label": label,
      onclick: act
    });
    button.append(icon(name));
    return button;
  }
  // --- what a person does ----------------------------------------------------------------------
  /**
   * @param {string} what
   * @param {object} [details]
   */
  act(what, details = {}) {
    this.model.send({ kind: "act", do: what, details });
  }
  /** @param {number} by */
  turn(by) {
    this.act("page", { page: this.model.get("batch").page + by });
  }
  takeBack() {
    this.quiet();
    this.act("undo");
  }
  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const batch = this.model.get("batch");
    const marked = this.model.get("marked");
    const offers = this.model.get("offers");
    this.root.hidden = batch.name === "";
    this.root.dataset.state = batch.state;
    this.root.toggleAttribute("data-marked", marked > 0);
    this.name.textContent = batch.name;
    this.name.title = batch.name;
    this.share.style.width = `${100 * batch.share}%`;
    if (!this.isTelling) this.say(batch.told);
    const run = runText(batch);
    const hadFocus = this.root.contains(document.activeElement) ? document.activeElement : null;
    this.run.textContent = run;
    this.run.hidden = run === "";
    this.stop.hidden = batch.state !== "running";
    if (hadFocus === this.run && this.run.hidden && !this.stop.hidden) this.stop.focus();
    if (hadFocus === this.stop && this.stop.hidden && !this.run.hidden) this.run.focus();
    this.pages.hidden = batch.pages < 2;
    const number = `${batch.page + 1} of ${batch.pages.toLocaleString("en")}`;
    this.page.textContent = [`Page ${number}`, batch.title].filter(Boolean).join(": ");
    this.page.title = this.page.textContent;
    this.previous.disabled = batch.page === 0;
    this.next.disabled = batch.page + 1 >= batch.pages;
    this.tools.hidden = marked === 0;
    if (this.count) this.count.textContent = markedText(marked);
    this.enable(marked, offers);
    this.drawTags(marked);
    this.export.hidden = marked > 0;
    const isRunning = batch.state === "running";
    this.close_.hidden = marked > 0 || isRunning || !offers.includes("close");
  }
  /**
   * @param {number} marked
   * @param {string[]} offers
   */
  enable(marked, offers) {
    const { compare, history, start, use } = this;
    if (!compare || !history || !start || !use) return;
    compare.disabled = marked !== 2;
    compare.title = marked === 2 ? "Compare the two" : "Compare: mark exactly two pictures";
    for (
      const [name, button] of
      /** @type {const} */
      [
        ["history", history],
        ["start", start],
        ["use", use]
      ]
    ) {
      button.hidden = !offers.includes(name);
      button.disabled = name !== "history" && marked !== 1;
    }
  }
  /** @param {number} marked */
  drawTags(marked) {
    const held = heldIn(this.chips);
    this.chips?.replaceChildren(
      ...this.model.get("tags").map(
        ([name, count]) => make(
          "button",
          {
            class: "mls-batch-chip",
            type: "button",
            "data-part": name,
            title: `Remove the tag: ${name}`,
            onclick: () => this.act("tag", { remove: [name] })
          },
          count < marked ? `${name} (${count} of ${marked}) ✕` : `${name} ✕`
        )
      )
    );
    giveBack(this.chips, held, this.field);
  }
  // --- what is told ----------------------------------------------------------------------------
  tell() {
    const { text, undo, is_error } = this.model.get("notice");
    window.clearTimeout(this.until);
    this.isTelling = text !== "";
    this.undo.hidden = !undo;
    this.told.setAttribute("role", is_error ? "alert" : "status");
    this.told.classList.toggle("mls-batch-wrong", is_error);
    this.say(text || this.model.get("batch").told);
    if (text && !is_error) this.until = window.setTimeout(() => this.quiet(), TOLD_FOR);
  }
  quiet() {
    window.clearTimeout(this.until);
    this.isTelling = false;
    this.undo.hidden = true;
    this.say(this.model.get("batch").told);
  }
  /** @param {string} text */
  say(text) {
    if (this.told.textContent === text) return;
    this.told.textContent = text;
    this.told.title = text;
  }
};
function download({ name, text }) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  make("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

// widgets/batch_bar/src/batch_bar.js
function render({ model, el }) {
  const bar = new Bar(model, el);
  return () => bar.close();
}
var batch_bar_default = { render };
export {
  batch_bar_default as default
};
