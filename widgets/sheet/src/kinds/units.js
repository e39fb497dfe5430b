// A list of units, such as ControlNets: each a fold with settings of its own.
import { make } from "../../../shared/dom.js";
import { icon, iconButton, rename, textButton } from "../buttons.js";
import { Keyed } from "../keyed.js";
import { Rows } from "../rows.js";

/** @import { Control, Field, Host, Scope, Shown, Value } from "../types" */
/** @typedef {Record<string, Value>} UnitValue its settings by name */

const SWITCH = "enabled"; // the setting that stands in the head, as a tick

/**
 * Make the list of units.
 * @param {Host} host
 * @returns {Control}
 */
export function makeUnits(host) {
  const units = new Units(host);
  return {
    element: units.element,
    target: null,
    describe: (field) => units.describe(field),
    show: (shown) => units.show(shown),
    disable: (isDisabled) => (units.element.inert = isDisabled),
    reveal: (path) => units.reveal(path),
    close: () => units.pieces.close(),
  };
}

class Units {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    /** @type {UnitValue[]} */
    this.value = [];
    /** @type {number[]} */
    this.ids = []; // one for each unit, so that a fold stays with it when another one goes
    this.count = 0;
    const list = make("ul", { class: "mls-units-list" });
    this.add = textButton("", () => this.addOne());
    this.element = make("div", { class: "mls-units-box" }, list, this.add);
    /** @type {Keyed<UnitValue>} */
    this.pieces = new Keyed(
      list,
      (_, index) => String(this.ids[index]),
      () => new Unit(this),
    );
  }

  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.add.textContent = `Add ${field.item ?? field.label}`;
    for (const unit of this.units) unit.describe();
  }

  /** @returns {Unit[]} */
  get units() {
    return /** @type {Unit[]} */ ([...this.pieces.pieces.values()]);
  }

  /** @param {Shown} shown */
  show({ value }) {
    this.value = value ?? [];
    while (this.ids.length < this.value.length) this.ids.push(this.count++);
    this.ids.length = this.value.length;
    this.pieces.show(this.value);
  }

  addOne() {
    this.host.set([...this.value, { ...this.field.blank }]);
    this.units.at(-1)?.open(true);
    this.units.at(-1)?.fold.focus();
  }

  /** @param {number} index */
  remove(index) {
    this.ids.splice(index, 1);
    this.host.set(this.value.filter((_, at) => at !== index));
    (this.units[index]?.fold ?? this.add).focus();
  }

  /**
   * @param {number} index
   * @param {UnitValue} changes
   * @param {boolean} isMoving
   * @param {boolean} isLive
   */
  change(index, changes, isMoving = false, isLive = true) {
    const changed = this.value.map((one, at) => (at === index ? { ...one, ...changes } : one));
    this.host.set(changed, isMoving, isLive);
  }

  /** @param {string} path such as "0.image" */
  reveal(path) {
    const [index, ...name] = path.split(".");
    const unit = this.units[Number(index)];
    unit?.open(true);
    const row = unit?.rows.rows.get(name.join("."));
    row?.control.target?.focus();
  }
}

class Unit {
  /** @param {Units} owner */
  constructor(owner) {
    this.owner = owner;
    this.index = 0;
    /** @type {UnitValue} */
    this.value = {};
    this.tick = make("input", {
      class: "mls-tick",
      type: "checkbox",
      onchange: () => owner.change(this.index, { [SWITCH]: this.tick.checked }),
    });
    this.title = make("span", { class: "mls-unit-title" });
    this.summary = make("span", { class: "mls-unit-summary" });
    this.fold = make(
      "button",
      { class: "mls-section-fold", type: "button", onclick: () => this.open(!this.isOpen) },
      icon("fold"),
      this.title,
      this.summary,
    );
    this.away = iconButton("remove", "", () => owner.remove(this.index));
    const head = make("div", { class: "mls-unit-head" }, this.tick, this.fold, this.away);
    this.body = make("div", { class: "mls-unit-body" });
    this.element = make("li", { class: "mls-unit-row" }, head, this.body);
    this.rows = new Rows(this.body, this.scope());
    this.open(true);
  }

  /** @returns {Scope} */
  scope() {
    const { owner } = this;
    const { scope } = owner.host;
    /** @param {string} name */
    const inside = (name) => `${owner.field.name}.${this.index}.${name}`;
    /** @param {string} name */
    const inAll = (name) => `${owner.field.name}.${name}`;
    return {
      ...scope,
      path: (name) => scope.path(inside(name)),
      value: (name) => this.value[name] ?? null,
      inherited: (name) => scope.inherited(inside(name)) ?? scope.inherited(inAll(name)),
      message: (name) => scope.message(inside(name)),
      reason: (name) => scope.reason(inside(name)) || scope.reason(inAll(name)),
      tokens: (name) => scope.tokens(inside(name)),
      set: (name, value, isMoving, isLive) =>
        owner.change(this.index, { [name]: value }, isMoving, isLive),
      wrong: (name, text) => scope.wrong(inside(name), text),
      act: (name, action, detail) => scope.act(inside(name), action, detail),
    };
  }

  get fields() {
    return this.owner.field.fields ?? [];
  }

  describe() {
    this.rows.draw(this.fields.filter(({ name }) => name !== SWITCH));
  }

  /**
   * @param {UnitValue} value
   * @param {number} index
   */
  show(value, index) {
    this.value = value;
    this.index = index;
    const { item, label } = this.owner.field;
    const title = `${item ?? label} ${index + 1}`;
    this.title.textContent = title;
    this.summary.textContent = this.nameOf();
    this.tick.hidden = !this.fields.some(({ name }) => name === SWITCH);
    this.tick.checked = Boolean(value[SWITCH] ?? true);
    this.tick.setAttribute("aria-label", `Use ${title}`);
    rename(this.away, `Remove ${title}`);
    if (this.rows.rows.size === 0) this.describe();
    else this.rows.update();
  }

  /** Return what a unit is known by: its first choice, such as the model. */
  nameOf() {
    const field = this.fields.find(({ kind }) => kind === "choice");
    const value = field && this.value[field.name];
    const found = field?.choices?.find(([, one]) => one === value);
    return found ? found[0] : String(value ?? "");
  }

  isOpen = true;

  /** @param {boolean} isOpen */
  open(isOpen) {
    this.isOpen = isOpen;
    this.fold.setAttribute("aria-expanded", String(isOpen));
    this.body.hidden = !isOpen;
  }

  close() {
    this.rows.close();
  }
}
