// The tabs of the shelf. Which page is seen is decided here, at once; Python is told. Whether the
// shelf is open is the header's matter, which hears "mls-open-shelf".
import { addTo, make, makeSvg } from "../../shared/dom.js";
import { stepped } from "./steps.js";

/** @import { AnyModel, RenderProps } from "@anywidget/types" */
/** @import { Message, Traits } from "./types" */

const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 1.75 };
/** @type {Record<string, string>} */
const ICONS = {
  History: "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2",
  Models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  Details: "M12 4a8 8 0 1 0 .01 0M12 11v5M12 8v.01",
};
const OTHER = "M5 5h14v14H5z";
let count = 0; // of tabs made in this page, for names of elements

class Tabs {
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
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
    });
    this.draw = () => this.show();
    this.hear = (/** @type {Message} */ message) => {
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
        onclick: () => this.choose(name),
      },
      icon,
      make("span", {}, name),
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
    return /** @type {HTMLElement[]} */ ([...(shelf?.querySelectorAll(".mls-shelf-page") ?? [])]);
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
    const button = next === undefined ? undefined : this.buttons[next];
    if (!button) return;
    event.preventDefault();
    button.focus();
    this.model.set("chosen", button.dataset.name ?? "");
    this.model.save_changes();
  }
}

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const tabs = new Tabs(model, el);
  return () => tabs.close();
}

export default { render };
