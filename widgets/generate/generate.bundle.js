// Built by `npm run build`; change the sources, not this file.
// source: widgets/generate/src/axes.js
// source: widgets/generate/src/axis.js
// source: widgets/generate/src/fields.js
// source: widgets/generate/src/generate.js
// source: widgets/generate/src/listing.js
// source: widgets/generate/src/menu.js
// source: widgets/generate/src/naming.js
// source: widgets/generate/src/panel.js
// source: widgets/generate/src/values.js
// source: widgets/shared/dom.js
// source: widgets/shared/popup.js
// sha256 of the sources: b4cddc906d3d254129719f8af45702efe604de67b89fb8fc275f730db8934602
// sha256 of the lines below: ee174cfcf90bdeae87a46dc78b6841292a5962f66f563893b395aefc3170377e
// widgets/shared/dom.js
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

// widgets/generate/src/fields.js
var MOST = 1e3;
function drawFaults(places, faults) {
  for (const [at, place] of Object.entries(places)) {
    const own = faults.filter((fault) => fault.at === at);
    const drawn = own.map(({ text }) => text).join("\n");
    if (place.dataset.drawn === drawn) continue;
    place.dataset.drawn = drawn;
    place.replaceChildren(...own.map(({ text }) => make("p", {}, text)));
  }
}
var addPlace = (parent) => addTo(parent, "div", { class: "mls-many-fault", role: "alert" });
function write(field, value) {
  if (field.value !== value) field.value = value;
}
function addNumber(parent, label, changed, most = MOST) {
  const line = addTo(parent, "label", { class: "mls-many-line" });
  addTo(line, "span", {}, label);
  const input = addTo(line, "input", {
    type: "number",
    min: 1,
    max: most,
    step: 1,
    title: `From 1 to ${most.toLocaleString("en")}`,
    oninput: () => {
      if (input.value && input.checkValidity()) changed(input.valueAsNumber);
    },
    // A number that cannot be is left for the one that is in force.
    onchange: () => {
      if (!input.value || !input.checkValidity()) input.value = input.dataset.asked ?? "";
    }
  });
  return input;
}
function writeNumber(input, value) {
  input.dataset.asked = String(value);
  if (input !== document.activeElement || input.checkValidity()) write(input, String(value));
}
function makeTimes(body, change) {
  const times = addNumber(body, "Pictures", (value) => change({ times: value }));
  addTo(body, "p", { class: "mls-many-hint" }, "Each has a seed of its own.");
  const places = { times: addPlace(body) };
  return { draw: (asked) => writeNumber(times, asked.times), places };
}
function makeLines(body, change) {
  const lines = addTo(body, "textarea", {
    rows: 5,
    dir: "auto",
    "aria-label": "Prompts, one on each line",
    placeholder: "a cat\na dog in the snow",
    oninput: () => change({ lines: lines.value })
  });
  const places = { lines: addPlace(body) };
  const hint = addTo(
    body,
    "p",
    { class: "mls-many-hint" },
    "One prompt on each line. As in A1111, "
  );
  hint.append("a line may have flags of its own: ", make("code", {}, "--prompt a cat --steps 30"));
  const seeds = addNumber(body, "Seeds for each", (value) => change({ seeds: value }));
  const draw = (asked) => {
    write(lines, asked.lines);
    writeNumber(seeds, asked.seeds);
  };
  return { draw, places };
}

