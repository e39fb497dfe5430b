// What stands above the grid: the search, the filters, how many pictures there are, their order.
import { addTo, make } from "../../shared/dom.js";
import { giveBack, heldIn } from "../../shared/focus.js";
import { NONE, countText, inForce } from "./filters.js";
import { icon } from "./icons.js";

/** @import { Filters, Model } from "./types" */
/** @import { Popovers } from "./popover.js" */

const SEARCH_AFTER = 250; // ms since the last letter
const HINT =
  'Words anywhere, "in this order", -without; or a setting: seed:7, lora:ink, sampler:euler, ' +
  'steps:20..30, size:512x768, stars:>=4, tag:"blue sea"';
const DRAWN_BY = /** @type {const} */ (["filters", "fault", "choices", "count"]);
const MOST_STARS = 5;

export class Head {
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
      onchange: () => this.searchNow(),
    });
    const button = addTo(line, "button", {
      class: "mls-gallery-icon",
      type: "button",
      title: "Filter by tag, model, stars and day",
      "aria-label": "Filter",
    });
    button.append(icon("filter"));
    this.button = button;
    this.panel = popovers.add(button, "Filters", () => this.fill());
    this.fault = addTo(parent, "p", { class: "mls-gallery-fault", role: "alert", hidden: "" });
    this.chips = addTo(parent, "div", { class: "mls-gallery-chips", hidden: "" });
    const counted = addTo(parent, "div", { class: "mls-gallery-counted" });
    this.count = addTo(counted, "p", { role: "status" });
    /** @type {HTMLSelectElement} */
    this.order = addTo(counted, "select", {
      "aria-label": "Sort",
      title: "Sort",
      onchange: () => this.set({ order: this.order.value }),
    });
    this.waiting = 0;
    this.drawn = () => this.draw();
    for (const name of DRAWN_BY) model.on(`change:${name}`, this.drawn);
    this.draw();
  }

  close() {
    clearTimeout(this.waiting);
    for (const name of DRAWN_BY) this.model.off(`change:${name}`, this.drawn);
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
        ...orders.map(([value, label]) => make("option", { value }, label)),
      );
    }
    this.order.value = filters.order;
    const chips = inForce(filters);
    this.button.classList.toggle("mls-on", chips.length > 0);
    this.chips.hidden = chips.length === 0;
    this.chips.replaceChildren(
      ...chips.map(({ label, without }) =>
        make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            title: `Remove: ${label}`,
            "aria-label": `Remove the filter: ${label}`,
            onclick: () => this.set(without),
          },
          make("span", {}, label),
          icon("x", 12),
        ),
      ),
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
      this.feet(binned, filters),
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
          onclick: () => this.set({ tags: after }),
        },
        make("span", {}, name),
        make("small", {}, count.toLocaleString("en")),
      );
    });
    return make("div", { class: "mls-gallery-tags" }, ...chips);
  }

  /**
   * @param {[string, number][]} models
   * @param {Filters} filters
   */
  modelMenu(models, filters) {
    /** @type {HTMLSelectElement} */
    const menu = make("select", {
      "aria-label": "Model",
      "data-part": "model",
      onchange: () => this.set({ model: menu.value }),
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
    const buttons = [...Array(MOST_STARS + 1).keys()].map((stars) =>
      make(
        "button",
        {
          type: "button",
          "data-part": `stars ${stars}`,
          "aria-pressed": String(filters.stars === stars),
          "aria-label": stars ? `${stars} stars or more` : "Any number of stars",
          onclick: () => this.set({ stars }),
        },
        stars ? `★${stars}` : "Any",
      ),
    );
    return make("div", { class: "mls-gallery-segments", role: "group" }, ...buttons);
  }

  /** @param {Filters} filters */
  days(filters) {
    const fields = /** @type {const} */ ([
      ["since", "First day"],
      ["until", "Last day"],
    ]).map(([name, label]) => {
      const field = make("input", {
        type: "date",
        "aria-label": label,
        title: label,
        "data-part": name,
        value: filters[name],
        onchange: () => this.set({ [name]: field.value }),
      });
      return field;
    });
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
        onclick: () => this.set({ bin: !filters.bin }),
      },
      icon("delete", 16),
      `Bin (${binned.toLocaleString("en")})`,
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
        },
      },
      "Clear all",
    );
    return make("div", { class: "mls-gallery-feet" }, bin, clear);
  }
}

/**
 * @param {string} label
 * @param {HTMLElement} content
 */
const part = (label, content) =>
  make("div", { class: "mls-gallery-part" }, make("h4", {}, label), content);
