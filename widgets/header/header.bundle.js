// Built by `npm run build`; change the sources, not this file.
// source: widgets/header/src/cell.js
// source: widgets/header/src/filled.js
// source: widgets/header/src/folds.js
// source: widgets/header/src/header.js
// source: widgets/header/src/height.js
// source: widgets/header/src/keys_list.js
// source: widgets/header/src/lost.js
// source: widgets/header/src/memory.js
// source: widgets/header/src/room.js
// source: widgets/shared/dom.js
// source: widgets/shared/keys.js
// sha256 of the sources: 1469db441bf27252c2ab6e0d5f0aed9ed1270a5ea0547c4d1af976d3ef4d2166
// sha256 of the lines below: 37140e3091faefbe7e70246683580b6e75f7e2bb3196a70ce7780eef793d1f5b
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

// widgets/header/src/cell.js
var RUN = '[data-jp-item-name="run"]';
function runCell(panel) {
  const cell = panel.closest(".jp-Cell");
  const item = panel.closest(".jp-NotebookPanel")?.querySelector(RUN);
  const button = item?.querySelector("jp-button, button");
  if (!cell || !button) return;
  press(cell, ["mousedown", "mouseup"]);
  press(button, ["mousedown", "mouseup", "click"]);
}
function press(element, kinds) {
  for (const kind of kinds) {
    element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, button: 0 }));
  }
}

// widgets/header/src/lost.js
var PATIENCE = 4e3;
var DISCONNECTED = "jupyter-widgets-disconnected";
var SENTENCES = {
  restarted: {
    notebook: "The kernel was restarted. Run the cell again; your settings are kept.",
    page: "The studio was restarted. Reload the page; your settings are kept."
  },
  unreachable: {
    notebook: "The connection to the kernel is lost. Jupyter tries to connect again.",
    page: "The connection is lost. Reload the page."
  }
};
var Lost = class {
  /**
   * @param {HTMLElement} panel
   * @param {Kernel | null | undefined} kernel
   */
  constructor(panel, kernel) {
    this.panel = panel;
    this.kernel = kernel;
    this.shown = null;
    this.timer = 0;
    this.watch = new MutationObserver(() => this.look());
    this.watch.observe(panel, { attributeFilter: ["class"] });
    this.hearStatus = (_, status) => {
      if (/^(restarting|autorestarting|dead|terminating)$/.test(status)) this.show("restarted");
    };
    this.hearConnection = () => this.connectionChanged();
    this.hearEnd = () => this.show("restarted");
    kernel?.statusChanged.connect(this.hearStatus);
    kernel?.connectionStatusChanged.connect(this.hearConnection);
    kernel?.disposed?.connect(this.hearEnd);
    this.look();
  }
  close() {
    this.watch.disconnect();
    clearTimeout(this.timer);
    this.kernel?.statusChanged.disconnect(this.hearStatus);
    this.kernel?.connectionStatusChanged.disconnect(this.hearConnection);
    this.kernel?.disposed?.disconnect(this.hearEnd);
    this.hide();
  }
  look() {
    if (this.panel.classList.contains(DISCONNECTED)) this.show("restarted");
  }
  connectionChanged() {
    clearTimeout(this.timer);
    if (this.kernel?.connectionStatus === "connected") {
      if (this.shown?.dataset.kind === "unreachable") this.hide();
      return;
    }
    this.timer = window.setTimeout(() => this.show("unreachable"), PATIENCE);
  }
  /** @param {Kind} kind */
  show(kind) {
    if (this.shown?.dataset.kind === kind || this.shown?.dataset.kind === "restarted") return;
    this.hide();
    const isInNotebook = Boolean(this.panel.closest(".jp-NotebookPanel"));
    const sentence = SENTENCES[kind][isInNotebook ? "notebook" : "page"];
    const buttons = make("p", { class: "mls-lost-buttons" });
    const way = this.wayOn(kind, isInNotebook);
    if (way) addTo(buttons, "button", { type: "button", onclick: way[1] }, way[0]);
    addTo(buttons, "button", { type: "button", onclick: () => this.hide() }, "Hide this");
    const box = make("div", { class: "mls-lost-box", role: "alert" });
    box.append(make("p", {}, sentence), buttons);
    this.shown = addTo(this.panel, "div", { class: "mls-lost", "data-kind": kind });
    this.shown.append(box);
    this.panel.dataset.lost = kind;
  }
  hide() {
    this.shown?.remove();
    this.shown = null;
    delete this.panel.dataset.lost;
  }
  /**
   * Return what a button that mends it says and does; null where Jupyter mends it by itself.
   * @param {Kind} kind
   * @param {boolean} isInNotebook
   * @returns {[string, () => void] | null}
   */
  wayOn(kind, isInNotebook) {
    if (!isInNotebook) return ["Reload the page", () => location.reload()];
    return kind === "restarted" ? ["Run the cell again", () => runCell(this.panel)] : null;
  }
};