// widgets/generate/src/values.js
var written = (value) => /[",\n]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
function valuesIn(text) {
  const found = [];
  let value = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isQuoted && sign === '"' && text[at + 1] === '"') value += text[++at];
    else if (sign === '"' && (isQuoted || !value.trim())) {
      isQuoted = !isQuoted;
      if (isQuoted) value = "";
    } else if (!isQuoted && /[,\n]/.test(sign)) {
      found.push(value.trim());
      value = "";
    } else value += sign;
  }
  return [...found, value.trim()].filter(Boolean);
}
var textOf = (values) => values.map(written).join(", ");
var RANGE = /^\s*([+-]?[\d.]+)\s*-\s*([+-]?[\d.]+)\s*\[\s*(\d+)\s*\]\s*$/;
function rangeIn(text) {
  const [, from, to, count] = RANGE.exec(text) ?? [];
  return count === void 0 ? null : { from, to, count };
}
var textOfRange = ({ from, to, count }) => from && to && count ? `${from}-${to} [${count}]` : "";
var EXAMPLES = (
  /** @type {Record<string, string>} */
  {
    number: "3, 5, 7   or   0-1 [5]",
    whole: "10, 20, 30   or   10-30 (+5)",
    tick: "on, off",
    choice: "one, another",
    replace: "red, green, blue",
    text: "one prompt on each line"
  }
);

