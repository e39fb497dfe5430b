// What is searched, and where. Nothing is asked before Enter or the button is pressed.
import { addTo, make } from "../../shared/dom.js";

/** @import { Filter, Model, Send } from "./types" */

const MOST_ALWAYS = 2; // menus in sight; the others are folded

export class Search {
  /** @type {Record<string, string>} */
  chosen = {};

  /**
   * @param {HTMLElement} parent
   * @param {Model} model
   * @param {Send} send
   */
  constructor(parent, model, send) {
    this.model = model;
    const top = addTo(parent, "div", { class: "mls-finder-top" });
    const label = "Back to the models on this machine";
    addTo(top, "button", {
      class: "mls-finder-back",
      type: "button",
      title: label,
      "aria-label": label,
      onclick: () => send({ kind: "back" }),
    }).textContent = "‹";
    this.source = addTo(top, "select", {
      "aria-label": "Where to search",
      title: "Where to search",
    });
    for (const [name, title] of model.get("sources")) {
      addTo(this.source, "option", { value: name }, title);
    }
    this.source.value = model.get("source");
    this.source.addEventListener("change", () => {
      this.chosen = {};
      model.set("source", this.source.value);
      model.save_changes();
      this.drawFilters();
    });
    const form = addTo(parent, "form", { class: "mls-finder-top", role: "search" });
    this.field = addTo(form, "input", {
      type: "search",
      placeholder: "Words or a link",
      "aria-label": "Search for models, or paste a page's address",
      maxlength: 500,
    });
    const go = { class: "mls-finder-button mls-primary", type: "submit" };
    this.button = addTo(form, "button", go, "Search");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send({ kind: "search", text: this.field.value, filters: this.chosen });
    });
    this.filters = addTo(parent, "div", { class: "mls-finder-filters" });
    this.follow = () => {
      this.button.disabled = Boolean(model.get("busy"));
    };
    model.on("change:busy", this.follow);
    this.drawFilters();
  }

  close() {
    this.model.off("change:busy", this.follow);
  }

  drawFilters() {
    this.filters.replaceChildren();
    const every = this.model.get("filters")[this.source.value] ?? [];
    const menus = every.filter(({ choices }) => choices.length > 1);
    const first = new Set(
      ["types", "sort", "access"]
        .map((name) => menus.find((one) => one.name === name))
        .filter((one) => one !== undefined)
        .slice(0, MOST_ALWAYS),
    );
    for (const one of first) this.drawFilter(this.filters, one);
    const others = every.filter((one) => !first.has(one));
    if (!others.length) return;
    const more = addTo(this.filters, "details", { class: "mls-finder-more" });
    addTo(more, "summary", {}, "More filters");
    for (const one of others) this.drawFilter(more, one);
  }

  /**
   * @param {HTMLElement} parent
   * @param {Filter} filter
   */
  drawFilter(parent, { name, title, choices, default: usual }) {
    const label = addTo(parent, "label", { class: "mls-finder-filter" }, title);
    const control = choices.length
      ? make(
          "select",
          {},
          make("option", { value: "" }, usual ? words(usual) : "Any"),
          ...choices
            .filter((one) => one !== usual)
            .map((one) => make("option", { value: one }, words(one))),
        )
      : make("input", { type: "text", maxlength: 200 });
    control.addEventListener("change", () => {
      if (control.value) this.chosen[name] = control.value;
      else delete this.chosen[name];
    });
    label.append(control);
  }
}

/**
 * Write a source's word for a choice as people do: "trending_score" is "Trending score".
 * @param {string} choice
 */
function words(choice) {
  if (choice === "true") return "Yes";
  const plain = choice.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
