// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/shelf_tabs/src/shelf_tabs.js
// source: widgets/shelf_tabs/src/steps.js
// sha256 of the sources: cb74020bb59161ff4eea87151104220250880b78d233cddcbd25f4bd20d0e756
// sha256 of the lines below: fbe98e22ad246749a9fb94e3b77a97f77bd8718b24127eca90466e8881e39d3a
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

// widgets/shelf_tabs/src/steps.js
var STEPS = {
  ArrowRight: (at, count2) => (at + 1) % count2,
  ArrowDown: (at, count2) => (at + 1) % count2,
  ArrowLeft: (at, count2) => (at + count2 - 1) % count2,
  ArrowUp: (at, count2) => (at + count2 - 1) % count2,
  Home: () => 0,
  End: (_, count2) => count2 - 1
};
var stepped = (key, at, count2) => STEPS[key]?.(at, count2);

// widgets/shelf_tabs/src/shelf_tabs.js
var STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 1.75 };
var ICONS = {
  History: "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2",
  Models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  Details: "M12 4a8 8 0 1 0 .01 0M12 11v5M12 8v.01"
};
var OTHER = "M5 5h14v14H5z";
var count = 0;
var Tabs = class {
  /**
   * @param {AnyModel<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.ended = new AbortController();
    this.number = ++count;
    this.root = addTo(el, "div", {
      class: "mls-shelf-tabs",
      role: "tablist",
      "aria-label": "Shelf",
      onkeydown: (event) => this.press(event)
    });
    this.draw = () => this.show();
    this.hear = (message) => {
      if (message.kind === "open") this.open(false);
    };
    model.on("change:chosen", this.draw);
    model.on("msg:custom", this.hear);
    this.buttons = model.get("names").map((name) => this.addTab(name));
    this.begin();
  }
  close() {
    this.ended.abort();
    this.model.off("change:chosen", this.draw);
    this.model.off("msg:custom", this.hear);
  }
  /** @param {string} name */
  addTab(name) {
    const icon = makeSvg([[ICONS[name] ?? OTHER, STROKE]], { width: 18, height: 18 });
    const button = make(
      "button",
      {
        class: "mls-shelf-tab",
        type: "button",
        role: "tab",
        title: name,
        "data-name": name,
        onclick: () => this.choose(name)
      },
      icon,
      make("span", {}, name)
    );
    this.root.append(button);
    return button;
  }
  /** The pages are known only when the shelf is in the page. */
  begin() {
    if (this.ended.signal.aborted) return;
    if (!this.el.isConnected || this.pages.length < this.buttons.length) {
      requestAnimationFrame(() => this.begin());
      return;
    }
    for (const [at, page] of this.pages.entries()) {
      page.id ||= `mls-shelf-page-${this.number}-${at}`;
      page.setAttribute("role", "tabpanel");
      page.setAttribute("aria-label", this.model.get("names")[at] ?? "");
      this.buttons[at]?.setAttribute("aria-controls", page.id);
    }
    this.show();
  }
  get pages() {
    const shelf = this.el.closest(".mls-shelf");
    return (
      /** @type {HTMLElement[]} */
      [...shelf?.querySelectorAll(".mls-shelf-page") ?? []]
    );
  }
  get at() {
    return this.model.get("names").indexOf(this.model.get("chosen"));
  }
  show() {
    const { at, pages } = this;
    for (const [index, button] of this.buttons.entries()) {
      button.setAttribute("aria-selected", String(index === at));
      button.tabIndex = index === at ? 0 : -1;
      pages[index]?.classList.toggle("mls-is-shown", index === at);
    }
  }
  /** @param {string} name */
  choose(name) {
    const isAgain = name === this.model.get("chosen");
    this.model.set("chosen", name);
    this.model.save_changes();
    this.open(isAgain);
  }
  /** @param {boolean} again whether the tab that is open was pressed */
  open(again) {
    const detail = { again };
    this.el.dispatchEvent(new CustomEvent("mls-open-shelf", { bubbles: true, detail }));
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = stepped(event.key, this.at, this.buttons.length);
    const button = next === void 0 ? void 0 : this.buttons[next];
    if (!button) return;
    event.preventDefault();
    button.focus();
    this.model.set("chosen", button.dataset.name ?? "");
    this.model.save_changes();
  }
};
function render({ model, el }) {
  const tabs = new Tabs(model, el);
  return () => tabs.close();
}
var shelf_tabs_default = { render };
export {
  shelf_tabs_default as default
};
