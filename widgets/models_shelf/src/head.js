// What stands above the list, always: the question while one is asked, search, filters, count.
import { addTo, make } from "../../shared/dom.js";
import { countText, familyChoices, kindChoices } from "./cards.js";
import { icon } from "./icons.js";

/** @import { Card, Filter, Sort } from "./types" */

/** @type {[Sort, string][]} */
const SORTS = [
  ["name", "By name"],
  ["newest", "Newest first"],
  ["largest", "Largest first"],
  ["used", "Most used first"],
  ["starred", "Starred first"],
];

export class Head {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   set: (name: keyof Filter, value: string) => void, cancel: () => void, refresh: () => void,
   *   bin: () => void, find: () => void, photos: () => void,
   * }} acts what a person does
   */
  constructor(parent, { set, cancel, refresh, bin, find, photos }) {
    this.asked = addTo(parent, "div", { class: "mls-models-asked", hidden: "" });
    this.question = addTo(this.asked, "strong", {});
    const button = { class: "mls-models-button", type: "button", title: "Choose none (Escape)" };
    addTo(this.asked, "button", { ...button, onclick: cancel }, "Cancel");
    const top = addTo(parent, "div", { class: "mls-models-top" });
    this.search = addTo(top, "input", {
      class: "mls-models-search",
      type: "search",
      placeholder: "Search",
      "aria-label": "Search models",
      oninput: () => set("search", this.search.value),
    });
    const again = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      title: "Look for new models in the models folder",
      "aria-label": "Refresh",
      onclick: refresh,
    });
    again.append(icon("refresh", 16));
    this.find = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      title: "Find more models on CivitAI and Hugging Face",
      "aria-label": "Find more models",
      onclick: find,
      hidden: "",
    });
    this.find.append(icon("find", 16));
    this.photos = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      "aria-label": "Fetch models for photos",
      onclick: photos,
      hidden: "",
    });
    this.photos.append(icon("detector", 16));
    this.bin = addTo(top, "button", {
      class: "mls-models-refresh mls-models-to-bin",
      type: "button",
      onclick: bin,
      hidden: "",
    });
    this.bin.append(icon("bin", 16));
    const filters = addTo(parent, "div", { class: "mls-models-filters" });
    this.kind = addMenu(filters, "Kind", (value) => set("kind", value));
    this.family = addMenu(filters, "Family", (value) => set("family", value));
    const line = addTo(parent, "div", { class: "mls-models-line" });
    this.count = addTo(line, "p", { class: "mls-models-count", role: "status" });
    this.sort = addMenu(line, "Sort", (value) => set("sort", value));
    offer(this.sort, SORTS);
  }

  /**
   * Show a question; "" takes it back.
   * @param {string} title
   */
  ask(title) {
    this.asked.hidden = !title;
    this.question.textContent = title;
    this.kind.disabled = Boolean(title);
  }

  /** @param {string} about what would be fetched for photos; "" if nothing is missing */
  drawPhotos(about) {
    this.photos.hidden = !about;
    this.photos.title = about;
  }

  /** @param {number} count of models in the bin */
  drawBin(count) {
    this.bin.hidden = !count;
    this.bin.title = `Bin: ${countText(count, count)}`;
    this.bin.setAttribute("aria-label", this.bin.title);
  }

  /**
   * @param {Card[]} cards
   * @param {Filter} filter
   * @param {{ shown: number, all: number } | null} counted null while no card is known
   */
  draw(cards, { search, kind, family, sort }, counted) {
    if (this.search.value !== search) this.search.value = search;
    offer(this.kind, kindChoices(cards), kind);
    offer(this.family, familyChoices(cards, kind, family), family);
    this.sort.value = sort;
    this.count.textContent = counted ? countText(counted.shown, counted.all) : "";
  }
}

/**
 * @param {HTMLElement} parent
 * @param {string} label
 * @param {(value: string) => void} changed
 */
function addMenu(parent, label, changed) {
  /** @type {HTMLSelectElement} */
  const menu = addTo(parent, "select", {
    class: `mls-models-${label.toLowerCase()}`,
    "aria-label": label,
    title: label,
    onchange: () => changed(menu.value),
  });
  return menu;
}

/**
 * Set a menu's choices, only where they differ: a menu that is open would close.
 * @param {HTMLSelectElement} menu
 * @param {[string, string][]} choices value, label
 * @param {string} [value]
 */
function offer(menu, choices, value) {
  const drawn = JSON.stringify(choices);
  if (menu.dataset.drawn !== drawn) {
    menu.dataset.drawn = drawn;
    menu.replaceChildren(...choices.map(([one, label]) => make("option", { value: one }, label)));
  }
  if (value !== undefined) menu.value = value;
}