// widgets/shared/keys.js
var TEXT_FIELD = "input:not([type=button], [type=checkbox], [type=color], [type=file], [type=radio], [type=range]), textarea, [contenteditable]";
var KEYS = {
  studio: {
    title: "Anywhere in the studio",
    rows: {
      generate: [["Ctrl+Enter"], "Generate"],
      undo: [["Ctrl+Z"], "Undo the last change of a setting"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"],
      left: [["T"], "Show the settings, or fold them away"],
      shelf: [["G"], "Show the shelf, or fold it away"],
      keys: [["?"], "Show this list"],
      escape: [["Escape"], "Close what lies on top; leave the filled window"]
    }
  },
  prompt: {
    title: "In a prompt",
    rows: {
      weigh: [["Ctrl+ArrowUp", "Ctrl+ArrowDown"], "Raise or lower the weight of the chosen words"],
      accept: [["Enter", "Tab"], "Take the offered word"],
      step: [["ArrowUp", "ArrowDown"], "Go through the offered words"],
      hide: [["Escape"], "Close the offered words"]
    }
  },
  number: {
    title: "In a number or on a slider",
    rows: {
      step: [["ArrowUp", "ArrowDown"], "One step more or less; with Shift ten"],
      slide: [["ArrowRight", "ArrowLeft"], "The same, on a slider"],
      page: [["PageUp", "PageDown"], "Ten steps more or less"],
      ends: [["Home", "End"], "To the least, to the most"],
      take: [["Enter"], "Take the typed number"],
      leave: [["Escape"], "Keep the number as it was"]
    }
  },
  picture: {
    title: "On the picture",
    rows: {
      view: [["V"], "View"],
      compare: [["C"], "Compare two pictures"],
      mask: [["M"], "Paint a mask"],
      boxes: [["B"], "Edit boxes"],
      fit: [["0"], "Fit the picture in"],
      actual: [["1"], "Show it at 100 %"],
      larger: [["+", "="], "Zoom in"],
      smaller: [["-"], "Zoom out"],
      pan: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Move the picture"],
      hold: [["Space"], "Held: drag the picture in any mode"],
      open: [["O"], "Open a picture"],
      download: [["D"], "Download the picture with its settings"],
      copy: [["Ctrl+C"], "Copy the picture"],
      page: [["PageUp", "PageDown"], "The batch's previous or next picture"],
      leave: [["Escape"], "Back to the grid; leave the chosen box"]
    }
  },
  grid: {
    title: "In the grid of a batch or sweep",
    rows: {
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Go to another picture"],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      open: [["Enter"], "Show the picture alone"],
      mark: [["Space"], "Mark it, or no longer; two that are marked are compared by C"],
      stars: [["0", "1", "2", "3", "4", "5"], "Give those marked so many stars"],
      delete: [["Delete", "Backspace"], "Move those marked to the bin"],
      leave: [["Escape"], "Back to the picture"]
    }
  },
  compare: {
    title: "While comparing",
    rows: {
      how: [["S"], "Slider, side by side, blink"],
      play: [["P"], "Start or stop the blinking"],
      hold: [["X"], "Held: show the other picture"],
      split: [["ArrowLeft", "ArrowRight", "Home", "End"], "Move the dividing line"]
    }
  },
  mask: {
    title: "While painting a mask",
    rows: {
      brush: [["P"], "Brush"],
      lasso: [["L"], "Lasso"],
      rectangle: [["R"], "Rectangle"],
      size: [["[", "]"], "Smaller or larger brush"],
      erase: [["E"], "Erase instead of paint"],
      hide: [["H"], "Hide or show the mask"],
      invert: [["I"], "Invert"],
      fill: [["F"], "Fill"],
      clear: [["Delete", "Backspace"], "Clear"],
      undo: [["Ctrl+Z"], "Undo the last stroke"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"]
    }
  },
  boxes: {
    title: "While editing boxes",
    rows: {
      add: [["A"], "Add a box"],
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Move the box; with Shift 10 px"],
      size: [
        ["Ctrl+ArrowLeft", "Ctrl+ArrowRight", "Ctrl+ArrowUp", "Ctrl+ArrowDown"],
        "Change its size"
      ],
      remove: [["Delete", "Backspace"], "Remove the box"],
      undo: [["Ctrl+Z"], "Undo the last change of a box"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"]
    }
  },
  queue: {
    title: "In the queue",
    rows: {
      move: [["Alt+ArrowUp", "Alt+ArrowDown"], "Move the waiting picture up or down"]
    }
  },
  history: {
    title: "In the history",
    rows: {
      move: [
        ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
        "Look at another picture; with Shift select all between; with Ctrl only go there"
      ],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      use: [["Enter"], "Use the picture's settings"],
      select: [["Space"], "Select it too, or no longer"],
      all: [["Ctrl+A"], "Select all pictures"],
      only: [["Escape"], "Select only the picture on the canvas"],
      stars: [["0", "1", "2", "3", "4", "5"], "Give those selected so many stars"],
      delete: [["Delete", "Backspace"], "Move those selected to the bin"]
    }
  },
  models: {
    title: "In the models",
    rows: {
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Go to another model"],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      open: [["Enter", "Space"], "Open it"]
    }
  },
  splitter: {
    title: "On the line between two columns",
    rows: {
      move: [["ArrowLeft", "ArrowRight"], "Wider or narrower; with Shift four times as far"],
      ends: [["Home", "End"], "The narrowest, the widest"],
      reset: [["Enter"], "As wide as at first"]
    }
  }
};
var SHOWN = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Escape: "Esc"
};
var keyCaps = (key) => partsOf(key).map((part) => SHOWN[part] ?? part);
var isKey = (event, [keys]) => keys.some((key) => {
  const parts = partsOf(key);
  const last = parts[parts.length - 1];
  const isCommand = event.ctrlKey || event.metaKey;
  const isShiftRight = parts.includes("Shift") === event.shiftKey || last.length === 1 && !/[a-z]/i.test(last);
  const pressed = event.key === " " ? "Space" : event.key;
  return !event.altKey && isCommand === parts.includes("Ctrl") && isShiftRight && pressed.toLowerCase() === last.toLowerCase();
});
function foundKeys(words, sections = KEYS) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return Object.values(sections).map(({ title, rows }) => {
    const kept = Object.entries(rows).filter(([, [keys, does]]) => {
      const text = [title, does, ...keys.map((key) => keyCaps(key).join("+")), ...keys].join(" ");
      return wanted.every((word) => text.toLowerCase().includes(word));
    });
    return { title, rows: Object.fromEntries(kept) };
  }).filter(({ rows }) => Object.keys(rows).length > 0);
}
var partsOf = (key) => key.length === 1 ? [key] : key.split("+");

// widgets/header/src/filled.js
var AROUND = "mls-around-filled";
function fill(panel, isFilled) {
  const wasFilled = panel.dataset.filled === "true";
  if (wasFilled === isFilled) return;
  for (const one of document.querySelectorAll(`.${AROUND}`)) one.classList.remove(AROUND);
  panel.dataset.filled = String(isFilled);
  if (isFilled) {
    for (let one = panel.parentElement; one && one !== document.body; one = one.parentElement) {
      one.classList.add(AROUND);
    }
  } else {
    panel.scrollIntoView({ block: "start" });
  }
}

// widgets/header/src/folds.js
var isDrawer = (part, room) => room === "narrow" || part === "shelf" && room === "middle";
var Folds = class {
  /** @param {Partial<Record<Part, boolean>>} remembered whether each column is open */
  constructor(remembered = {}) {
    this.columns = { left: remembered.left !== false, shelf: remembered.shelf !== false };
    this.drawers = { left: false, shelf: false };
  }
  /**
   * Say whether a part is open.
   * @param {Part} part
   * @param {Room} room
   */
  isOpen(part, room) {
    return (isDrawer(part, room) ? this.drawers : this.columns)[part];
  }
  /**
   * Open or close a part. In a narrow room one drawer is open at the most.
   * @param {Part} part
   * @param {Room} room
   * @param {boolean} isOpen
   */
  set(part, room, isOpen) {
    if (!isDrawer(part, room)) {
      this.columns[part] = isOpen;
      return;
    }
    if (isOpen) this.drawers = { left: false, shelf: false };
    this.drawers[part] = isOpen;
  }
  /**
   * Close the drawers; say whether one was open.
   * @param {Room} room
   */
  closeDrawers(room) {
    const parts = (
      /** @type {const} */
      ["left", "shelf"]
    );
    const open = parts.filter((part) => isDrawer(part, room) && this.drawers[part]);
    for (const part of open) this.drawers[part] = false;
    return open.length > 0;
  }
};

// widgets/header/src/height.js
var SCROLLERS = ".jp-WindowedPanel-outer, .jp-LinkedOutputView";
var MARGIN = 8;
var LEAST = 320;
var SETTLING = 1500;
var RUNNING = 2e4;
var RESIZING = 300;
var HOLDING = 500;
var BY_A_PERSON = ["wheel", "pointerdown", "keydown", "touchstart"];
var scrollerOf = (panel) => panel.closest(SCROLLERS);
function roomOf(panel) {
  const scroller = scrollerOf(panel);
  if (scroller) return Math.max(LEAST, scroller.clientHeight - MARGIN);
  const top = panel.getBoundingClientRect().top + window.scrollY;
  const above = top < window.innerHeight / 3 ? top : 0;
  return Math.max(LEAST, window.innerHeight - above);
}
function keepHeight(panel, signal) {
  const scroller = scrollerOf(panel);
  let isInPlace = false;
  let changed = -Infinity;
  let touched = -Infinity;
  const fit = () => {
    changed = performance.now();
    panel.style.setProperty("--mls-height", `${roomOf(panel)}px`);
    if (isInPlace && panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
  };
  const touch = () => {
    if (isInPlace) touched = performance.now();
  };
  const look = () => {
    if (!scroller || performance.now() - changed < RESIZING) return;
    if (performance.now() - touched < HOLDING) {
      if (panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
      return;
    }
    const above = scroller.getBoundingClientRect().top;
    isInPlace = Math.abs(panel.getBoundingClientRect().top - above) <= MARGIN;
  };
  const watch = new ResizeObserver(fit);
  watch.observe(scroller ?? document.documentElement);
  scroller?.addEventListener("scroll", look, { signal });
  for (const kind of ["pointerdown", "click", "keydown", "focusin"]) {
    panel.addEventListener(kind, touch, { capture: true, signal });
  }
  scroller?.addEventListener("wheel", () => touched = -Infinity, { signal, passive: true });
  window.addEventListener("resize", fit, { signal });
  signal.addEventListener("abort", () => watch.disconnect());
  fit();
  if (!scroller) return;
  scrollIntoView(panel, scroller, signal);
  isInPlace = true;
}
function scrollIntoView(panel, scroller, signal) {
  const ended = new AbortController();
  const options = { capture: true, signal: ended.signal };
  const end = () => ended.abort();
  for (const kind of BY_A_PERSON) window.addEventListener(kind, end, options);
  signal.addEventListener("abort", end);
  const align = () => {
    if (panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
  };
  align();
  const again = setInterval(align, SETTLING / 10);
  ended.signal.addEventListener("abort", () => clearInterval(again));
  setTimeout(() => clearInterval(again), SETTLING);
  scroller.addEventListener("scroll", align, options);
  setTimeout(end, RUNNING);
}

// widgets/header/src/keys_list.js
var STOPS = "input, button, [tabindex]";
var KeysList = class {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel;
    this.shade = null;
    this.from = null;
  }
  get isOpen() {
    return this.shade !== null;
  }
  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }
  open() {
    this.from = document.activeElement;
    this.shade = addTo(this.panel, "div", {
      class: "mls-keys-shade",
      onclick: (event) => event.target === this.shade && this.close(),
      onkeydown: (event) => this.press(event)
    });
    const box = addTo(this.shade, "div", {
      class: "mls-keys",
      role: "dialog",
      "aria-modal": "true",
      "aria-label": "Keys"
    });
    const head = addTo(box, "div", { class: "mls-keys-head" });
    this.search = addTo(head, "input", {
      type: "search",
      class: "mls-keys-search",
      placeholder: "Search keys",
      "aria-label": "Search keys",
      oninput: () => this.draw()
    });
    addTo(
      head,
      "button",
      { type: "button", class: "mls-keys-close", onclick: () => this.close() },
      "Close"
    );
    this.list = addTo(box, "div", { class: "mls-keys-list", tabindex: 0, role: "group" });
    this.list.setAttribute("aria-label", "All keys");
    this.draw();
    this.search.focus();
  }
  close() {
    this.shade?.remove();
    this.shade = null;
    const back = this.from instanceof HTMLElement && this.from.isConnected ? this.from : this.panel;
    back.focus({ preventScroll: true });
  }
  draw() {
    const found = foundKeys(this.search?.value ?? "");
    const sections = found.map(({ title, rows }) => {
      const list = make("dl", {});
      for (const [keys, does] of Object.values(rows)) list.append(rowOf(keys, does));
      return make("section", {}, make("h2", {}, title), list);
    });
    const nothing = make("p", { class: "mls-quiet" }, "No key does that.");
    this.list?.replaceChildren(...sections.length ? sections : [nothing]);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab") this.keepInside(event);
  }
  /**
   * Tab goes round within the list.
   * @param {KeyboardEvent} event
   */
  keepInside(event) {
    const stops = [...this.shade?.querySelectorAll(STOPS) ?? []];
    const at = stops.findIndex((one) => one === document.activeElement);
    const next = stops[(at + (event.shiftKey ? stops.length - 1 : 1)) % stops.length];
    event.preventDefault();
    if (next instanceof HTMLElement) next.focus();
  }
};
function rowOf(keys, does) {
  const caps = keys.map(
    (key) => make("span", { class: "mls-key" }, ...keyCaps(key).map((cap) => make("kbd", {}, cap)))
  );
  return make("div", {}, make("dt", {}, does), make("dd", {}, ...caps));
}

// widgets/header/src/memory.js
var NAME = "media-lab-studio";
function recall() {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}");
  } catch {
    return {};
  }
}
function remember(values) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ ...recall(), ...values }));
  } catch {
  }
}