// widgets/generate/src/axis.js
var PARTS = [
  ["from", "From", "from"],
  ["to", "to", "to"],
  ["count", "count", "how many"]
];
var MOST_UNFILTERED = 10;
var AxisFields = class {
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
    this.axis = { name: "", values: "" };
    const title = `Setting ${number + 1}`;
    this.root = addTo(parent, "fieldset", { class: "mls-axis" });
    addTo(this.root, "legend", { class: "mls-unseen" }, title);
    const head = addTo(this.root, "div", { class: "mls-axis-head" });
    this.name = addTo(head, "select", {
      "aria-label": title,
      onchange: () => {
        const chosen = settings.find((one) => one.name === this.name.value);
        this.change({ name: this.name.value, values: chosen?.values ?? "" });
      }
    });
    addTo(
      head,
      "button",
      {
        class: "mls-many-close",
        type: "button",
        title: `Remove ${title}`,
        "aria-label": `Remove ${title}`,
        onclick: remove
      },
      "✕"
    );
    this.range = addTo(this.root, "div", { class: "mls-axis-range" });
    this.parts = PARTS.map(
      ([part, label, name]) => this.makePart(part, label, `${title}: ${name}`)
    );
    this.values = addTo(this.root, "textarea", {
      rows: 1,
      "aria-label": `${title}: values`,
      oninput: () => {
        this.fit();
        this.change({ values: this.values.value });
      }
    });
    this.choices = addTo(this.root, "div", { class: "mls-axis-choices" });
    this.search = addTo(this.choices, "input", {
      type: "search",
      placeholder: "Search",
      "aria-label": `${title}: search the values`,
      oninput: () => this.filter()
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
    const input = addTo(line, "input", {
      type: "number",
      step: part === "count" ? 1 : "any",
      min: part === "count" ? 1 : null,
      "aria-label": name,
      title: name,
      oninput: () => this.takeRange()
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
    this.values.placeholder = setting ? EXAMPLES[kind] ?? "one, another" : "";
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
      onchange: () => this.tick(choice, input.checked)
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
      label.hidden = !isFound;
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
};
function optionsOf(settings) {
  const groups = /* @__PURE__ */ new Map();
  for (const { name, label, group } of settings) {
    const found = groups.get(group) ?? make("optgroup", { label: group });
    groups.set(group, found);
    addTo(found, "option", { value: name }, label);
  }
  return [make("option", { value: "" }, "Choose a setting"), ...groups.values()];
}

// widgets/generate/src/axes.js
var HOWS = [
  ["grid", "Every combination"],
  ["zip", "Side by side: the first values, the second …"],
  ["random", "Some, chosen by chance"]
];
var HINT = "3, 5, 7 are three values, 1-10 (+2) every second one, 0-1 [5] five at equal distances.";
var MOST2 = 1e5;
function makeAxes(body, change, settings) {
  let axes = [];
  const list = addTo(body, "div", { class: "mls-axes" });
  let drawn = [];
  const places = {};
  const add = addTo(
    body,
    "button",
    {
      class: "mls-many-add",
      type: "button",
      onclick: () => {
        change({ axes: [...axes, { name: "", values: "" }] });
        drawn.at(-1)?.name.focus();
      }
    },
    "+ Setting"
  );
  const how = addTo(body, "label", { class: "mls-many-line" });
  addTo(how, "span", {}, "Combine");
  const select = addTo(how, "select", {
    "aria-label": "Combine",
    onchange: () => change({ how: (
      /** @type {Asked["how"]} */
      select.value
    ) })
  });
  select.append(...HOWS.map(([value, label]) => make("option", { value }, label)));
  places.how = addPlace(body);
  const count = addNumber(body, "How many of them", (value) => change({ count: value }), MOST2);
  places.count = addPlace(body);
  addTo(body, "p", { class: "mls-many-hint" }, HINT);
  const build = () => {
    list.replaceChildren();
    drawn = axes.map(
      (_, at) => new AxisFields(
        list,
        at,
        settings,
        (changes) => change({
          axes: axes.map((axis, place) => place === at ? { ...axis, ...changes } : axis)
        }),
        () => {
          const left = axes.filter((_axis, place) => place !== at);
          change({ axes: left.length ? left : [{ name: "", values: "" }] });
          add.focus();
        }
      )
    );
    for (const place of Object.keys(places)) if (place.startsWith("axis ")) delete places[place];
    drawn.forEach((fields, at) => places[`axis ${at}`] = fields.place);
  };
  const draw = (asked) => {
    const isOther = asked.axes.length !== axes.length;
    axes = asked.axes;
    if (isOther) build();
    drawn.forEach((fields, at) => fields.draw(axes[at]));
    how.hidden = asked.axes.length < 2 && asked.how === "grid";
    select.value = asked.how;
    const isRandom = asked.how === "random";
    count.parentElement.hidden = !isRandom;
    writeNumber(count, asked.count);
  };
  const reveal = (name) => {
    const at = axes.findIndex((axis) => axis.name === name);
    drawn[at]?.root.scrollIntoView({ block: "nearest" });
    drawn[at]?.focus();
    return at >= 0;
  };
  return { draw, places, reveal };
}

// widgets/generate/src/listing.js
var MOST_BYTES = 2 ** 22;
function makeListing(body, { open, take }) {
  const list = addTo(body, "ul", { class: "mls-batches", "aria-label": "Batches" });
  const empty = addTo(body, "p", { class: "mls-many-hint" });
  const line = addTo(body, "label", { class: "mls-batch-file" });
  addTo(line, "span", {}, "Open a batch file (YAML)");
  const input = addTo(line, "input", {
    type: "file",
    accept: ".yaml,.yml,application/yaml",
    onchange: async () => {
      const [file] = input.files ?? [];
      if (!file) return;
      const text = file.size > MOST_BYTES ? "" : await file.text();
      if (text) take(file.name, text);
      else places.file.textContent = `${file.name} is not a batch file: it is empty or too large.`;
      input.value = "";
    }
  });
  const places = { file: addPlace(body) };
  const draw = (batches) => {
    empty.textContent = batches ? "There are no batches yet." : "Looking for batches…";
    empty.hidden = Boolean(batches?.length);
    list.replaceChildren();
    for (const { name, told } of batches ?? []) {
      const item = addTo(list, "li", {});
      const button = addTo(item, "button", {
        type: "button",
        title: `Open ${name}: ${told}`,
        onclick: () => open(name)
      });
      addTo(button, "span", {}, name);
      addTo(button, "small", {}, told);
    }
  };
  return { draw, places };
}

// widgets/shared/popup.js
var GAP = 4;
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

// widgets/generate/src/menu.js
var menus = 0;
var Menu = class {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   look: string, label: string, items: () => Item[], choose: (name: string) => void,
   * }} told look: the button's class
   */
  constructor(parent, { look, label, items, choose }) {
    this.items = items;
    this.choose = choose;
    this.root = addTo(parent, "div", { class: "mls-gen-menu" });
    const id = `mls-gen-menu-${++menus}`;
    this.button = addTo(this.root, "button", {
      class: look,
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-label": label,
      title: label,
      onclick: () => this.isOpen ? this.close(true) : this.open()
    });
    addTo(this.button, "span", { "aria-hidden": "true" }, "▾");
    this.list = addTo(this.root, "div", {
      class: "mls-gen-menu-list",
      role: "menu",
      id,
      "aria-label": label,
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null,
      hidden: ""
    });
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.leave = (event) => {
      if (!this.root.contains(
        /** @type {Node} */
        event.target
      )) this.close(false);
    };
  }
  get isOpen() {
    return !this.list.hidden;
  }
  open() {
    this.list.replaceChildren();
    for (const { name, label, isChosen, hint } of this.items()) {
      const role = isChosen === void 0 ? "menuitem" : "menuitemradio";
      const item = addTo(this.list, "button", {
        class: "mls-gen-menu-item",
        type: "button",
        role,
        tabindex: "-1",
        "aria-checked": isChosen === void 0 ? null : String(isChosen),
        onclick: () => {
          this.close(true);
          this.choose(name);
        }
      });
      addTo(item, "span", {}, label);
      if (hint) addTo(item, "small", {}, hint);
    }
    this.list.hidden = false;
    placeAt(this.button, this.list);
    if (this.list.popover) this.list.showPopover();
    if (this.list.getBoundingClientRect().left < 0) {
      Object.assign(this.list.style, { left: "0", right: "auto" });
    }
    this.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.leave, true);
    this.buttons[0]?.focus();
  }
  /** @param {boolean} returns whether the focus goes back to the button */
  close(returns) {
    if (!this.isOpen) return;
    if (this.list.popover) this.list.hidePopover();
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.leave, true);
    if (returns) this.button.focus();
  }
  /** @returns {HTMLElement[]} */
  get buttons() {
    return [.../** @type {NodeListOf<HTMLElement>} */
    this.list.querySelectorAll("button")];
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.isOpen) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      this.open();
    } else if (event.key === "Escape") this.close(true);
    else if (event.key === "Tab") {
      this.close(false);
      return;
    } else {
      const { buttons } = this;
      const at = buttons.indexOf(
        /** @type {HTMLElement} */
        document.activeElement
      );
      const last = buttons.length - 1;
      const to = {
        ArrowDown: at === last ? 0 : at + 1,
        ArrowUp: at <= 0 ? last : at - 1,
        Home: 0,
        End: last
      };
      if (!(event.key in to)) return;
      buttons[to[event.key]].focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }
};

