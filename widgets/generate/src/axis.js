// One setting of a sweep: its name, and its values as a range, as a list, or ticked.
import { addTo, make } from "../../shared/dom.js";
import { addPlace, write } from "./fields.js";
import { EXAMPLES, rangeIn, textOf, textOfRange, valuesIn } from "./values.js";

/** @import { Axis, Setting } from "./types" */

/** @type {["from" | "to" | "count", seen: string, name: string][]} */
const PARTS = [
  ["from", "From", "from"],
  ["to", "to", "to"],
  ["count", "count", "how many"],
];
const MOST_UNFILTERED = 10; // choices that are seen without a search

export class AxisFields {
  /**
   * @param {HTMLElement} parent
   * @param {number} number of the axis, from 0
   * @param {Setting[]} settings
   * @param {(changes: Partial<Axis>) => void} change
   * @param {() => void} remove
   */
  constructor(parent, number, settings, change, remove) {
    this.settings = settings;
    this.change = change;
    /** @type {Axis} */
    this.axis = { name: "", values: "" };
    const title = `Setting ${number + 1}`;
    this.root = addTo(parent, "fieldset", { class: "mls-axis" });
    addTo(this.root, "legend", { class: "mls-unseen" }, title);
    const head = addTo(this.root, "div", { class: "mls-axis-head" });
    /** @type {HTMLSelectElement} */
    this.name = addTo(head, "select", {
      "aria-label": title,
      onchange: () => {
        const chosen = settings.find((one) => one.name === this.name.value);
        this.change({ name: this.name.value, values: chosen?.values ?? "" });
      },
    });
    addTo(
      head,
      "button",
      {
        class: "mls-many-close",
        type: "button",
        title: `Remove ${title}`,
        "aria-label": `Remove ${title}`,
        onclick: remove,
      },
      "✕",
    );
    this.range = addTo(this.root, "div", { class: "mls-axis-range" });
    this.parts = PARTS.map(([part, label, name]) =>
      this.makePart(part, label, `${title}: ${name}`),
    );
    /** @type {HTMLTextAreaElement} */
    this.values = addTo(this.root, "textarea", {
      rows: 1,
      "aria-label": `${title}: values`,
      oninput: () => {
        this.fit();
        this.change({ values: this.values.value });
      },
    });
    this.choices = addTo(this.root, "div", { class: "mls-axis-choices" });
    /** @type {HTMLInputElement} */
    this.search = addTo(this.choices, "input", {
      type: "search",
      placeholder: "Search",
      "aria-label": `${title}: search the values`,
      oninput: () => this.filter(),
    });
    this.ticks = addTo(this.choices, "div", { role: "group", "aria-label": `${title}: choose` });
    this.place = addPlace(this.root);
    this.drawn = "";
  }

  /**
   * @param {"from" | "to" | "count"} part
   * @param {string} label
   * @param {string} name
   */
  makePart(part, label, name) {
    const line = addTo(this.range, "label");
    addTo(line, "span", {}, label);
    /** @type {HTMLInputElement} */
    const input = addTo(line, "input", {
      type: "number",
      step: part === "count" ? 1 : "any",
      min: part === "count" ? 1 : null,
      "aria-label": name,
      title: name,
      oninput: () => this.takeRange(),
    });
    return { part, input };
  }

  takeRange() {
    const [from, to, count] = this.parts.map(({ input }) => input.value);
    const values = textOfRange({ from, to, count });
    if (values) this.change({ values });
  }

  get setting() {
    return this.settings.find((one) => one.name === this.axis.name);
  }

  /** @param {Axis} axis */
  draw(axis) {
    this.axis = axis;
    const { setting } = this;
    const kind = setting?.kind ?? "";
    const choices = setting?.choices ?? [];
    if (this.name.children.length === 0) this.name.append(...optionsOf(this.settings));
    this.name.value = setting ? axis.name : "";
    this.root.dataset.kind = kind;
    this.range.hidden = kind !== "number" && kind !== "whole";
    this.drawRange(axis.values);
    this.values.disabled = !setting;
    this.values.placeholder = setting ? (EXAMPLES[kind] ?? "one, another") : "";
    write(this.values, axis.values);
    this.fit();
    this.choices.hidden = choices.length === 0;
    this.search.hidden = choices.length <= MOST_UNFILTERED;
    this.drawChoices(choices);
  }

  /**
   * Show a range; a part of it that is being typed is left alone.
   * @param {string} values
   */
  drawRange(values) {
    const range = rangeIn(values);
    for (const { part, input } of this.parts) {
      if (input !== document.activeElement) write(input, range?.[part] ?? "");
    }
  }

  /** @param {string[]} choices */
  drawChoices(choices) {
    const chosen = new Set(valuesIn(this.axis.values));
    const drawn = JSON.stringify([this.axis.name, choices]);
    if (this.drawn !== drawn) {
      this.drawn = drawn;
      this.search.value = "";
      this.ticks.replaceChildren(...choices.map((choice) => this.makeTick(choice)));
    }
    for (const input of this.ticks.querySelectorAll("input")) {
      input.checked = chosen.has(input.value);
    }
  }

  /** @param {string} choice */
  makeTick(choice) {
    const input = make("input", {
      type: "checkbox",
      value: choice,
      onchange: () => this.tick(choice, input.checked),
    });
    return make("label", {}, input, make("span", {}, choice));
  }

  /**
   * @param {string} choice
   * @param {boolean} isChosen
   */
  tick(choice, isChosen) {
    const values = valuesIn(this.axis.values).filter((one) => one !== choice);
    this.change({ values: textOf(isChosen ? [...values, choice] : values) });
  }

  filter() {
    const wanted = this.search.value.trim().toLowerCase();
    for (const label of this.ticks.children) {
      const isFound = (label.textContent ?? "").toLowerCase().includes(wanted);
      /** @type {HTMLElement} */ (label).hidden = !isFound;
    }
  }

  /** Make the field as high as its text, up to six lines. */
  fit() {
    this.values.style.height = "auto";
    const height = this.values.scrollHeight;
    if (height) this.values.style.height = `${Math.min(height + 2, 120)}px`;
  }

  focus() {
    const isRange = !this.range.hidden && rangeIn(this.axis.values);
    const first = isRange ? this.parts[0].input : this.values;
    first.focus();
    first.select();
  }
}

/** @param {Setting[]} settings */
function optionsOf(settings) {
  /** @type {Map<string, HTMLOptGroupElement>} */
  const groups = new Map();
  for (const { name, label, group } of settings) {
    const found = groups.get(group) ?? make("optgroup", { label: group });
    groups.set(group, found);
    addTo(found, "option", { value: name }, label);
  }
  return [make("option", { value: "" }, "Choose a setting"), ...groups.values()];
}
