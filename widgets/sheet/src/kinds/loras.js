// A list of LoRAs: each with a switch, a weight, its trigger words, and a way to other stages.
import { make } from "../../../shared/dom.js";
import { iconButton, rename, textButton } from "../buttons.js";
import { Keyed } from "../keyed.js";
import { NumberBox } from "../number_box.js";
import { Slider } from "../slider.js";

/** @import { Control, Field, Host, LoRA, Shown } from "../types" */

/** What the sliders reach; more can be typed. */
const REACH = { min: -1, max: 2, step: 0.05 };

/**
 * Make the list. A value is null where the LoRAs are inherited.
 * @param {Host} host
 * @returns {Control}
 */
export function makeLoRAs(host) {
  const control = new LoRAs(host);
  return {
    element: control.element,
    target: null,
    describe: (field) => control.describe(field),
    show: (shown) => control.show(shown),
    disable: (isDisabled) => (control.element.inert = isDisabled),
    close: () => control.rows.close(),
  };
}

class LoRAs {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    /** @type {LoRA[]} */
    this.value = [];
    const list = make("ul", { class: "mls-loras-list" });
    this.said = make("p", { class: "mls-loras-said" });
    this.add = textButton("Add LoRA…", () => host.act("add"), "Choose one of the LoRAs you have");
    this.none = textButton("None here", () => host.set([]), "Use no LoRA in this stage");
    const foot = make("div", { class: "mls-line mls-loras-foot" }, this.add, this.none, this.said);
    this.element = make("div", { class: "mls-loras-box" }, list, foot);
    /** @type {Keyed<LoRA>} */
    this.rows = new Keyed(
      list,
      ({ name }) => name,
      () => new LoRARow(this),
    );
  }

  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.rows.show(this.value);
  }

  /** @param {Shown} shown */
  show({ value, inherited, note }) {
    this.value = value ?? [];
    this.rows.show(this.value);
    const text = Array.isArray(inherited) ? inherited.map(summary).join(", ") : inherited;
    const inForce = [text || "none", note].filter(Boolean).join(", ");
    this.said.textContent = value === null ? inForce : "";
    this.none.hidden = value !== null || !this.field.optional;
  }

  /**
   * Change one of them, or take it away.
   * @param {LoRA} lora
   * @param {Partial<LoRA> | null} changes null to take it away
   * @param {boolean} isMoving
   */
  change(lora, changes, isMoving = false) {
    const changed = this.value.map((one) =>
      one === lora ? changes && { ...one, ...changes } : one,
    );
    this.host.set(
      changed.filter((one) => one !== null),
      isMoving,
    );
    if (!changes) this.add.focus();
  }
}

class LoRARow {
  /** @param {LoRAs} owner */
  constructor(owner) {
    this.owner = owner;
    this.ended = new AbortController();
    const { signal } = this.ended;
    /** @type {LoRA} */
    this.lora = { name: "", weight: 1, enabled: true };
    this.tick = make("input", {
      class: "mls-tick",
      type: "checkbox",
      onchange: () => this.change({ enabled: this.tick.checked }),
    });
    this.name = make("span", { class: "mls-lora-name" });
    this.family = make("span", { class: "mls-family" });
    this.also = make("select", {
      class: "mls-more",
      "aria-label": "Also in",
      onchange: () => this.addElsewhere(),
    });
    this.away = iconButton("remove", "Remove", () => owner.change(this.lora, null));
    this.number = new NumberBox({
      id: "",
      label: "Weight",
      signal,
      set: (weight, isMoving) => this.change({ weight }, isMoving),
      wrong: (message, text) => owner.host.wrong(message, text),
    });
    this.number.input.removeAttribute("id");
    this.slider = new Slider({
      label: "Weight",
      signal,
      set: (weight, isMoving) => this.change({ weight }, isMoving),
      reset: () => this.change({ weight: 1 }),
      spoken: () => this.number.written(this.lora.weight),
    });
    this.sweep = iconButton("sweep", "", () => owner.host.act("sweep", `:${this.lora.name}`));
    this.sweep.classList.add("mls-sweep");
    this.words = make("div", { class: "mls-lora-words" });
    this.why = make("p", { class: "mls-lora-why" });
    const head = make("label", { class: "mls-lora-head" }, this.tick, this.name, this.family);
    const weight = make("div", { class: "mls-numbers" }, this.slider.element, this.number.element);
    const ends = make("div", { class: "mls-lora-ends" }, this.also, this.sweep, this.away);
    this.element = make("li", { class: "mls-lora-row" }, head, weight, ends, this.why, this.words);
  }

  /**
   * @param {Partial<LoRA>} changes
   * @param {boolean} [isMoving]
   */
  change(changes, isMoving) {
    this.owner.change(this.lora, changes, isMoving);
  }

  /** @param {LoRA} lora */
  show(lora) {
    this.lora = lora;
    const { name, weight, enabled } = lora;
    const { info = {}, also = [] } = this.owner.field;
    const { family = "", refused = "", words = [] } = info[name] ?? {};
    this.name.textContent = this.name.title = name;
    this.tick.checked = enabled ?? true;
    this.tick.setAttribute("aria-label", `Use ${name}`);
    this.family.textContent = family;
    this.family.hidden = !family;
    this.why.textContent = refused;
    this.why.hidden = !refused;
    this.element.classList.toggle("mls-refused", Boolean(refused));
    this.element.classList.toggle("mls-off", enabled === false);
    this.number.describe({
      name: "weight",
      label: `Weight of ${name}`,
      kind: "number",
      step: 0.05,
    });
    this.number.input.setAttribute("aria-label", `Weight of ${name}`);
    this.slider.describe({ name: "weight", label: `Weight of ${name}`, kind: "number", ...REACH });
    const shown = { value: weight ?? 1, inherited: null, note: "" };
    this.number.show(shown);
    this.slider.show(shown);
    rename(this.away, `Remove ${name}`);
    this.sweep.hidden = !this.owner.field.sweep;
    rename(this.sweep, `Sweep: several weights of ${name}`);
    this.showWords(words);
    this.showAlso(also);
  }

  /** @param {string[]} words */
  showWords(words) {
    const there = [...this.words.children].map((button) => button.textContent);
    this.words.hidden = words.length === 0;
    if (there.join("\n") === words.join("\n")) return;
    const buttons = words.map((word) =>
      textButton(word, () => this.owner.host.act("insert", word), `Add “${word}” to the prompt`),
    );
    this.words.replaceChildren(...buttons);
  }

  /** @param {[label: string, value: string][]} also */
  showAlso(also) {
    this.also.hidden = also.length === 0;
    const label = `Also use ${this.lora.name} in`;
    this.also.title = `${label}…`;
    this.also.setAttribute("aria-label", label);
    const labels = ["Also in…", ...also.map(([text]) => text)];
    if (labels.join("\n") === [...this.also.options].map((one) => one.label).join("\n")) return;
    this.also.replaceChildren(...labels.map((text) => make("option", {}, text)));
    this.also.options[0].disabled = true;
    this.also.selectedIndex = 0;
  }

  addElsewhere() {
    const [, to] = this.owner.field.also?.[this.also.selectedIndex - 1] ?? [];
    this.also.selectedIndex = 0;
    if (to !== undefined) this.owner.host.act("also", { name: this.lora.name, to });
  }

  close() {
    this.ended.abort();
  }
}

/** @param {LoRA} lora */
const summary = ({ name, weight }) => (weight === 1 ? name : `${name} ${weight}`);