// widgets/header/src/room.js
var TEXT = `${TEXT_FIELD}, select`;
var OPENED = "[popover=auto]:popover-open";
var SEARCH = "input[type=search]:not(:placeholder-shown)";
var Room = class {
  /**
   * @param {HTMLElement} panel
   * @param {HTMLElement} probe an element in it, to which the style sheet tells how wide it is
   * @param {() => void} redraw called after each change
   */
  constructor(panel, probe, redraw) {
    this.panel = panel;
    this.probe = probe;
    this.redraw = redraw;
    this.ended = new AbortController();
    const { signal } = this.ended;
    const { filled, ...columns } = recall();
    this.folds = new Folds(columns);
    this.keys = new KeysList(panel);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(panel);
    keepHeight(panel, signal);
    panel.dataset.filled ??= "false";
    panel.addEventListener("mls-open-shelf", (event) => this.answer(event), { signal });
    panel.addEventListener("mls-open-settings", () => this.set("left", true), { signal });
    const hear = (event) => {
      const ends = event.key === "Escape" && this.endsFirst(event);
      setTimeout(() => ends || this.press(event));
    };
    document.addEventListener("keydown", hear, { capture: true, signal });
    this.draw();
    if (filled) this.fill(true);
  }
  close() {
    this.watch.disconnect();
    fill(this.panel, false);
    this.ended.abort();
  }
  /** @returns {Size} */
  get size() {
    const told = getComputedStyle(this.probe).getPropertyValue("--mls-room").trim();
    return told === "narrow" || told === "middle" ? told : "wide";
  }
  get isFilled() {
    return this.panel.dataset.filled === "true";
  }
  /** @param {Part} part */
  isOpen(part) {
    return this.folds.isOpen(part, this.size);
  }
  /**
   * Open or close a part.
   * @param {Part} part
   * @param {boolean} isOpen
   */
  set(part, isOpen = !this.isOpen(part)) {
    this.folds.set(part, this.size, isOpen);
    remember(this.folds.columns);
    this.draw();
  }
  /** @param {boolean} isFilled */
  fill(isFilled) {
    fill(this.panel, isFilled);
    remember({ filled: isFilled });
    this.redraw();
  }
  draw() {
    for (
      const part of
      /** @type {const} */
      ["left", "shelf"]
    ) {
      this.panel.dataset[part] = this.isOpen(part) ? "open" : "folded";
    }
    this.keepFocus();
    this.redraw();
  }
  /** A control that is folded away loses the focus; the page, whose keys do other things, gets none. */
  keepFocus() {
    const focused = document.activeElement;
    if (focused && focused !== this.panel && this.panel.contains(focused)) {
      if (!focused.checkVisibility()) this.panel.focus({ preventScroll: true });
    }
  }
  /**
   * Open the shelf, or close it where the tab that is open is pressed again.
   * @param {Event} event with `detail.again`: whether that tab was the open one
   */
  answer(event) {
    const { again } = (
      /** @type {CustomEvent<{ again: boolean }>} */
      event.detail
    );
    const closes = again && this.isOpen("shelf") && this.size !== "wide";
    this.set("shelf", !closes);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    const target = targetOf(event);
    const isHere = this.panel.contains(target) || this.isFilled && target === document.body;
    if (event.defaultPrevented || this.keys.isOpen || !isHere) return;
    const { rows } = KEYS.studio;
    if (isKey(event, rows.escape)) this.escape();
    else if (target.closest(TEXT)) return;
    else if (isKey(event, rows.left)) this.set("left");
    else if (isKey(event, rows.shelf)) this.set("shelf");
    else if (isKey(event, rows.keys)) this.keys.open();
  }
  /**
   * Say whether Esc closes what lies over the page, or empties the search that has the focus: the
   * browser does so, and tells nobody.
   * @param {Event} event
   */
  endsFirst(event) {
    return this.panel.querySelector(OPENED) !== null || targetOf(event).matches?.(SEARCH);
  }
  escape() {
    if (this.folds.closeDrawers(this.size)) this.draw();
    else if (this.isFilled) this.fill(false);
  }
};