// widgets/generate/src/naming.js
function makeNaming(body, change) {
  const line = addTo(body, "label", { class: "mls-many-line" });
  addTo(line, "span", {}, "Name");
  const name = addTo(line, "input", {
    type: "text",
    class: "mls-many-name",
    maxlength: 100,
    title: "The name of the batch; the same name and settings go on where it was stopped",
    oninput: () => change({ name: name.value })
  });
  const places = { name: addPlace(body), "": addPlace(body) };
  const plan = addTo(body, "p", { class: "mls-many-plan", role: "status" });
  const draw = (asked, proposed, told) => {
    write(name, asked.name);
    name.placeholder = proposed;
    if (plan.textContent !== told) plan.textContent = told;
    plan.hidden = told === "";
  };
  return { draw, places };
}

// widgets/generate/src/panel.js
var WAIT = 200;
var COUNTS = [2, 4, 9, 16];
var TITLES = { one: "", times: "More seeds", lines: "Prompts from a list", sweep: "Sweep" };
var LISTING = "Batches";
var REDRAWN_BY = (
  /** @type {const} */
  [
    "asked",
    "note",
    "plan",
    "proposed",
    "faults",
    "running",
    "waiting"
  ]
);
var Panel = class {
  /** @type {Setting[] | null} */
  settings = null;
  // null until Python has told them
  /** @type {(Fields & { reveal?: (name: string) => boolean }) | null} */
  fields = null;
  /** @type {ReturnType<typeof makeNaming> | null} */
  naming = null;
  /** @type {ReturnType<typeof makeListing> | null} */
  listing = null;
  // while the batches are listed
  drawn = "";
  // the mode whose fields there are
  wanted = "";
  // the setting that is to be seen, and to have the focus
  wait = 0;
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "div", { class: "mls-many-all" });
    this.form = addTo(this.root, "section", { class: "mls-many", hidden: "" });
    const head = addTo(this.form, "div", { class: "mls-many-head" });
    this.title = addTo(head, "strong");
    this.back = addTo(
      head,
      "button",
      {
        class: "mls-many-close",
        type: "button",
        title: "Back to one picture",
        "aria-label": "Back to one picture",
        onclick: () => this.listing ? this.list(false) : this.choose("one")
      },
      "✕"
    );
    this.body = addTo(this.form, "div", { class: "mls-many-body" });
    this.below = addTo(this.form, "div", { class: "mls-many-below" });
    const row = addTo(this.root, "div", { class: "mls-many-row" });
    const split = addTo(row, "div", { class: "mls-gen-split mls-gen-split-generate" });
    this.generate = addTo(split, "button", {
      class: "mls-generate",
      type: "button",
      title: "Ctrl+Enter",
      onclick: () => {
        this.flush();
        model.send({ kind: "generate" });
      }
    });
    addTo(this.generate, "span", {}, "Generate");
    this.note = addTo(this.generate, "small", {});
    this.menu = new Menu(split, {
      look: "mls-generate-menu",
      label: "More than one picture",
      items: () => this.items(),
      choose: (name) => this.choose(name)
    });
    const stop = addTo(row, "div", { class: "mls-gen-split mls-gen-split-cancel" });
    this.cancel = addTo(
      stop,
      "button",
      { class: "mls-cancel", type: "button", onclick: () => this.stop("batch") },
      "Cancel"
    );
    this.stops = new Menu(stop, {
      look: "mls-cancel-menu",
      label: "What to cancel",
      items: () => this.stopItems(),
      choose: (name) => this.stop(name)
    });
    this.root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    this.root.addEventListener("focusout", () => this.flush());
    this.heard = (answer) => this.hear(answer);
    this.redraw = () => this.draw();
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.redraw);
    model.on("msg:custom", this.heard);
    this.draw();
  }
  close() {
    this.flush();
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.redraw);
    this.model.off("msg:custom", this.heard);
    this.menu.close(false);
    this.stops.close(false);
  }
  /** @param {Told} answer */
  hear(answer) {
    if (answer.kind === "batches") this.listing?.draw(answer.batches);
    if (answer.kind !== "settings") return;
    this.settings = answer.settings;
    if (this.drawn === "sweep") this.drawn = "";
    if (answer.reveal) this.listing = null;
    this.wanted = answer.reveal ?? "";
    this.draw();
  }
  // --- what a person does ----------------------------------------------------------------------
  /** @returns {Item[]} */
  items() {
    const { mode, times } = this.model.get("asked");
    const isOther = mode === "times" && !COUNTS.includes(times);
    return [
      { name: "one", label: "One picture", isChosen: mode === "one" },
      ...COUNTS.map((count) => ({
        name: `times ${count}`,
        label: `× ${count}`,
        hint: count === COUNTS[0] ? "other seeds" : "",
        isChosen: mode === "times" && times === count
      })),
      { name: "times", label: "Another number…", isChosen: isOther },
      { name: "lines", label: "Prompts from a list…", isChosen: mode === "lines" },
      { name: "sweep", label: "Sweep…", hint: "a grid over settings", isChosen: mode === "sweep" },
      { name: "batches", label: "Open a batch…", hint: "resume, import" }
    ];
  }
  /** @returns {Item[]} */
  stopItems() {
    const [running, waiting] = [this.model.get("running"), this.model.get("waiting")];
    const items = [];
    if (running) items.push({ name: "batch", label: "Stop the batch", hint: `${running} left` });
    if (waiting && (running || waiting > 1)) {
      items.push({ name: "one", label: "Only the running picture" });
    }
    if (waiting) items.push({ name: "keep", label: "Keep the picture as it is now" });
    if (running + waiting > 1) items.push({ name: "all", label: "Everything that waits, too" });
    return items;
  }
  /** @param {string} name of an item of the menu */
  choose(name) {
    if (name === "batches") {
      this.list(true);
      return;
    }
    this.listing = null;
    this.drawn = "";
    const [mode, count] = name.split(" ");
    const changes = count ? { times: Number(count) } : {};
    this.change({ mode: (
      /** @type {Mode} */
      mode
    ), ...changes });
    this.flush();
    this.draw();
    const first = this.body.querySelector(count ? "nothing" : "input, textarea, select");
    const target = (
      /** @type {HTMLElement} */
      mode === "one" || !first ? this.generate : first
    );
    target.focus();
  }
  /** @param {boolean} isListed whether the batches stand in the fields' place */
  list(isListed) {
    this.drawn = "";
    this.listing = null;
    if (isListed) {
      this.naming = this.fields = null;
      this.body.replaceChildren();
      this.below.replaceChildren();
      this.listing = makeListing(this.body, {
        open: (name) => {
          this.model.send({ kind: "open", name });
          this.list(false);
        },
        take: (name, text) => this.model.send({ kind: "file", name, text })
      });
      this.listing.draw(null);
      this.model.send({ kind: "batches" });
    }
    this.draw();
    const target = isListed ? this.form.querySelector("button") : this.generate;
    target?.focus();
  }
  /** @param {string} what */
  stop(what) {
    this.model.send({ kind: "cancel", what });
  }
  /** @param {Partial<Asked>} changes */
  change(changes) {
    this.model.set("asked", { ...this.model.get("asked"), ...changes });
    window.clearTimeout(this.wait);
    this.wait = window.setTimeout(() => this.flush(), WAIT);
  }
  /** Send what is typed now. */
  flush() {
    window.clearTimeout(this.wait);
    if (this.wait) this.model.save_changes();
    this.wait = 0;
  }
  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const { model } = this;
    const asked = model.get("asked");
    const [running, waiting] = [model.get("running"), model.get("waiting")];
    this.note.textContent = model.get("note");
    this.note.hidden = !model.get("note");
    this.cancel.disabled = running + waiting === 0;
    this.stops.root.hidden = running + waiting === 0;
    if (this.stops.root.hidden) this.stops.close(false);
    if (this.listing) {
      this.show(LISTING);
      drawFaults(this.listing.places, model.get("faults"));
      return;
    }
    if (asked.mode !== this.drawn) this.make(asked.mode);
    if (!this.fields) return;
    this.fields.draw(asked);
    this.naming?.draw(asked, model.get("proposed"), model.get("plan"));
    drawFaults({ ...this.fields.places, ...this.naming?.places }, model.get("faults"));
    if (this.wanted && this.fields.reveal?.(this.wanted)) this.wanted = "";
  }
  /** @param {string} title of the fields; "" for none */
  show(title) {
    this.form.hidden = title === "";
    this.form.setAttribute("aria-label", title);
    this.title.textContent = title;
    const label = this.listing ? "Close the list" : "Back to one picture";
    this.back.setAttribute("aria-label", label);
    this.back.title = label;
  }
  /** @param {Mode} mode */
  make(mode) {
    this.drawn = mode;
    this.show(TITLES[mode]);
    this.body.replaceChildren();
    this.below.replaceChildren();
    this.fields = this.naming = null;
    const change = (changes) => this.change(changes);
    if (mode === "times") this.fields = makeTimes(this.body, change);
    if (mode === "lines") this.fields = makeLines(this.body, change);
    if (mode === "sweep") {
      this.fields = makeAxes(this.body, change, this.settings ?? []);
      if (!this.settings) this.model.send({ kind: "settings" });
    }
    if (mode !== "one") this.naming = makeNaming(this.below, change);
  }
};

// widgets/generate/src/generate.js
function render({ model, el }) {
  el.classList.add("mls-generate-host");
  const panel = new Panel(model, el);
  return () => panel.close();
}
var generate_default = { render };
export {
  generate_default as default
};