// widgets/header/src/header.js
var LOOK_AGAIN = 50;
var STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 1.75 };
var ICONS = {
  left: "M4 5h16v14H4zM10 5v14",
  shelf: "M4 5h16v14H4zM14 5v14",
  keys: "M3 7h18v11H3zM7 14.5h10M6.5 10.5v.01M10 10.5v.01M14 10.5v.01M17.5 10.5v.01",
  fill: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  return: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5"
};
var Bar = class {
  /**
   * @param {HTMLElement} el
   * @param {{ left: () => void, shelf: () => void, keys: () => void, fill: () => void }} acts
   */
  constructor(el, acts) {
    this.root = addTo(el, "div", { class: "mls-header" });
    this.left = this.addButton("left", acts.left);
    addTo(this.root, "h2", { class: "mls-header-name" }, "Media Lab Studio");
    this.facts = addTo(this.root, "span", { class: "mls-header-facts" });
    this.more = addTo(this.root, "span", { class: "mls-header-more" });
    this.keys = this.addButton("keys", acts.keys);
    this.shelf = this.addButton("shelf", acts.shelf);
    this.fill = this.addButton("fill", acts.fill);
  }
  /**
   * @param {string} name
   * @param {() => void} act
   */
  addButton(name, act) {
    const attributes = { class: `mls-header-button mls-${name}-button`, type: "button" };
    return addTo(this.root, "button", { ...attributes, onclick: act });
  }
  /** @param {Room} room */
  draw(room) {
    draw(this.left, room.isOpen("left"), "left", "Settings (T)");
    draw(this.keys, null, "keys", "Keys (?)");
    draw(this.shelf, room.isOpen("shelf"), "shelf", "History and models (G)");
    const [icon, name] = room.isFilled ? (
      /** @type {const} */
      ["return", "Return to the page (Esc)"]
    ) : (
      /** @type {const} */
      ["fill", "Fill the window"]
    );
    draw(this.fill, room.isFilled, icon, name);
  }
};
function draw(button, isOn, icon, name) {
  if (isOn !== null) button.setAttribute("aria-pressed", String(isOn));
  button.setAttribute("aria-label", name);
  button.title = name;
  button.replaceChildren(makeSvg([[ICONS[icon], STROKE]], { width: 18, height: 18 }));
}
function render({ model, el }) {
  let room;
  let lost;
  let isEnded = false;
  const bar = new Bar(el, {
    left: () => room?.set("left"),
    shelf: () => room?.set("shelf"),
    keys: () => room?.keys.toggle(),
    fill: () => room?.fill(!room.isFilled)
  });
  const tell = () => {
    const facts = model.get("facts");
    bar.facts.textContent = facts.join(" · ");
    bar.facts.title = facts.join(" · ");
  };
  const begin = () => {
    if (isEnded) return;
    const panel = (
      /** @type {HTMLElement | null} */
      el.closest(".mls-studio")
    );
    if (!panel?.isConnected) {
      setTimeout(begin, LOOK_AGAIN);
      return;
    }
    room = new Room(panel, bar.root, () => room && bar.draw(room));
    bar.draw(room);
    lost = new Lost(
      panel,
      /** @type {any} */
      model.widget_manager?.kernel
    );
  };
  model.on("change:facts", tell);
  tell();
  begin();
  return () => {
    isEnded = true;
    model.off("change:facts", tell);
    room?.close();
    lost?.close();
  };
}
var header_default = { render };
export {
  header_default as default
};
