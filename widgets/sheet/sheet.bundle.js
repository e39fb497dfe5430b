// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/shared/into_view.js
// source: widgets/shared/list_box.js
// source: widgets/shared/prompt/caret.js
// source: widgets/shared/prompt/completion.js
// source: widgets/shared/prompt/prompt_area.js
// source: widgets/shared/prompt/weights.js
// source: widgets/shared/upload.js
// source: widgets/sheet/src/buttons.js
// source: widgets/sheet/src/drops.js
// source: widgets/sheet/src/ids.js
// source: widgets/sheet/src/keyed.js
// source: widgets/sheet/src/kinds.js
// source: widgets/sheet/src/kinds/boxes.js
// source: widgets/sheet/src/kinds/choice.js
// source: widgets/sheet/src/kinds/lines.js
// source: widgets/sheet/src/kinds/loras.js
// source: widgets/sheet/src/kinds/names.js
// source: widgets/sheet/src/kinds/number.js
// source: widgets/sheet/src/kinds/picture.js
// source: widgets/sheet/src/kinds/pictures.js
// source: widgets/sheet/src/kinds/prompt.js
// source: widgets/sheet/src/kinds/seed.js
// source: widgets/sheet/src/kinds/size.js
// source: widgets/sheet/src/kinds/text.js
// source: widgets/sheet/src/kinds/tick.js
// source: widgets/sheet/src/kinds/units.js
// source: widgets/sheet/src/link.js
// source: widgets/sheet/src/number_box.js
// source: widgets/sheet/src/numbers.js
// source: widgets/sheet/src/pictures.js
// source: widgets/sheet/src/ratio.js
// source: widgets/sheet/src/row.js
// source: widgets/sheet/src/rows.js
// source: widgets/sheet/src/scope.js
// source: widgets/sheet/src/section.js
// source: widgets/sheet/src/sheet.js
// source: widgets/sheet/src/slider.js
// source: widgets/sheet/src/suggestions.js
// source: widgets/sheet/src/view.js
// sha256 of the sources: 508bb9a5365b9ded2f8eee5ae9511b5268e815fe729acba77f75c14c961894a5
// sha256 of the lines below: b4628bfc8cf39c78c7294221825caefca36f0e6e9c068f6c073005c06d86f662
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

// widgets/shared/into_view.js
var UNFOLDED = 250;
function bringIntoView(element) {
  if (!element.checkVisibility()) {
    element.dispatchEvent(new CustomEvent("mls-open-settings", { bubbles: true }));
  }
  setTimeout(() => element.scrollIntoView({ block: "nearest" }), UNFOLDED);
}

// widgets/shared/upload.js
var PART_BYTES = 4 * 2 ** 20;
var Sender = class {
  /**
   * @param {Comm} model
   * @param {string} page the name of this page, which Python gets with each part
   */
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.waiting = /* @__PURE__ */ new Map();
    this.count = 0;
  }
  /**
   * Send a file; true when all of it has arrived, false if Python refused it (and says why).
   * @param {string} purpose what it is for, in Python's words
   * @param {string} name
   * @param {Blob} blob
   * @param {(share: number) => void} progress called with the share that has arrived
   */
  async send(purpose, name, blob, progress = () => {
  }) {
    const upload = `${this.page}-${this.count++}`;
    const base = { kind: "part", upload, purpose, name, size: blob.size, page: this.page };
    try {
      for (let offset = 0; offset === 0 || offset < blob.size; ) {
        const part = await blob.slice(offset, offset + PART_BYTES).arrayBuffer();
        const arrived = await this.answerTo({ ...base, offset }, part);
        if (arrived === null) return false;
        progress(blob.size ? arrived / blob.size : 1);
        if (arrived === 0) break;
        offset = arrived;
      }
      return true;
    } catch (error) {
      this.model.send({ kind: "abort", upload }, void 0);
      throw error;
    } finally {
      this.waiting.delete(upload);
    }
  }
  /**
   * @param {{ upload: string, offset: number }} message
   * @param {ArrayBuffer} part
   * @returns {Promise<number | null>}
   */
  answerTo(message, part) {
    return new Promise((answer) => {
      this.waiting.set(message.upload, answer);
      this.model.send(message, void 0, [part]);
    });
  }
  /**
   * Take Python's answer to a part.
   * @param {{ upload: string, arrived: number | null }} message
   */
  hear(message) {
    this.waiting.get(message.upload)?.(message.arrived);
  }
};

// widgets/sheet/src/pictures.js
var Pictures = class {
  /** @param {Pick<Model, "send">} model */
  constructor(model) {
    this.model = model;
    this.slots = /* @__PURE__ */ new Map();
  }
  /**
   * Ask for what a slot shows; it comes now and whenever Python has something newer.
   * @param {string} path
   * @param {string} value the picture's name
   * @param {(slot: Slot) => void} show
   */
  ask(path, value, show) {
    this.forget(path);
    this.slots.set(path, { value, show, urls: [] });
    this.model.send({ kind: "thumbnail", field: path, value });
  }
  /** @param {string} path */
  forget(path) {
    for (const url of this.slots.get(path)?.urls ?? []) URL.revokeObjectURL(url);
    this.slots.delete(path);
  }
  /**
   * @param {Thumbnail} message
   * @param {DataView[]} buffers the picture's bytes, and those of its prepared form; both may be empty
   */
  hear({ field, value, about }, buffers) {
    const slot = this.slots.get(field);
    if (slot?.value !== value) return;
    for (const url of slot.urls) URL.revokeObjectURL(url);
    const [image, prepared] = buffers.map(
      (bytes) => bytes.byteLength ? URL.createObjectURL(new Blob([
        /** @type {any} */
        bytes
      ])) : ""
    );
    slot.urls = [image, prepared].filter(Boolean);
    slot.show({ image, prepared, about });
  }
  close() {
    for (const path of [...this.slots.keys()]) this.forget(path);
  }
};

// widgets/sheet/src/link.js
var GAP = 100;
var links = 0;
var Link = class {
  /**
   * @param {Pick<Model, "get" | "send">} model
   * @param {(name: string) => void} changed called with a setting whose value is another now
   * @param {number} gap ms
   */
  constructor(model, changed, gap = GAP) {
    this.gap = gap;
    this.model = model;
    this.changed = changed;
    this.page = `${Date.now().toString(36)}-${++links}`;
    this.count = 0;
    this.files = new Sender(
      /** @type {any} */
      model,
      this.page
    );
    this.pictures = new Pictures(model);
    this.pending = /* @__PURE__ */ new Map();
    this.moving = /* @__PURE__ */ new Map();
  }
  /** @param {string} name */
  value(name) {
    const own = this.pending.get(name);
    return (own ? own.value : this.model.get("values")[name]) ?? null;
  }
  /**
   * Take a person's change. Values of a control that moves are sent at most every `gap` ms, or where
   * it is not live, only shown until it rests.
   * @param {string} name
   * @param {Value} value
   * @param {boolean} isMoving
   * @param {boolean} isLive
   */
  set(name, value, isMoving, isLive = true) {
    const serial = `${this.page}-${++this.count}`;
    this.pending.set(name, { value, serial });
    const waiting = this.moving.get(name);
    if (isMoving && !isLive) {
      this.changed(name);
      return;
    }
    if (!isMoving) {
      clearTimeout(waiting?.timer);
      this.moving.delete(name);
      this.send(name, false);
    } else if (waiting) {
      waiting.isLate = true;
    } else {
      this.send(name, true);
      this.wait(name);
    }
    this.changed(name);
  }
  /** @param {string} name */
  wait(name) {
    const timer = setTimeout(() => {
      const isLate = this.moving.get(name)?.isLate;
      this.moving.delete(name);
      if (!isLate) return;
      this.send(name, true);
      this.wait(name);
    }, this.gap);
    this.moving.set(name, { timer, isLate: false });
  }
  /**
   * @param {string} name
   * @param {boolean} moving
   */
  send(name, moving) {
    const own = this.pending.get(name);
    if (own) this.model.send({ kind: "change", name, ...own, moving });
  }
  /**
   * Take what Python sends.
   * @param {Taken | Thumbnail | Arrived | Reveal} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "taken") this.taken(message);
    else if (message.kind === "thumbnail") this.pictures.hear(message, buffers);
    else if (message.kind === "part") this.files.hear(message);
  }
  /**
   * Python has answered: from now on its value is shown, unless a later one is on its way.
   * @param {Taken} message
   */
  taken({ name, serial }) {
    if (this.pending.get(name)?.serial !== serial) return;
    this.pending.delete(name);
    this.changed(name);
  }
  /** Send what waits, at the end of a view. */
  close() {
    for (const [name, { timer, isLate }] of this.moving) {
      clearTimeout(timer);
      if (isLate) this.send(name, false);
    }
    this.moving.clear();
    this.pictures.close();
  }
};

// widgets/sheet/src/scope.js
function scopeOf(model, link, say) {
  return {
    path: (name) => name,
    value: (name) => link.value(name),
    inherited: (name) => model.get("inherited")[name] ?? null,
    message: (name) => model.get("messages")[name] ?? null,
    reason: (name) => model.get("disabled")[name] ?? "",
    words: () => model.get("words") ?? [],
    tokens: (name) => model.get("tokens")?.[name] ?? "",
    set: (name, value, isMoving, isLive) => link.set(name, value, isMoving, isLive),
    wrong: (name, text) => model.send({ kind: "wrong", name, text }),
    act: (field, action, detail) => model.send({ kind: "act", field, action, detail }),
    pictures: link.pictures,
    files: link.files,
    say
  };
}

// widgets/sheet/src/buttons.js
var ICONS = {
  back: ["M12 5a7 7 0 1 1-6.7 9", "M5 4v5h5"],
  dice: [
    "M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z",
    ["M8 8h.01M12 12h.01M16 16h.01", 3.5]
  ],
  earlier: ["m15 6-6 6 6 6"],
  fold: ["m9 6 6 6-6 6"],
  later: ["m9 6 6 6-6 6"],
  lock: [
    "M7 11h10a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
    "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"
  ],
  plus: ["M12 5v14M5 12h14"],
  ratio: ["M9 7H7a5 5 0 0 0 0 10h2", "M15 7h2a5 5 0 0 1 0 10h-2", "M8 12h8"],
  remove: ["M6 6l12 12M18 6 6 18"],
  sweep: ["M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z"],
  swap: ["M7 8h12l-3.5-3.5", "M17 16H5l3.5 3.5"]
};
var icon = (name) => makeSvg(
  ICONS[name].map(
    (one) => typeof one === "string" ? [one, {}] : [one[0], { "stroke-width": one[1] }]
  ),
  { class: "mls-icon" }
);
function iconButton(name, label, act) {
  const button = make(
    "button",
    { class: "mls-icon-button", type: "button", onclick: act },
    icon(name)
  );
  rename(button, label);
  return button;
}
var textButton = (label, act, help) => make("button", { class: "mls-button-small", type: "button", title: help, onclick: act }, label);
function rename(button, label) {
  button.title = label;
  button.setAttribute("aria-label", label);
}
var press = (button, isPressed) => button.setAttribute("aria-pressed", String(isPressed));

// widgets/sheet/src/ids.js
var OWN = Math.random().toString(36).slice(2, 10);
var count = 0;
var newId = (what) => `mls-${what}-${OWN}-${++count}`;

// widgets/sheet/src/kinds/boxes.js
function makeBoxes(host) {
  let { field } = host;
  const said = make("span", { class: "mls-count" });
  const buttons = make("span", { class: "mls-row-actions" });
  const away = iconButton("remove", "", () => host.set(null));
  return {
    element: make("div", { class: "mls-line mls-boxes" }, said, buttons, away),
    target: null,
    describe(described) {
      field = described;
      const label = `Remove the ${field.items ?? "values"}`;
      away.title = label;
      away.setAttribute("aria-label", label);
      const actions = field.actions ?? [];
      buttons.replaceChildren(
        ...actions.map(
          ({ name, label: text, help }) => textButton(text, () => host.act(name), help)
        )
      );
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      const count2 = value?.length ?? 0;
      const noun = count2 === 1 ? field.item ?? "value" : field.items ?? "values";
      const none = [inherited, note].filter(Boolean).join(", ") || "none";
      said.textContent = value === null ? none : `${count2} ${noun}`;
      said.classList.toggle("mls-inherited", value === null);
      away.hidden = value === null;
    },
    disable(isDisabled) {
      away.disabled = isDisabled;
      for (const button of buttons.querySelectorAll("button")) button.disabled = isDisabled;
    }
  };
}

// widgets/shared/list_box.js
var GAP2 = 4;
var ListBox = class {
  /**
   * @param {Element} root
   * @param {HTMLInputElement | HTMLTextAreaElement} input which has an id
   * @param {(index: number) => void} accept called with the option that is chosen
   */
  constructor(root, input, accept) {
    this.input = input;
    this.at = 0;
    this.ended = new AbortController();
    this.list = addTo(root, "ul", {
      class: "mls-completion",
      id: `${input.id}-words`,
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: "",
      // The top layer, where nothing around the panel can cut it off.
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null
    });
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", this.list.id);
    this.isCombobox = input.tagName === "INPUT";
    if (this.isCombobox) input.setAttribute("role", "combobox");
    this.tellOpen(false);
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = targetOf(event).closest("li");
      if (option) accept([...this.list.children].indexOf(option));
    });
    this.top = 0;
    const scrolled = () => {
      if (this.isOpen && Math.abs(input.getBoundingClientRect().top - this.top) >= 1) this.hide();
    };
    const { signal } = this.ended;
    document.addEventListener("scroll", scrolled, { capture: true, signal });
  }
  get isOpen() {
    return !this.list.hidden;
  }
  /**
   * Show options.
   * @param {Option[]} options
   * @param {Anchor} anchor the line they hang at
   * @param {number} at the one that is marked; -1 for none
   */
  open(options, anchor, at = 0) {
    const { list } = this;
    list.replaceChildren(...options.map((option, index) => this.makeOption(option, index)));
    list.hidden = false;
    if (list.popover) list.showPopover();
    this.tellOpen(true);
    this.top = this.input.getBoundingClientRect().top;
    list.scrollTop = 0;
    const room = { width: innerWidth, height: innerHeight };
    const { left, top } = placeOf(list.getBoundingClientRect(), anchor, room);
    list.style.left = `${left}px`;
    list.style.top = `${top}px`;
    this.mark(at);
  }
  hide() {
    const { input, list } = this;
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    list.replaceChildren();
    this.tellOpen(false);
    input.removeAttribute("aria-activedescendant");
  }
  /** @param {boolean} isOpen */
  tellOpen(isOpen) {
    if (this.isCombobox) this.input.setAttribute("aria-expanded", String(isOpen));
  }
  /**
   * Mark the next option (1) or the one before (-1); after the last comes the first.
   * @param {number} by
   */
  step(by) {
    const { length } = this.list.children;
    this.mark(this.at < 0 && by < 0 ? length - 1 : (this.at + by + length) % length);
  }
  /** @param {number} index */
  mark(index) {
    this.at = index;
    const options = [...this.list.children];
    for (const option of options) {
      option.setAttribute("aria-selected", String(option === options[index]));
    }
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else {
      options[index].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", options[index].id);
    }
  }
  /**
   * @param {Option} option
   * @param {number} index
   */
  makeOption({ label, note }, index) {
    return make(
      "li",
      { class: "mls-word", id: `${this.input.id}-word-${index}`, role: "option" },
      make("span", { class: "mls-word-label" }, label),
      make("span", { class: "mls-word-kind" }, note ?? "")
    );
  }
  /** Take the list out of the page. */
  close() {
    this.ended.abort();
    this.list.remove();
  }
};
function placeOf({ width, height }, anchor, room) {
  const left = Math.max(GAP2, Math.min(anchor.left, room.width - width - GAP2));
  const below = anchor.bottom + GAP2;
  const isBelow = below + height <= room.height;
  return { left, top: isBelow ? below : Math.max(GAP2, anchor.top - height - GAP2) };
}

// widgets/sheet/src/suggestions.js
var MOST_SHOWN = 100;
var Suggestions = class {
  /**
   * @param {Element} root
   * @param {HTMLInputElement} input which has an id
   * @param {SuggestionsOwner} owner
   */
  constructor(root, input, owner) {
    this.input = input;
    this.owner = owner;
    this.offered = [];
    this.list = new ListBox(root, input, (index) => this.accept(index));
    const options = { signal: owner.signal };
    input.addEventListener("input", () => this.open(), options);
    input.addEventListener("pointerdown", () => this.open(), options);
    input.addEventListener("blur", () => this.list.hide(), options);
    input.addEventListener("keydown", (event) => this.press(event), options);
  }
  /**
   * Show what fits the text.
   * @param {number} at the one that is marked; -1 for none
   */
  open(at = -1) {
    const { input, list, owner } = this;
    this.offered = fitting(owner.options(), owner.isTyped() ? input.value : "");
    if (!this.offered.length || input.disabled) {
      list.hide();
      return;
    }
    const { left, top, bottom, width } = input.getBoundingClientRect();
    list.list.style.minWidth = `${width}px`;
    list.open(this.offered, { left, top, bottom }, Math.min(at, this.offered.length - 1));
  }
  /** @param {number} index */
  accept(index) {
    this.list.hide();
    this.owner.accept(this.offered[index]);
  }
  /**
   * Take the keys that are the list's; the input hears no more of those.
   * @param {KeyboardEvent} event
   */
  press(event) {
    const act = event.isComposing || event.ctrlKey || event.metaKey ? null : this.actOf(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    event.stopPropagation();
    act();
  }
  /** @param {string} key */
  actOf(key) {
    const { list } = this;
    if (key === "ArrowDown") return () => list.isOpen ? list.step(1) : this.open(0);
    if (!list.isOpen) return null;
    if (key === "ArrowUp") return () => list.step(-1);
    if (key === "Escape") return () => list.hide();
    return key === "Enter" && list.at >= 0 ? () => this.accept(list.at) : null;
  }
  close() {
    this.list.close();
  }
};
function fitting(options, typed) {
  const wanted = typed.trim().toLowerCase();
  const those = (test) => options.filter(({ label }) => test(label.toLowerCase()));
  const begin = those((label) => label.startsWith(wanted));
  const contain = those((label) => !label.startsWith(wanted) && label.includes(wanted));
  return [...begin, ...contain].slice(0, MOST_SHOWN);
}

// widgets/sheet/src/kinds/choice.js
var makeChoice = (host) => host.field.free ? makeLine(host) : makeMenu(host);
function makeMenu(host) {
  let choices = [];
  let { field } = host;
  const select = make("select", {
    class: "mls-input mls-select",
    id: host.id,
    onchange: () => host.set(choices[select.selectedIndex]?.[1] ?? null)
  });
  const show = (shown2) => {
    const { value } = shown2;
    const offered2 = field.choices ?? [];
    choices = field.optional ? [[inForce(shown2, offered2), null], ...offered2] : [...offered2];
    if (!choices.some(([, one]) => isSame(one, value))) choices.push([String(value ?? ""), value]);
    const at = choices.findIndex(([, one]) => isSame(one, value));
    const labels = choices.map(([label]) => label);
    if (JSON.stringify(labels) !== JSON.stringify([...select.options].map((one) => one.label))) {
      select.replaceChildren(...labels.map((label) => make("option", {}, label)));
    }
    select.selectedIndex = at;
    select.classList.toggle("mls-inherited", field.optional === true && value === null);
  };
  return {
    element: select,
    target: select,
    describe: (described) => field = described,
    show,
    disable: (isDisabled) => select.disabled = isDisabled
  };
}
function makeLine(host) {
  let { field } = host;
  let text = "";
  const input = make("input", {
    class: "mls-input mls-select",
    id: host.id,
    type: "text",
    autocomplete: "off",
    spellcheck: "false"
  });
  const element = make("div", { class: "mls-suggested" }, input);
  const choices = () => field.choices ?? [];
  const take = (typed) => {
    if (typed === text) return;
    const found = choices().find(([label]) => label.toLowerCase() === typed.trim().toLowerCase());
    const value = found ? found[1] : typed.trim();
    text = found ? found[0] : typed.trim();
    input.value = text;
    host.set(value === "" && field.optional ? null : value);
  };
  const suggestions = new Suggestions(element, input, {
    signal: host.signal,
    options: () => choices().map(([label]) => ({ label })),
    isTyped: () => input.value !== text,
    accept: ({ label }) => take(label)
  });
  const options = { signal: host.signal };
  input.addEventListener("change", () => take(input.value), options);
  input.addEventListener("blur", () => take(input.value), options);
  input.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter") take(input.value);
      else if (event.key === "Escape" && input.value !== text) {
        event.preventDefault();
        input.value = text;
      }
    },
    options
  );
  return {
    element,
    target: input,
    describe: (described) => field = described,
    /** @param {Shown} shown */
    show(shown2) {
      const isTyping = input.value !== text && input.ownerDocument.activeElement === input;
      text = shown2.value === null ? "" : nameOf(shown2.value, choices());
      input.placeholder = field.optional ? inForce(shown2, choices()) : field.example ?? "";
      if (!isTyping) input.value = text;
    },
    disable: (isDisabled) => input.disabled = isDisabled,
    close: () => suggestions.close()
  };
}
function inForce({ inherited, note }, choices) {
  const name = inherited === null ? "Automatic" : nameOf(inherited, choices);
  return [name, note].filter(Boolean).join(", ");
}
var nameOf = (value, choices) => choices.find(([, one]) => isSame(one, value))?.[0] ?? String(value);
var isSame = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

// widgets/sheet/src/kinds/text.js
var ROWS = 3;
function makeText(host, tag = "input") {
  let { field } = host;
  let text = "";
  const isLine = tag === "input";
  const box = make(tag, {
    class: isLine ? "mls-input" : "mls-input mls-text-area",
    id: host.id,
    type: isLine ? "text" : null,
    autocomplete: "off",
    spellcheck: "false"
  });
  const commit = () => {
    if (box.value === text) return;
    text = box.value;
    host.set(text === "" && field.optional ? null : text);
  };
  const press2 = (event) => {
    if (event.key === "Enter" && isLine) commit();
    else if (event.key === "Escape" && box.value !== text) {
      event.preventDefault();
      box.value = text;
    }
  };
  const options = { signal: host.signal };
  box.addEventListener("change", commit, options);
  box.addEventListener("blur", commit, options);
  box.addEventListener(
    "keydown",
    /** @type {EventListener} */
    press2,
    options
  );
  return {
    element: box,
    target: box,
    describe(described) {
      field = described;
      box.style.setProperty("--rows", String(field.rows ?? ROWS));
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      const isTyping = box.value !== text && box.ownerDocument.activeElement === box;
      text = value === null ? "" : String(value);
      const inForce2 = [inherited === null ? "" : String(inherited), note].filter(Boolean);
      box.placeholder = inForce2.join(", ") || (field.example ?? "");
      if (!isTyping) box.value = text;
    },
    disable: (isDisabled) => box.disabled = isDisabled,
    close: commit
  };
}

// widgets/sheet/src/kinds/lines.js
var makeLines = (host) => makeText(host, "textarea");

// widgets/sheet/src/keyed.js
var Keyed = class {
  /**
   * @param {Element} parent
   * @param {(item: Item, index: number) => string} keyOf return what tells an item from the others
   * @param {(key: string) => Piece<Item>} make
   */
  constructor(parent, keyOf, make2) {
    this.parent = parent;
    this.keyOf = keyOf;
    this.make = make2;
    this.pieces = /* @__PURE__ */ new Map();
  }
  /** @param {Item[]} items */
  show(items) {
    const before = this.pieces;
    this.pieces = /* @__PURE__ */ new Map();
    items.forEach((item, index) => {
      let key = this.keyOf(item, index);
      while (this.pieces.has(key)) key += "+";
      const piece = before.get(key) ?? this.make(key);
      before.delete(key);
      this.pieces.set(key, piece);
      piece.show(item, index);
      const there = this.parent.children[index];
      if (there !== piece.element) this.parent.insertBefore(piece.element, there ?? null);
    });
    for (const piece of before.values()) end(piece);
  }
  close() {
    for (const piece of this.pieces.values()) end(piece);
    this.pieces.clear();
  }
};
function end(piece) {
  piece.close?.();
  piece.element.remove();
}

// widgets/sheet/src/numbers.js
var MOST_DECIMALS = 6;
var bare = (typed) => typed.replace(/[\s\u00a0\u2009\u202f_]/g, "").replace(/^\u2212/, "-");
function decimalsOf(value) {
  const text = String(Number(value.toFixed(MOST_DECIMALS)));
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}
var FRACTIONS = {
  parse(typed) {
    const text = bare(typed).replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return null;
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  },
  format(value, step = 1) {
    const number = Number(value);
    return number.toFixed(Math.max(decimalsOf(number), decimalsOf(step)));
  },
  stepped(value, steps, { min, max, step = 1 }) {
    const decimals = Math.max(decimalsOf(Number(value)), decimalsOf(step));
    const next = Number((Number(value) + steps * step).toFixed(decimals));
    return Math.min(Math.max(next, min ?? -Infinity), max ?? Infinity);
  },
  compare: (one, other) => Number(one) - Number(other)
};
var plain = (value) => Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
var WHOLES = {
  parse(typed) {
    const found = /^\+?(-?\d+)(\.0*)?$/.exec(bare(typed));
    return found ? plain(BigInt(found[1])) : null;
  },
  format: (value) => String(value),
  stepped(value, steps, { min, max, step = 1 }) {
    let next = BigInt(value) + BigInt(steps) * BigInt(Math.max(Math.round(step), 1));
    if (min !== void 0 && min !== null && next < BigInt(min)) next = BigInt(min);
    if (max !== void 0 && max !== null && next > BigInt(max)) next = BigInt(max);
    return plain(next);
  },
  compare(one, other) {
    const [left, right] = [BigInt(one), BigInt(other)];
    return left < right ? -1 : Number(left > right);
  }
};
var arithmeticOf = (kind) => kind === "whole" ? WHOLES : FRACTIONS;
function stepsOf({ key, shiftKey }) {
  const by = shiftKey ? 10 : 1;
  const keys = {
    ArrowUp: by,
    ArrowRight: by,
    ArrowDown: -by,
    ArrowLeft: -by,
    PageUp: 10,
    PageDown: -10,
    Home: "min",
    End: "max"
  };
  return keys[key] ?? null;
}
function snapped(place, { min, max, step }) {
  const next = min + Math.round((place - min) / step) * step;
  const decimals = Math.max(decimalsOf(min), decimalsOf(step));
  return Number(Math.min(Math.max(next, min), max).toFixed(decimals));
}
function outside(arithmetic, value, { min, max, step, unit }) {
  const isKnown = (limit) => limit !== void 0 && limit !== null;
  const isLow = isKnown(min) && arithmetic.compare(value, min) < 0;
  const isHigh = isKnown(max) && arithmetic.compare(value, max) > 0;
  if (!isLow && !isHigh) return null;
  const nearest = isLow ? min : max;
  const shown2 = `${arithmetic.format(nearest, step)}${unit ? ` ${unit}` : ""}`;
  return { text: isLow ? `At least ${shown2}.` : `At most ${shown2}.`, nearest };
}

// widgets/sheet/src/number_box.js
var NumberBox = class {
  /** @param {Owner} owner */
  constructor(owner) {
    this.owner = owner;
    this.input = make("input", {
      class: "mls-input",
      id: owner.id,
      type: "text",
      role: "spinbutton",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": owner.label
    });
    this.unit = make("span", { class: "mls-unit", "aria-hidden": "true" });
    this.element = make("div", { class: "mls-number" }, this.input, this.unit);
    this.unit.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.input.focus();
    });
    this.arithmetic = arithmeticOf("number");
    this.field = void 0;
    this.shown = { value: null, inherited: null, note: "" };
    this.text = "";
    this.isWrong = false;
    this.isMoving = false;
    this.listen();
  }
  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.arithmetic = arithmeticOf(field.kind);
    this.element.classList.toggle("mls-unit-first", field.unit === "×");
    this.showUnit();
    this.setOrRemove("aria-valuemin", field.min);
    this.setOrRemove("aria-valuemax", field.max);
  }
  showUnit() {
    this.unit.textContent = this.unitOf(this.shown.value ?? this.shown.inherited);
  }
  /**
   * The unit, or what 0 stands for.
   * @param {Value} value
   */
  unitOf(value) {
    const { zero, unit } = this.field ?? {};
    return Number(value ?? NaN) === 0 && zero || (unit ?? "");
  }
  /** @param {Shown} shown */
  show(shown2) {
    const isNews = String(shown2.value) !== String(this.shown.value);
    this.shown = shown2;
    this.showUnit();
    const text = this.written(shown2.value);
    const hasTyped = this.input.value !== this.text;
    this.text = text;
    this.input.placeholder = this.written(shown2.inherited) || (this.field?.example ?? "");
    const now = shown2.value ?? shown2.inherited;
    this.setOrRemove("aria-valuenow", this.isNumber(now) ? now : 0);
    this.setOrRemove("aria-valuetext", this.spoken(now));
    if (hasTyped && (this.hasFocus || this.isWrong && !isNews)) return;
    this.settle();
  }
  /** Show the value in place of what was typed. */
  settle() {
    this.input.value = this.text;
    if (!this.isWrong) return;
    this.isWrong = false;
    this.wrong(null);
  }
  get hasFocus() {
    return this.input.ownerDocument.activeElement === this.input;
  }
  listen() {
    const { input } = this;
    const options = { signal: this.owner.signal };
    input.addEventListener("change", () => this.commit(), options);
    input.addEventListener("blur", () => this.commit(), options);
    input.addEventListener("keydown", (event) => this.press(event), options);
    input.addEventListener("keyup", () => this.rest(), options);
    selectWhenClicked(input, options);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") this.commit();
    else if (event.key === "Escape" && this.input.value !== this.text) {
      event.preventDefault();
      this.settle();
      this.input.select();
    } else if (this.step(event)) event.preventDefault();
  }
  /**
   * Step by a key; false for a key that is the text's own.
   * @param {KeyboardEvent} event
   */
  step(event) {
    const by = stepsOf(event);
    if (by === null || event.key === "ArrowLeft" || event.key === "ArrowRight") return false;
    if (typeof by === "string") {
      const limit = this.field?.slider ? this.field[by] : void 0;
      if (limit === void 0 || limit === null || this.input.value !== this.text) return false;
      this.give(limit, event.repeat);
      return true;
    }
    const typed = this.arithmetic.parse(this.input.value);
    const from = typed ?? this.numberOr(this.shown.value ?? this.shown.inherited);
    this.give(this.arithmetic.stepped(from, by, this.field ?? {}), event.repeat);
    return true;
  }
  /**
   * @param {Value} value
   * @param {boolean} isMoving
   */
  give(value, isMoving) {
    this.isMoving = isMoving;
    this.input.value = this.written(value);
    this.text = this.input.value;
    this.owner.set(value, isMoving);
    this.mark(value);
    this.input.select();
  }
  /** A key that was held is let go. */
  rest() {
    if (!this.isMoving) return;
    this.isMoving = false;
    this.owner.set(this.shown.value, false);
  }
  /** Take what is typed. */
  commit() {
    this.rest();
    const { input } = this;
    const typed = input.value.trim();
    if (input.value === this.text) return;
    if (typed === "" && this.field?.optional) this.take(null);
    else {
      const value = this.arithmetic.parse(withoutUnit(typed, this.field?.unit));
      if (value === null) this.refuse(typed);
      else this.take(value);
    }
  }
  /** @param {Value} value */
  take(value) {
    this.text = this.written(value);
    this.input.value = this.text;
    if (String(value) !== String(this.shown.value)) this.owner.set(value, false);
    this.mark(value);
  }
  /** @param {string} typed */
  refuse(typed) {
    this.isWrong = true;
    const text = typed ? `“${typed}” is not a number.` : "Type a number.";
    this.wrong({ text }, typed);
  }
  /**
   * Say whether a number is outside the limits; it is sent all the same, and refused by name when
   * it is used.
   * @param {Value} value
   */
  mark(value) {
    const found = value === null ? null : outside(this.arithmetic, value, this.field ?? {});
    this.isWrong = false;
    if (!found) this.wrong(null);
    else {
      const label = `Use ${this.arithmetic.format(found.nearest, this.field?.step)}`;
      const use = { name: "use", label, value: found.nearest };
      this.wrong({ text: found.text, action: use });
    }
  }
  /**
   * Say what is wrong; a box that no label names marks itself, too.
   * @param {Message | null} message
   * @param {string} [text]
   */
  wrong(message, text) {
    if (this.owner.label) this.setOrRemove("aria-invalid", message && "true");
    this.owner.wrong(message, text);
  }
  /** @param {Value} value */
  isNumber = (value) => value !== null && this.arithmetic.parse(String(value)) !== null;
  /** @param {Value} value */
  numberOr(value) {
    return this.isNumber(value) ? value : this.field?.min ?? 0;
  }
  /** @param {Value} value */
  written(value) {
    if (value === null || value === void 0) return "";
    return this.isNumber(value) ? this.arithmetic.format(value, this.field?.step) : String(value);
  }
  /** @param {Value} value */
  spoken(value) {
    const { note, value: own } = this.shown;
    const text = [this.written(value), this.unitOf(value)].filter(Boolean).join(" ");
    return own === null ? [text || "empty", note].filter(Boolean).join(", ") : text;
  }
  /**
   * @param {string} name
   * @param {Value} value
   */
  setOrRemove(name, value) {
    if (value === null || value === void 0) this.input.removeAttribute(name);
    else this.input.setAttribute(name, String(value));
  }
};
var withoutUnit = (typed, unit) => unit && typed.endsWith(unit) ? typed.slice(0, -unit.length) : typed;
function selectWhenClicked(input, options) {
  let isNew = false;
  const press2 = () => isNew = input.ownerDocument.activeElement !== input;
  const release = () => {
    if (isNew && input.selectionStart === input.selectionEnd) input.select();
    isNew = false;
  };
  input.addEventListener("pointerdown", press2, options);
  input.addEventListener("click", release, options);
}

// widgets/sheet/src/slider.js
var Slider = class {
  /** @param {SliderOwner} owner */
  constructor(owner) {
    this.owner = owner;
    this.input = make("input", { class: "mls-slider", type: "range", step: "any" });
    this.element = this.input;
    this.range = { min: 0, max: 1, step: 0.05 };
    this.arithmetic = arithmeticOf("number");
    this.isMoving = false;
    this.value = null;
    this.isLive = true;
    this.listen();
  }
  /** @param {Field} field */
  describe({ kind, min, max, step, live, label }) {
    this.arithmetic = arithmeticOf(kind);
    this.range = { min: Number(min ?? 0), max: Number(max ?? 1), step: step ?? 1 };
    this.isLive = live ?? true;
    this.input.min = String(this.range.min);
    this.input.max = String(this.range.max);
    this.input.setAttribute("aria-label", label);
  }
  /** @param {Shown} shown */
  show({ value, inherited }) {
    if (this.isDragged) return;
    this.value = value ?? inherited;
    const { min, max } = this.range;
    const isKnown = this.arithmetic.parse(String(this.value)) !== null;
    this.input.value = String(isKnown ? Number(this.value) : (min + max) / 2);
    this.input.classList.toggle("mls-inherited", value === null);
    this.draw();
  }
  /** Whether a person holds the knob. */
  isDragged = false;
  draw() {
    const { min, max } = this.range;
    const share = (Number(this.input.value) - min) / (max - min || 1);
    this.input.style.setProperty("--share", `${(share * 100).toFixed(2)}%`);
    this.input.setAttribute("aria-valuetext", this.owner.spoken());
  }
  listen() {
    const { input } = this;
    const options = { signal: this.owner.signal };
    input.addEventListener("pointerdown", () => this.isDragged = true, options);
    input.addEventListener("input", () => this.drag(), options);
    for (const end2 of ["change", "pointerup", "pointercancel"]) {
      input.addEventListener(end2, () => this.drop(), options);
    }
    input.addEventListener("keydown", (event) => this.press(event), options);
    for (const end2 of ["keyup", "blur"]) input.addEventListener(end2, () => this.drop(), options);
    input.addEventListener("dblclick", () => this.owner.reset(), options);
  }
  drag() {
    const place = snapped(Number(this.input.value), this.range);
    this.input.value = String(place);
    this.give(this.arithmetic.parse(String(place)));
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    const by = event.ctrlKey || event.metaKey || event.altKey ? null : stepsOf(event);
    if (by === null) return;
    event.preventDefault();
    const from = this.arithmetic.parse(String(this.value)) ?? this.arithmetic.parse(this.input.value);
    const next = typeof by === "string" ? this.arithmetic.parse(String(this.range[by])) : this.arithmetic.stepped(from ?? this.range.min, by, this.range);
    this.input.value = String(Number(next));
    this.give(next);
  }
  /** @param {Value} value */
  give(value) {
    if (String(value) === String(this.value) && !this.input.classList.contains("mls-inherited")) {
      return;
    }
    this.value = value;
    this.isMoving = true;
    this.owner.set(value, true);
    this.input.classList.remove("mls-inherited");
    this.draw();
  }
  /** The knob, or the key, is let go. */
  drop() {
    this.isDragged = false;
    if (!this.isMoving) return;
    this.isMoving = false;
    this.owner.set(this.value, false);
  }
};

// widgets/sheet/src/kinds/loras.js
var REACH = { min: -1, max: 2, step: 0.05 };
function makeLoRAs(host) {
  const control = new LoRAs(host);
  return {
    element: control.element,
    target: null,
    describe: (field) => control.describe(field),
    show: (shown2) => control.show(shown2),
    disable: (isDisabled) => control.element.inert = isDisabled,
    close: () => control.rows.close()
  };
}
var LoRAs = class {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    this.value = [];
    const list = make("ul", { class: "mls-loras-list" });
    this.said = make("p", { class: "mls-loras-said" });
    this.add = textButton("Add LoRA…", () => host.act("add"), "Choose one of the LoRAs you have");
    this.none = textButton("None here", () => host.set([]), "Use no LoRA in this stage");
    const foot = make("div", { class: "mls-line mls-loras-foot" }, this.add, this.none, this.said);
    this.element = make("div", { class: "mls-loras-box" }, list, foot);
    this.rows = new Keyed(
      list,
      ({ name }) => name,
      () => new LoRARow(this)
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
    const inForce2 = [text || "none", note].filter(Boolean).join(", ");
    this.said.textContent = value === null ? inForce2 : "";
    this.none.hidden = value !== null || !this.field.optional;
  }
  /**
   * Change one of them, or take it away.
   * @param {LoRA} lora
   * @param {Partial<LoRA> | null} changes null to take it away
   * @param {boolean} isMoving
   */
  change(lora, changes, isMoving = false) {
    const changed = this.value.map(
      (one) => one === lora ? changes && { ...one, ...changes } : one
    );
    this.host.set(
      changed.filter((one) => one !== null),
      isMoving
    );
    if (!changes) this.add.focus();
  }
};
var LoRARow = class {
  /** @param {LoRAs} owner */
  constructor(owner) {
    this.owner = owner;
    this.ended = new AbortController();
    const { signal } = this.ended;
    this.lora = { name: "", weight: 1, enabled: true };
    this.tick = make("input", {
      class: "mls-tick",
      type: "checkbox",
      onchange: () => this.change({ enabled: this.tick.checked })
    });
    this.name = make("span", { class: "mls-lora-name" });
    this.family = make("span", { class: "mls-family" });
    this.also = make("select", {
      class: "mls-more",
      "aria-label": "Also in",
      onchange: () => this.addElsewhere()
    });
    this.away = iconButton("remove", "Remove", () => owner.change(this.lora, null));
    this.number = new NumberBox({
      id: "",
      label: "Weight",
      signal,
      set: (weight2, isMoving) => this.change({ weight: weight2 }, isMoving),
      wrong: (message, text) => owner.host.wrong(message, text)
    });
    this.number.input.removeAttribute("id");
    this.slider = new Slider({
      label: "Weight",
      signal,
      set: (weight2, isMoving) => this.change({ weight: weight2 }, isMoving),
      reset: () => this.change({ weight: 1 }),
      spoken: () => this.number.written(this.lora.weight)
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
      step: 0.05
    });
    this.number.input.setAttribute("aria-label", `Weight of ${name}`);
    this.slider.describe({ name: "weight", label: `Weight of ${name}`, kind: "number", ...REACH });
    const shown2 = { value: weight ?? 1, inherited: null, note: "" };
    this.number.show(shown2);
    this.slider.show(shown2);
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
    const buttons = words.map(
      (word) => textButton(word, () => this.owner.host.act("insert", word), `Add “${word}” to the prompt`)
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
    if (to !== void 0) this.owner.host.act("also", { name: this.lora.name, to });
  }
  close() {
    this.ended.abort();
  }
};
var summary = ({ name, weight }) => weight === 1 ? name : `${name} ${weight}`;

// widgets/sheet/src/kinds/names.js
function makeNames(host) {
  let { field } = host;
  let names = [];
  let isInherited = false;
  const chips = make("ul", { class: "mls-chips" });
  const input = make("input", {
    class: "mls-chip-input",
    id: host.id,
    type: "text",
    autocomplete: "off",
    spellcheck: "false"
  });
  const element = make("div", { class: "mls-names" }, chips, input);
  const known = () => (field.choices ?? []).map(([label]) => label);
  const add = (typed) => {
    const name = typed.trim();
    if (!name) {
      host.wrong(null);
      return;
    }
    const found = known().find((one) => one.toLowerCase() === name.toLowerCase());
    if (!found && !field.free) {
      host.wrong({ text: `There is no “${name}”.` }, name);
      return;
    }
    input.value = "";
    host.wrong(null);
    if (!names.includes(found ?? name)) host.set([...names, found ?? name]);
  };
  const remove = (index) => {
    host.set(names.filter((_, at) => at !== index));
    input.focus();
  };
  const suggestions = new Suggestions(element, input, {
    signal: host.signal,
    options: () => known().filter((label) => !names.includes(label)).map((label) => ({ label })),
    isTyped: () => true,
    accept: ({ label }) => add(label)
  });
  const options = { signal: host.signal };
  const press2 = (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Backspace" && !input.value && !isInherited && names.length) {
      remove(names.length - 1);
    }
  };
  input.addEventListener("keydown", press2, options);
  input.addEventListener("change", () => add(input.value), options);
  input.addEventListener("blur", () => add(input.value), options);
  element.addEventListener("click", ({ target }) => target === element && input.focus(), options);
  const chip = (name, index) => {
    const said = make("span", { class: "mls-chip-name", title: name }, name);
    if (isInherited) return make("li", { class: "mls-chip mls-inherited" }, said);
    const away = iconButton("remove", `Remove ${name}`, () => remove(index));
    return make("li", { class: "mls-chip" }, said, away);
  };
  let drawn = "";
  return {
    element,
    target: input,
    describe(described) {
      field = described;
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      isInherited = value === null;
      names = value ?? (Array.isArray(inherited) ? inherited : []);
      const news = JSON.stringify([names, isInherited]);
      if (news !== drawn) chips.replaceChildren(...names.map(chip));
      drawn = news;
      chips.hidden = names.length === 0;
      const text = typeof inherited === "string" ? inherited : "";
      const said = isInherited ? [text, note].filter(Boolean).join(", ") : "";
      input.placeholder = said || (names.length ? "" : field.example ?? "Add…");
    },
    disable(isDisabled) {
      input.disabled = isDisabled;
      for (const button of chips.querySelectorAll("button")) button.disabled = isDisabled;
    },
    close: () => suggestions.close()
  };
}

// widgets/sheet/src/kinds/number.js
function makeNumber(host) {
  const { field, id, signal } = host;
  const box = new NumberBox({
    id,
    signal,
    set: (value, isMoving) => host.set(value, isMoving),
    wrong: (message, text) => host.wrong(message, text)
  });
  const element = make("div", { class: "mls-numbers" }, box.element);
  const slider = field.slider ? new Slider({
    label: field.label,
    signal,
    set: (value, isMoving) => host.set(value, isMoving),
    reset: () => host.reset(),
    spoken: () => box.spoken(box.shown.value ?? box.shown.inherited)
  }) : null;
  if (slider) element.prepend(slider.element);
  const isLong = () => String(box.field?.max ?? "").length > 8;
  return {
    element,
    target: box.input,
    describe(described) {
      box.describe(described);
      slider?.describe(described);
      element.classList.toggle("mls-long", isLong());
    },
    /** @param {Shown} shown */
    show(shown2) {
      box.show(shown2);
      slider?.show(shown2);
    },
    disable(isDisabled) {
      box.input.disabled = isDisabled;
      if (slider) slider.input.disabled = isDisabled;
    }
  };
}

// widgets/sheet/src/drops.js
function takeDrops(element, signal, take) {
  const options = { signal };
  let depth = 0;
  const hold = (by) => {
    depth = by === 0 ? 0 : depth + by;
    element.classList.toggle("mls-held", depth > 0);
  };
  element.addEventListener("dragenter", () => hold(1), options);
  element.addEventListener("dragleave", () => hold(-1), options);
  element.addEventListener("dragover", (event) => event.preventDefault(), options);
  element.addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      hold(0);
      take([...event.dataTransfer?.files ?? []]);
    },
    options
  );
}

// widgets/sheet/src/kinds/picture.js
var USUAL = [
  { name: "canvas", label: "Use this picture", help: "Take the picture on the canvas" },
  { name: "history", label: "From history", help: "Choose a picture of the history" }
];
var EMPTY = "None. Drop a picture here.";
function makePicture(host) {
  const slot = new PictureSlot(host);
  return {
    element: slot.element,
    target: null,
    describe(field) {
      const actions = field.actions ?? USUAL;
      const buttons = actions.map(
        ({ name, label, help }) => textButton(label, () => host.act(name), help)
      );
      slot.buttons.replaceChildren(...buttons, slot.open);
    },
    show: (shown2) => slot.show(shown2),
    disable: (isDisabled) => slot.disable(isDisabled),
    close: () => host.pictures.forget(host.path())
  };
}
var PictureSlot = class {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.value = null;
    this.isSending = false;
    this.next = null;
    this.isDisabled = false;
    this.image = make("img", { class: "mls-thumbnail", alt: "", hidden: "" });
    this.prepared = make("img", {
      class: "mls-thumbnail",
      alt: "Prepared for the model",
      hidden: ""
    });
    this.about = make("p", { class: "mls-picture-about" }, EMPTY);
    const { label } = host.field;
    this.away = iconButton("remove", `${label}: remove the picture`, () => host.set(null));
    this.file = make("input", { type: "file", accept: "image/*", hidden: "", tabindex: "-1" });
    this.file.addEventListener("change", () => {
      const [file] = this.file.files ?? [];
      if (file) this.send(file);
      this.file.value = "";
    });
    this.open = textButton(
      "File…",
      () => this.file.click(),
      "Open a file; it can be dropped here, too"
    );
    this.buttons = make("div", { class: "mls-picture-buttons" });
    const pictures = make("div", { class: "mls-thumbnails" }, this.image, this.prepared);
    this.element = make(
      "div",
      { class: "mls-picture" },
      pictures,
      this.about,
      this.away,
      this.buttons,
      this.file
    );
    takeDrops(this.element, host.signal, ([file]) => {
      if (file && !this.isDisabled) this.send(file);
    });
  }
  /** @param {File} file */
  async send(file) {
    if (this.isSending) {
      this.next = file;
      return;
    }
    this.isSending = true;
    this.host.wrong(null);
    this.about.textContent = `Reading ${file.name}…`;
    try {
      await this.host.files.send(this.host.path(), file.name, file, (share) => {
        this.about.textContent = `Reading ${file.name}, ${Math.round(share * 100)} %`;
      });
    } catch {
      this.host.wrong({ text: `${file.name} could not be read.` });
    } finally {
      this.isSending = false;
      if (this.about.textContent.startsWith("Reading")) this.about.textContent = this.said;
    }
    const { next } = this;
    this.next = null;
    if (next) await this.send(next);
  }
  /** What is said of the picture. */
  said = EMPTY;
  /** @param {Shown} shown */
  show({ value, inherited, note }) {
    const inForce2 = [inherited, note].filter(Boolean).join(", ");
    this.away.hidden = value === null;
    this.element.classList.toggle("mls-empty", value === null);
    if (value === this.value && value !== null) return;
    this.value = value;
    this.image.hidden = this.prepared.hidden = true;
    this.tell(value === null ? inForce2 || EMPTY : "");
    const path = this.host.path();
    if (value === null) this.host.pictures.forget(path);
    else this.host.pictures.ask(path, value, (slot) => this.fill(slot));
  }
  /** @param {Slot} slot */
  fill({ image, prepared, about }) {
    const { label } = this.host.field;
    for (
      const [element, url] of
      /** @type {const} */
      [
        [this.image, image],
        [this.prepared, prepared]
      ]
    ) {
      element.hidden = !url;
      if (url) element.src = url;
      else element.removeAttribute("src");
    }
    this.image.alt = [label, about].filter(Boolean).join(": ");
    this.tell(about);
  }
  /** @param {string} text */
  tell(text) {
    this.said = text;
    if (!this.isSending) this.about.textContent = text;
  }
  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    this.isDisabled = isDisabled;
    for (const button of this.element.querySelectorAll("button")) button.disabled = isDisabled;
  }
};

// widgets/sheet/src/kinds/pictures.js
var EMPTY2 = "None. Drop pictures here.";
function makePictures(host) {
  const list = new PictureList(host);
  return {
    element: list.element,
    target: null,
    describe: (field) => list.describe(field),
    show: (shown2) => list.show(shown2),
    disable: (isDisabled) => list.disable(isDisabled),
    close: () => list.forget()
  };
}
var PictureList = class {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.names = [];
    this.isSending = false;
    this.waiting = [];
    this.isDisabled = false;
    this.first = 1;
    this.list = make("ol", { class: "mls-pictures-list" });
    this.about = make("p", { class: "mls-picture-about" }, EMPTY2);
    this.file = make("input", {
      type: "file",
      accept: "image/*",
      multiple: "",
      hidden: "",
      tabindex: "-1"
    });
    this.file.addEventListener("change", async () => {
      await this.send([...this.file.files ?? []]);
      this.file.value = "";
    });
    this.open = textButton(
      "Files…",
      () => this.file.click(),
      "Open files; they can be dropped here, too"
    );
    this.buttons = make("div", { class: "mls-picture-buttons" });
    this.element = make(
      "div",
      { class: "mls-pictures mls-empty" },
      this.list,
      this.about,
      this.buttons,
      this.file
    );
    takeDrops(this.element, host.signal, (files) => {
      if (!this.isDisabled) this.send(files);
    });
  }
  /** @param {Field} field */
  describe(field) {
    this.first = field.min ?? 1;
    const buttons = (field.actions ?? []).map(
      ({ name, label, help }) => textButton(label, () => this.host.act(name), help)
    );
    this.buttons.replaceChildren(...buttons, this.open);
  }
  /**
   * Send files one after the other, so that they arrive in their order.
   * @param {File[]} files
   */
  async send(files) {
    this.waiting.push(...files);
    if (this.isSending || !files.length) return;
    this.isSending = true;
    this.host.wrong(null);
    for (let file = this.waiting.shift(); file; file = this.waiting.shift()) {
      this.about.hidden = false;
      this.about.textContent = `Reading ${file.name}…`;
      try {
        await this.host.files.send(this.host.path(), file.name, file, () => {
        });
      } catch {
        this.host.wrong({ text: `${file.name} could not be read.` });
      }
    }
    this.isSending = false;
    this.tell();
  }
  /** @param {Shown} shown */
  show({ value }) {
    const names = value ?? [];
    this.element.classList.toggle("mls-empty", names.length === 0);
    if (JSON.stringify(names) === JSON.stringify(this.names)) return;
    this.forget();
    this.names = names;
    this.list.replaceChildren(...names.map((name, index) => this.item(name, index)));
    this.tell();
  }
  /**
   * @param {string} name
   * @param {number} index
   */
  item(name, index) {
    const said = `Picture ${this.first + index}`;
    const image = make("img", { class: "mls-thumbnail", alt: said });
    const buttons = [
      iconButton("earlier", `${said}: move forward`, () => this.move(index, index - 1)),
      iconButton("later", `${said}: move back`, () => this.move(index, index + 1)),
      iconButton("remove", `${said}: remove`, () => this.remove(index))
    ];
    buttons[0].disabled = this.isDisabled || index === 0;
    buttons[1].disabled = this.isDisabled || index === this.names.length - 1;
    buttons[2].disabled = this.isDisabled;
    this.host.pictures.ask(this.path(index), name, (slot) => {
      if (slot.image) image.src = slot.image;
      image.alt = [said, slot.about].filter(Boolean).join(": ");
      image.title = slot.about;
    });
    const head = make("span", { class: "mls-pictures-name" }, said);
    return make("li", {}, image, head, make("div", { class: "mls-pictures-row" }, ...buttons));
  }
  /** @param {number} index */
  path(index) {
    return `${this.host.path()}.${index}`;
  }
  /**
   * @param {number} from
   * @param {number} to
   */
  move(from, to) {
    const names = [...this.names];
    names.splice(to, 0, ...names.splice(from, 1));
    this.host.set(names);
    const buttons = this.list.children[to]?.querySelectorAll("button") ?? [];
    const [same, other] = to < from ? [buttons[0], buttons[1]] : [buttons[1], buttons[0]];
    (same?.disabled ? other : same)?.focus();
  }
  /** @param {number} index */
  remove(index) {
    this.host.set(this.names.filter((_, at) => at !== index));
    const next = this.list.children[Math.min(index, this.names.length - 1)];
    ([...next?.querySelectorAll("button") ?? []].at(-1) ?? this.open).focus();
  }
  tell() {
    if (this.isSending) return;
    this.about.textContent = EMPTY2;
    this.about.hidden = this.names.length > 0;
  }
  forget() {
    for (const index of this.names.keys()) this.host.pictures.forget(this.path(index));
  }
  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    this.isDisabled = isDisabled;
    for (const button of this.element.querySelectorAll("button")) button.disabled = isDisabled;
    const ends = [this.list.firstElementChild, this.list.lastElementChild];
    for (const [at, end2] of ends.entries()) {
      const button = end2?.querySelectorAll("button")[at];
      if (button) button.disabled = true;
    }
  }
};

// widgets/shared/prompt/caret.js
var SHAPING = [
  "direction",
  "box-sizing",
  "width",
  "border-width",
  "border-style",
  "padding",
  "font",
  "letter-spacing",
  "line-height",
  "tab-size",
  "text-indent"
];
function replace(area, from, to, piece) {
  area.focus();
  area.setSelectionRange(from, to);
  const wasTyped = document.execCommand(piece ? "insertText" : "delete", false, piece);
  if (wasTyped) return;
  area.setRangeText(piece, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
function caretBox(area, index) {
  const mark = make("span", {}, "​");
  const copy = make("div", {}, area.value.slice(0, index), mark);
  const style = getComputedStyle(area);
  for (const name of SHAPING) copy.style.setProperty(name, style.getPropertyValue(name));
  Object.assign(copy.style, {
    position: "fixed",
    top: 0,
    left: 0,
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word"
  });
  document.body.append(copy);
  const at = area.getBoundingClientRect();
  const box = mark.getBoundingClientRect();
  copy.remove();
  const top = at.top + box.top - area.scrollTop;
  return { left: at.left + box.left - area.scrollLeft, top, bottom: top + box.height };
}

// widgets/shared/prompt/completion.js
var LONGEST_NAME = 300;
var MOST_SHOWN2 = 50;
function typedAt(text, caret) {
  const from = Math.max(0, caret - LONGEST_NAME);
  const before = text.slice(from, caret);
  const tag = /<(?:(?:lora|lyco):)?([^<>:\n]*)$/i.exec(before);
  if (tag) return { start: from + tag.index, typed: tag[1], kinds: ["lora"] };
  const wildcard = /(^|[^_])__(?!_)((?:(?!__)[\w\-./ ])*)$/.exec(before);
  if (wildcard && opensWildcard(text.slice(0, caret))) {
    const start = from + wildcard.index + wildcard[1].length;
    return { start, typed: wildcard[2], kinds: ["wildcard"] };
  }
  const word = /[^\s,.:;|()[\]{}<>]{2,}$/.exec(before);
  if (!word || !/^[\p{L}\p{N}]/u.test(word[0])) return null;
  return { start: from + word.index, typed: word[0], kinds: ["embedding", "style", "word"] };
}
function opensWildcard(before) {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return (line.match(/__/g) ?? []).length % 2 === 1;
}
function offered(words, { typed, kinds }) {
  const wanted = typed.toLowerCase();
  const begin = [];
  const contain = [];
  for (const word of words) {
    if (!kinds.includes(word.kind)) continue;
    const label = word.label.toLowerCase();
    if (label.startsWith(wanted)) begin.push(word);
    else if (label.includes(wanted)) contain.push(word);
  }
  const found = [...begin, ...contain].slice(0, MOST_SHOWN2);
  return found.length === 1 && found[0].insert === typed ? [] : found;
}

// widgets/shared/prompt/weights.js
var STEP = 0.1;
var TAG_STEP = 0.05;
var BRACKET = 1.1;
var ENDS = ".,\\/!?%^*;:{}=`~()[]<>| 	\r\n";
var CLOSES = { "(": ")", "[": "]" };
var rounded = (weight) => parseFloat(weight.toFixed(4));
var shown = (weight) => Number.isInteger(weight) ? weight.toFixed(1) : String(weight);
function weighed(text, start, end2, isUp) {
  const tag = tagAround(text, start, end2);
  if (tag) return weighedTag(tag, isUp);
  const inside = start === end2 ? bracketsAround(text, start) ?? wordAround(text, start) : null;
  const [first, last] = trimmed(text, inside ?? [start, end2]);
  if (first === last) return null;
  const { from, to, weight } = weightOf(text, first, last);
  const next = rounded(weight + (isUp ? STEP : -STEP));
  const inner = text.slice(first, last);
  const isPlain = next === 1;
  const piece = isPlain ? inner : `(${inner}:${shown(next)})`;
  const begin = isPlain ? from : from + 1;
  return { from, to, piece, start: begin, end: begin + inner.length };
}
function trimmed(text, [start, end2]) {
  let [first, last] = [start, end2];
  while (last > first && /\s/.test(text[last - 1])) last--;
  while (last > first && /\s/.test(text[first])) first++;
  return [first, last];
}
function weightOf(text, start, end2) {
  const written = text[start - 1] === "(" && /^:\s*(-?[\d.]+)\s*\)/.exec(text.slice(end2));
  if (written && Number.isFinite(parseFloat(written[1]))) {
    return { from: start - 1, to: end2 + written[0].length, weight: parseFloat(written[1]) };
  }
  let [from, to, weight] = [start, end2, 1];
  const open = text[start - 1];
  const close = CLOSES[open];
  while (close && text[from - 1] === open && text[to] === close) {
    [from, to] = [from - 1, to + 1];
    weight = open === "(" ? weight * BRACKET : weight / BRACKET;
  }
  return { from, to, weight: Math.round(weight / STEP) * STEP };
}
function tagAround(text, start, end2) {
  const open = text.lastIndexOf("<", start - (text[start] === "<" ? 0 : 1));
  if (open < 0) return null;
  const close = text.indexOf(">", open);
  if (close < 0 || close < start || close + 1 < end2) return null;
  const parts = text.slice(open + 1, close).split(":");
  return /^(lora|lyco|hypernet)$/i.test(parts[0]) && parts[1] ? { open, close, parts } : null;
}
function weighedTag({ open, close, parts }, isUp) {
  const number = /^\s*-?(\d+\.?\d*|\.\d+)\s*$/;
  if (!number.test(parts[2] ?? "")) parts.splice(2, 0, "1");
  for (let at = 2; at < 4 && number.test(parts[at] ?? ""); at++) {
    parts[at] = shown(rounded(parseFloat(parts[at]) + (isUp ? TAG_STEP : -TAG_STEP)));
  }
  const piece = `<${parts.join(":")}>`;
  const caret = open + piece.length - 1;
  return { from: open, to: close + 1, piece, start: caret, end: caret };
}
function bracketsAround(text, caret) {
  for (const [open, close] of Object.entries(CLOSES)) {
    const start = text.lastIndexOf(open, caret - 1);
    const end2 = text.indexOf(close, caret);
    if (caret === 0 || start < 0 || end2 < 0) continue;
    if (text.slice(start + 1, caret).includes(close)) continue;
    if (text.slice(caret, end2).includes(open)) continue;
    const weight = /:\s*-?[\d.]+\s*$/.exec(text.slice(start + 1, end2));
    return [start + 1, weight ? start + 1 + weight.index : end2];
  }
  return null;
}
function wordAround(text, caret) {
  for (const wildcard of text.matchAll(/__[\w\-./ ]+?__/g)) {
    const end3 = wildcard.index + wildcard[0].length;
    if (wildcard.index <= caret && caret <= end3) return [wildcard.index, end3];
  }
  let [start, end2] = [caret, caret];
  while (start > 0 && !ENDS.includes(text[start - 1])) start--;
  while (end2 < text.length && !ENDS.includes(text[end2])) end2++;
  return [start, end2];
}

// widgets/shared/prompt/prompt_area.js
var REST = 300;
var MARKS = {
  lora: "LoRA",
  wildcard: "wildcard",
  embedding: "embedding",
  style: "style",
  word: ""
};
var PromptArea = class {
  /**
   * @param {Element} parent
   * @param {PromptOwner} owner
   */
  constructor(parent, owner) {
    this.owner = owner;
    this.ended = new AbortController();
    this.area = addTo(parent, "textarea", {
      class: "mls-prompt-text mls-input mls-text-area",
      id: owner.id,
      dir: "auto",
      spellcheck: "false",
      autocomplete: "off"
    });
    this.list = new ListBox(parent, this.area, (index) => this.accept(this.words[index]));
    this.words = [];
    this.isAccepting = false;
    this.rest = void 0;
    this.told = "";
    this.listen();
  }
  /**
   * Show a text, unless a person is typing another one.
   * @param {string} text
   */
  show(text) {
    this.told = text;
    if (this.rest !== void 0 || this.area.value === text) return;
    this.area.value = text;
    this.list.hide();
  }
  close() {
    this.tell();
    this.list.close();
    this.ended.abort();
  }
  /** Tell the text, if it is another one. */
  tell() {
    clearTimeout(this.rest);
    this.rest = void 0;
    if (this.told === this.area.value) return;
    this.told = this.area.value;
    this.owner.tell(this.told);
  }
  // --- what a person does ----------------------------------------------------------------------
  listen() {
    const { area, list } = this;
    const options = { signal: this.ended.signal };
    const leave = () => {
      list.hide();
      this.tell();
    };
    area.addEventListener(
      "input",
      (event) => this.typed(
        /** @type {InputEvent} */
        event
      ),
      options
    );
    area.addEventListener("change", leave, options);
    area.addEventListener("blur", leave, options);
    area.addEventListener("keydown", (event) => this.press(event), options);
    area.addEventListener("pointerdown", () => list.hide(), options);
  }
  /** @param {InputEvent} event */
  typed({ inputType }) {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.tell(), REST);
    const isTyped = inputType?.startsWith("insert") || this.list.isOpen;
    if (this.isAccepting || !isTyped || inputType === "insertFromPaste") this.list.hide();
    else this.offer();
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    const { list } = this;
    const isCommand = event.ctrlKey || event.metaKey;
    const isTheirs = isCommand ? ["Enter", "s"].includes(event.key) : event.key === "Escape";
    if (!isTheirs || list.isOpen) event.stopPropagation();
    if (event.isComposing) return;
    const act = isCommand ? this.weighingOf(event) : this.choosingOf(event);
    if (act) {
      event.preventDefault();
      act();
    } else if (list.isOpen && /^(Arrow|Home|End|Page)/.test(event.key)) list.hide();
  }
  /**
   * Return what a key with Ctrl does.
   * @param {KeyboardEvent} event
   */
  weighingOf({ key, altKey, shiftKey }) {
    const isArrow = key === "ArrowUp" || key === "ArrowDown";
    return isArrow && !altKey && !shiftKey ? () => this.weigh(key === "ArrowUp") : void 0;
  }
  /**
   * Return what a key does to the open list.
   * @param {KeyboardEvent} event
   */
  choosingOf({ key, shiftKey }) {
    const { list } = this;
    if (!list.isOpen || shiftKey) return void 0;
    const keys = {
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      Enter: () => this.accept(this.words[list.at]),
      Tab: () => this.accept(this.words[list.at]),
      Escape: () => list.hide()
    };
    return keys[key];
  }
  /** Offer the words that what is typed may become. */
  offer() {
    const { area, list } = this;
    const found = typedAt(area.value, area.selectionStart);
    this.words = found ? offered(this.owner.words(), found) : [];
    if (!found || !this.words.length) {
      list.hide();
      return;
    }
    const options = this.words.map(({ label, kind }) => ({ label, note: MARKS[kind] ?? "" }));
    list.open(options, caretBox(area, found.start));
  }
  /**
   * Put a word in place of what is typed of it.
   * @param {Word} word
   */
  accept(word) {
    const { area } = this;
    const found = typedAt(area.value, area.selectionStart);
    this.list.hide();
    if (found) this.put(found.start, area.selectionStart, word.insert);
  }
  /** @param {boolean} isUp */
  weigh(isUp) {
    const { area } = this;
    const change = weighed(area.value, area.selectionStart, area.selectionEnd, isUp);
    if (!change) return;
    this.put(change.from, change.to, change.piece);
    area.setSelectionRange(change.start, change.end);
  }
  /**
   * @param {number} from
   * @param {number} to
   * @param {string} piece
   */
  put(from, to, piece) {
    this.isAccepting = true;
    replace(this.area, from, to, piece);
    this.isAccepting = false;
  }
};

// widgets/sheet/src/kinds/prompt.js
var ROWS2 = 3;
function makePrompt(host) {
  let { field } = host;
  const element = make("div", { class: "mls-prompt-box" });
  const tokens = make("span", {
    class: "mls-tokens",
    title: "Tokens used, and how many fit"
  });
  const prompt = new PromptArea(element, {
    id: host.id,
    words: () => host.words(),
    tell: (text) => host.set(text === "" && field.optional ? null : text)
  });
  const { area } = prompt;
  return {
    element,
    target: area,
    aside: tokens,
    describe(described) {
      field = described;
      area.style.setProperty("--rows", String(described.rows ?? ROWS2));
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      prompt.show(value ?? "");
      area.placeholder = [inherited, note].filter(Boolean).join(", ") || (field.example ?? "");
      tokens.textContent = host.tokens();
    },
    disable: (isDisabled) => area.disabled = isDisabled,
    close: () => prompt.close()
  };
}

// widgets/sheet/src/kinds/seed.js
var RANDOM = -1;
var MOST = 2 ** 32;
function makeSeed(host) {
  let last = null;
  let isRandom = false;
  let random = null;
  const box = new NumberBox({
    id: host.id,
    signal: host.signal,
    // An emptied box has no number: the seed is random again.
    set: (value, isMoving) => host.set(value ?? random, isMoving),
    wrong: (message, text) => host.wrong(message, text)
  });
  const dice = iconButton(
    "dice",
    "A new random seed for every picture",
    () => host.set(isRandom ? last ?? Math.floor(Math.random() * MOST) : random)
  );
  const lock = iconButton("lock", "", () => host.set(last));
  return {
    element: make("div", { class: "mls-line mls-long" }, box.element, dice, lock),
    target: box.input,
    describe(field) {
      random = field.optional ? null : RANDOM;
      box.describe({ ...field, kind: "whole", optional: true, min: 0, example: "random" });
    },
    /** @param {Shown} shown */
    show({ value, inherited }) {
      last = WHOLES.parse(String(inherited));
      isRandom = value === null || Number(value) === RANDOM;
      const note = isRandom ? "random" : "";
      box.show({ value: isRandom ? null : value, inherited: null, note });
      press(dice, isRandom);
      const isKept = !isRandom && String(value) === String(last);
      press(lock, isKept);
      lock.disabled = last === null || isKept;
      if (last === null) rename(lock, "Keep the last seed: there is no picture yet");
      else rename(lock, isKept ? "The last seed is kept" : `Keep the last seed, ${last}`);
    },
    disable(isDisabled) {
      box.input.disabled = dice.disabled = isDisabled;
      if (isDisabled) lock.disabled = true;
    }
  };
}

// widgets/sheet/src/ratio.js
function inRatio(side, pixels, like, step) {
  const across = like.width / like.height;
  const other = side === "width" ? pixels / across : pixels * across;
  const whole = Math.max(Math.round(other / step), 1) * step;
  return side === "width" ? { width: pixels, height: whole } : { width: whole, height: pixels };
}

// widgets/sheet/src/kinds/size.js
var SIDES = ["width", "height"];
var CUSTOM = "Custom";
var STEP2 = 8;
function makeSize(host) {
  const control = new SizeControl(host);
  return {
    element: control.element,
    target: null,
    describe: (field) => control.describe(field),
    show: (shown2) => control.show(shown2),
    disable: (isDisabled) => control.disable(isDisabled)
  };
}
var SizeControl = class {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    this.value = null;
    this.inherited = null;
    this.locked = null;
    this.said = {};
    this.shape = make("select", {
      class: "mls-input mls-select",
      "aria-label": "Shape",
      onchange: () => this.choose()
    });
    this.boxes = { width: this.makeBox("width"), height: this.makeBox("height") };
    this.swap = iconButton("swap", "Swap width and height", () => this.swapSides());
    this.lock = iconButton("ratio", "Keep the ratio of width to height", () => this.lockOrNot());
    const { width, height } = this.boxes;
    const times = make("span", { class: "mls-times", "aria-hidden": "true" }, "×");
    const sides = [width.element, times, height.element, this.swap, this.lock];
    const line = make("div", { class: "mls-line" }, ...sides);
    this.element = make("div", { class: "mls-size-box" }, this.shape, line);
    this.showLock();
  }
  /** The size in force, null where it is not known. */
  get size() {
    return this.value ?? this.inherited;
  }
  /** @param {Side} side */
  makeBox(side) {
    const label = side === "width" ? "Width" : "Height";
    return new NumberBox({
      id: `${this.host.id}-${side}`,
      label,
      signal: this.host.signal,
      set: (pixels, isMoving) => this.setSide(side, pixels, isMoving),
      wrong: (message, text) => this.wrong(side, message, text)
    });
  }
  /** @param {Field} field */
  describe(field) {
    this.field = field;
    const step = field.step ?? STEP2;
    for (const box of Object.values(this.boxes)) {
      box.describe({ ...field, kind: "whole", optional: true, step, unit: "" });
    }
  }
  /** @param {Shown} shown */
  show({ value, inherited }) {
    const isNews = !isSame2(value, this.value);
    this.value = value;
    this.inherited = inherited;
    for (const side of SIDES) {
      const shown2 = {
        value: value?.[side] ?? null,
        inherited: inherited?.[side] ?? null,
        note: ""
      };
      this.boxes[side].show(shown2);
    }
    if (isNews) this.forget();
    const choices = this.field.choices ?? [];
    const labels = [...choices.map(([label]) => label), CUSTOM];
    if (labels.join("\n") !== [...this.shape.options].map((one) => one.label).join("\n")) {
      this.shape.replaceChildren(...labels.map((label) => make("option", {}, label)));
    }
    const at = choices.findIndex(([, size]) => isSame2(size, value));
    this.shape.selectedIndex = at < 0 ? choices.length : at;
    this.shape.classList.toggle("mls-inherited", value === null);
    this.swap.disabled = this.size === null;
    this.lock.disabled = this.size === null;
  }
  choose() {
    const choice = this.field.choices?.[this.shape.selectedIndex];
    if (choice) this.give(choice[1]);
    else if (this.size) this.give({ ...this.size });
    else this.boxes.width.input.focus();
  }
  /**
   * @param {Side} side
   * @param {any} pixels null for an emptied box
   * @param {boolean} isMoving
   */
  setSide(side, pixels, isMoving) {
    if (pixels === null) {
      this.give(null);
      return;
    }
    const size = this.size ?? { width: pixels, height: pixels };
    const step = this.field.step ?? STEP2;
    const kept = this.locked && pixels > 0;
    const next = kept ? inRatio(side, pixels, this.locked ?? size, step) : { ...size, [side]: pixels };
    this.host.set(next, isMoving);
  }
  /** @param {Size | null} size */
  give(size) {
    if (this.locked && size) this.locked = size;
    this.host.set(size);
  }
  swapSides() {
    const { size } = this;
    if (size) this.give({ width: size.height, height: size.width });
  }
  lockOrNot() {
    this.locked = this.locked ? null : this.size;
    this.showLock();
  }
  showLock() {
    press(this.lock, this.locked !== null);
  }
  /**
   * Say what is wrong with either side; a button that mends it mends the size.
   * @param {Side} side
   * @param {Message | null} message
   * @param {string} [text]
   */
  wrong(side, message, text) {
    const { action } = message ?? {};
    const mended = action && { ...action, value: { ...this.size, [side]: action.value } };
    this.said[side] = message && { ...message, action: mended };
    this.host.wrong(this.said.width ?? this.said.height ?? null, text);
  }
  /** Another size is set: what was said of numbers is no longer true, that of a text still is. */
  forget() {
    for (const side of SIDES) {
      if (this.boxes[side].isWrong) continue;
      this.said[side] = null;
      this.boxes[side].input.removeAttribute("aria-invalid");
    }
    const left = SIDES.find((side) => this.said[side]);
    if (left) this.host.wrong(this.said[left] ?? null, this.boxes[left].input.value);
  }
  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    for (const box of Object.values(this.boxes)) box.input.disabled = isDisabled;
    this.shape.disabled = isDisabled;
    if (isDisabled) this.swap.disabled = this.lock.disabled = true;
  }
};
var isSame2 = (one, other) => one?.width === other?.width && one?.height === other?.height;

// widgets/sheet/src/kinds/tick.js
function makeTick(host) {
  const box = make("input", {
    class: "mls-tick",
    id: host.id,
    type: "checkbox",
    onchange: () => host.set(box.checked)
  });
  const said = make("span", { class: "mls-tick-note" });
  const element = make("div", { class: "mls-tick-line" }, box, said);
  return {
    element,
    target: box,
    describe() {
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      box.checked = Boolean(value ?? inherited);
      box.classList.toggle("mls-inherited", value === null);
      const text = typeof inherited === "string" ? inherited : "";
      said.textContent = value === null ? [text, note].filter(Boolean).join(", ") : "";
    },
    disable: (isDisabled) => box.disabled = isDisabled
  };
}

// widgets/sheet/src/kinds/units.js
var SWITCH = "enabled";
function makeUnits(host) {
  const units = new Units(host);
  return {
    element: units.element,
    target: null,
    describe: (field) => units.describe(field),
    show: (shown2) => units.show(shown2),
    disable: (isDisabled) => units.element.inert = isDisabled,
    reveal: (path) => units.reveal(path),
    close: () => units.pieces.close()
  };
}
var Units = class {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.field = host.field;
    this.value = [];
    this.ids = [];
    this.count = 0;
    const list = make("ul", { class: "mls-units-list" });
    this.add = textButton("", () => this.addOne());
    this.element = make("div", { class: "mls-units-box" }, list, this.add);
    this.pieces = new Keyed(
      list,
      (_, index) => String(this.ids[index]),
      () => new Unit(this)
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
    return (
      /** @type {Unit[]} */
      [...this.pieces.pieces.values()]
    );
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
    const changed = this.value.map((one, at) => at === index ? { ...one, ...changes } : one);
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
};
var Unit = class {
  /** @param {Units} owner */
  constructor(owner) {
    this.owner = owner;
    this.index = 0;
    this.value = {};
    this.tick = make("input", {
      class: "mls-tick",
      type: "checkbox",
      onchange: () => owner.change(this.index, { [SWITCH]: this.tick.checked })
    });
    this.title = make("span", { class: "mls-unit-title" });
    this.summary = make("span", { class: "mls-unit-summary" });
    this.fold = make(
      "button",
      { class: "mls-section-fold", type: "button", onclick: () => this.open(!this.isOpen) },
      icon("fold"),
      this.title,
      this.summary
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
    const inside = (name) => `${owner.field.name}.${this.index}.${name}`;
    const inAll = (name) => `${owner.field.name}.${name}`;
    return {
      ...scope,
      path: (name) => scope.path(inside(name)),
      value: (name) => this.value[name] ?? null,
      inherited: (name) => scope.inherited(inside(name)) ?? scope.inherited(inAll(name)),
      message: (name) => scope.message(inside(name)),
      reason: (name) => scope.reason(inside(name)) || scope.reason(inAll(name)),
      tokens: (name) => scope.tokens(inside(name)),
      set: (name, value, isMoving, isLive) => owner.change(this.index, { [name]: value }, isMoving, isLive),
      wrong: (name, text) => scope.wrong(inside(name), text),
      act: (name, action, detail) => scope.act(inside(name), action, detail)
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
};

// widgets/sheet/src/kinds.js
var KINDS = {
  boxes: { make: makeBoxes, hasActions: true, hasBack: true },
  choice: { make: makeChoice },
  lines: { make: makeLines, isWide: true },
  loras: { make: makeLoRAs, isWide: true },
  names: { make: makeNames },
  number: { make: makeNumber },
  picture: { make: makePicture, isWide: true, hasActions: true, hasBack: true },
  pictures: { make: makePictures, isWide: true, hasActions: true, hasBack: true },
  prompt: { make: makePrompt, isWide: true },
  seed: { make: makeSeed, hasBack: true },
  size: { make: makeSize },
  text: { make: makeText },
  tick: { make: makeTick },
  units: { make: makeUnits, isWide: true, hasBack: true },
  whole: { make: makeNumber }
};

// widgets/sheet/src/row.js
var FOLDED = 200;
var Row = class {
  /**
   * @param {Field} field
   * @param {Scope} scope
   */
  constructor(field, scope) {
    this.field = field;
    this.scope = scope;
    this.ended = new AbortController();
    this.id = newId("row");
    this.kind = KINDS[field.kind];
    this.control = this.kind.make(this.host());
    const { element, target } = this.control;
    this.label = target ? make("label", { class: "mls-row-label", for: this.id }) : make("span", { class: "mls-row-label", id: `${this.id}-label` });
    if (!target) {
      element.setAttribute("role", "group");
      element.setAttribute("aria-labelledby", `${this.id}-label`);
    }
    this.buttons = make("div", { class: "mls-row-actions" });
    this.back = iconButton("back", "", () => this.reset());
    this.back.classList.add("mls-back");
    this.sweep = iconButton("sweep", "", () => this.scope.act(this.field.name, "sweep", null));
    this.sweep.classList.add("mls-sweep");
    this.help = make("span", { id: `${this.id}-help`, hidden: "" });
    this.message = make("div", { class: "mls-row-message", id: `${this.id}-message` });
    const isWide = field.wide ?? this.kind.isWide ?? false;
    const body = make("div", { class: "mls-row-body" }, element, ...isWide ? [] : [this.back]);
    const cell = make("div", { class: "mls-row-control" }, body, this.buttons);
    this.element = make(
      "div",
      {
        class: `mls-row mls-${field.name.replace(/[^a-z0-9]+/gi, "-")}`,
        "data-name": field.name,
        "data-kind": field.kind
      },
      this.label,
      this.control.aside ?? "",
      cell,
      this.sweep,
      isWide ? this.back : "",
      make("div", { class: "mls-row-said" }, this.message),
      this.help
    );
    this.element.classList.toggle("mls-wide", isWide);
    this.own = null;
    this.hasToldWrong = false;
    this.drawn = { value: "", said: "" };
    this.describe(field);
  }
  /**
   * Say whether another description of the field can be shown by the same control.
   * @param {Field} field
   */
  fits(field) {
    const keys = (
      /** @type {const} */
      ["kind", "slider", "wide", "free"]
    );
    return keys.every((key) => this.field[key] === field[key]);
  }
  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.label.textContent = field.label;
    this.help.textContent = field.help ?? "";
    setOrRemove(this.element, "title", field.help ?? "");
    const actions = this.kind.hasActions ? [] : field.actions ?? [];
    this.sweep.hidden = !field.sweep;
    rename(this.sweep, `Sweep: several values of ${field.label}`);
    this.buttons.replaceChildren(...actions.map((action) => this.button(action)));
    this.control.describe(field);
    this.update();
  }
  /** @returns {Host} */
  host() {
    return {
      id: this.id,
      field: this.field,
      signal: this.ended.signal,
      scope: this.scope,
      set: (value, isMoving = false, isLive = this.field.live ?? true) => this.scope.set(this.field.name, value, isMoving, isLive),
      reset: () => this.reset(),
      wrong: (message, text) => this.wrong(message, text),
      path: () => this.scope.path(this.field.name),
      pictures: this.scope.pictures,
      files: this.scope.files,
      words: () => this.scope.words(),
      tokens: () => this.scope.tokens(this.field.name),
      act: (action, detail = null) => this.scope.act(this.field.name, action, detail)
    };
  }
  /** @returns {Shown} */
  get shown() {
    const { name } = this.field;
    const known = this.scope.inherited(name) ?? null;
    const isNoted = known !== null && typeof known === "object" && "note" in known;
    const value = this.scope.value(name);
    return {
      value,
      inherited: isNoted ? known.value : known,
      note: isNoted ? known.note : ""
    };
  }
  /** Show the value and what is said, as they are now. */
  update() {
    const { shown: shown2 } = this;
    const value = JSON.stringify(shown2.value);
    if (value !== this.drawn.value) this.wrong(null);
    this.drawn.value = value;
    this.control.show(shown2);
    this.showBack(shown2);
    const reason = this.scope.reason(this.field.name);
    this.control.disable(reason !== "");
    this.element.classList.toggle("mls-disabled", reason !== "");
    this.say();
  }
  /** Whether ↺ would change the value. */
  get isChanged() {
    const { value } = this.shown;
    if (this.field.optional) return value !== null;
    const own = this.field.default ?? null;
    return own !== null && JSON.stringify(own) !== JSON.stringify(value);
  }
  /** @param {Shown} shown */
  showBack({ inherited, note }) {
    const isChanged = this.isChanged && !this.kind.hasBack;
    const { label, optional, default: own, unit } = this.field;
    const hadFocus = this.back.ownerDocument.activeElement === this.back;
    this.back.classList.toggle("mls-gone", !isChanged);
    this.element.classList.toggle("mls-changed", isChanged);
    this.back.disabled = !isChanged;
    if (hadFocus && !isChanged) this.control.target?.focus();
    const to = this.nameOf(optional ? inherited : own);
    const value = [to || (optional ? "automatic" : "the default"), to && unit].filter(Boolean);
    const text = `${label}: back to ${[value.join(" "), note].filter(Boolean).join(", ")}`;
    rename(this.back, text);
  }
  /**
   * Return a value as it is shown.
   * @param {Value} value
   */
  nameOf(value) {
    if (value === null || value === void 0) return "";
    if (typeof value === "boolean") return value ? "on" : "off";
    if (typeof value === "object") return "";
    return this.field.choices?.find(([, one]) => one === value)?.[0] ?? String(value);
  }
  // --- what a person does ----------------------------------------------------------------------
  /**
   * @param {Value} value
   * @param {boolean} isMoving
   */
  set(value, isMoving) {
    this.scope.set(this.field.name, value, isMoving, this.field.live ?? true);
  }
  reset() {
    if (this.isChanged) this.set(this.field.optional ? null : this.field.default, false);
  }
  /** @param {Action} action */
  button({ name, label, help }) {
    return textButton(label, () => this.scope.act(this.field.name, name, null), help);
  }
  // --- what is said ----------------------------------------------------------------------------
  /**
   * Say what is wrong with what is typed; Python hears of a text that is no value at all.
   * @param {Message | null} message
   * @param {string} [text]
   */
  wrong(message, text) {
    this.own = message;
    const isNone = text !== void 0;
    if (isNone || this.hasToldWrong) this.scope.wrong(this.field.name, isNone ? text : null);
    this.hasToldWrong = isNone;
    this.say();
  }
  /** Show what the page says of this field, else what Python says, else why it cannot be set. */
  say() {
    const { name, label } = this.field;
    const message = this.own ?? this.scope.message(name);
    const text = message?.text ?? this.scope.reason(name);
    const said = JSON.stringify([message, text]);
    if (said === this.drawn.said) return;
    this.drawn.said = said;
    this.element.classList.toggle("mls-has-message", text !== "");
    if (text) this.fill(text, message?.action ?? null);
    else setTimeout(() => this.empty(), FOLDED);
    this.mark(message !== null && message.level !== "note", text !== "");
    if (message) this.scope.say(`${label}: ${message.text}`);
  }
  /**
   * Tell assistive software whether the value is wrong, and what describes it.
   * @param {boolean} isWrong
   * @param {boolean} hasText
   */
  mark(isWrong, hasText) {
    this.element.classList.toggle("mls-wrong", isWrong);
    const main = this.control.target ?? this.control.element;
    const ids = [this.field.help && this.help.id, hasText && this.message.id].filter(Boolean);
    setOrRemove(main, "aria-describedby", ids.join(" "));
    if (this.control.target) setOrRemove(main, "aria-invalid", isWrong ? "true" : "");
  }
  /** Forget the text of a message that has folded away. */
  empty() {
    if (!this.element.classList.contains("mls-has-message")) this.message.replaceChildren();
  }
  /**
   * @param {string} text
   * @param {NonNullable<Message["action"]> | null} action
   */
  fill(text, action) {
    this.message.replaceChildren(text);
    if (!action) return;
    const act = () => {
      if (action.value === void 0) this.scope.act(this.field.name, action.name, null);
      else this.set(action.value, false);
      this.control.target?.focus();
    };
    this.message.append(" ", textButton(action.label, act));
  }
  close() {
    this.control.close?.();
    this.ended.abort();
    this.element.remove();
  }
};
function setOrRemove(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}

// widgets/sheet/src/rows.js
var Rows = class {
  /**
   * @param {Element} parent
   * @param {Scope} scope
   */
  constructor(parent, scope) {
    this.parent = parent;
    this.scope = scope;
    this.rows = /* @__PURE__ */ new Map();
  }
  /** @param {Field[]} fields */
  draw(fields) {
    const before = this.rows;
    this.rows = /* @__PURE__ */ new Map();
    for (const field of fields) {
      const known = before.get(field.name);
      if (known?.fits(field)) {
        known.describe(field);
        this.rows.set(field.name, known);
        before.delete(field.name);
      } else this.rows.set(field.name, new Row(field, this.scope));
    }
    for (const row of before.values()) row.close();
    [...this.rows.values()].forEach(({ element }, index) => {
      const there = this.parent.children[index];
      if (there !== element) this.parent.insertBefore(element, there ?? null);
    });
  }
  /**
   * Show what has changed, of one field or of all.
   * @param {string} [name]
   */
  update(name) {
    for (const row of this.rows.values()) {
      if (name === void 0 || row.field.name === name) row.update();
    }
  }
  /**
   * Return the row of a field, or the row around a setting inside it.
   * @param {string} path
   */
  around(path) {
    const names = [...this.rows.keys()].filter((name) => path.startsWith(`${name}.`));
    return this.rows.get(path) ?? this.rows.get(names[0] ?? "");
  }
  /** How many fields have a value of their own. */
  get changed() {
    return [...this.rows.values()].filter((row) => row.isChanged).length;
  }
  close() {
    for (const row of this.rows.values()) row.close();
    this.rows.clear();
  }
};

// widgets/sheet/src/section.js
var Section = class {
  /**
   * @param {Group | null} group null for the fields of no group, which have no heading
   * @param {Scope} scope
   */
  constructor(group, scope) {
    const id = newId("section");
    this.group = group;
    this.isOpen = !group?.folded;
    this.body = make("div", { class: "mls-section-body", id });
    this.element = make("section", { class: "mls-section" });
    this.count = make("span", { class: "mls-section-count" });
    this.fold = null;
    if (group) this.addHeading(group, id);
    const shell = addTo(this.element, "div", { class: "mls-section-shell" }, this.body);
    this.shell = shell;
    this.rows = new Rows(this.body, scope);
    this.showOpen();
  }
  /**
   * @param {Group} group
   * @param {string} id
   */
  addHeading({ title, folded }, id) {
    const heading = addTo(this.element, "h3", { class: "mls-section-head", id: `${id}-head` });
    this.element.setAttribute("aria-labelledby", `${id}-head`);
    if (folded === void 0 || folded === null) {
      heading.append(title);
      return;
    }
    this.fold = addTo(
      heading,
      "button",
      {
        class: "mls-section-fold",
        type: "button",
        "aria-controls": id,
        onclick: () => this.open(!this.isOpen)
      },
      icon("fold"),
      title,
      this.count
    );
  }
  /**
   * Open the group, or fold it away.
   * @param {boolean} isOpen
   */
  open(isOpen) {
    this.isOpen = isOpen;
    this.showOpen();
  }
  showOpen() {
    this.fold?.setAttribute("aria-expanded", String(this.isOpen));
    this.element.classList.toggle("mls-folded", !this.isOpen);
    this.shell.inert = !this.isOpen;
  }
  /** @param {Field[]} fields */
  draw(fields) {
    this.rows.draw(fields);
    this.showCount();
  }
  /** @param {string} [name] */
  update(name) {
    this.rows.update(name);
    this.showCount();
  }
  /** Tell in the heading how many settings in it are a person's own. */
  showCount() {
    const { changed } = this.rows;
    this.count.textContent = changed ? `${changed} set` : "";
  }
  close() {
    this.rows.close();
    this.element.remove();
  }
};

// widgets/sheet/src/view.js
var SheetView = class {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.ended = new AbortController();
    this.root = addTo(el, "div", { class: "mls-sheet" });
    this.voice = addTo(this.root, "div", { class: "mls-unseen", role: "status" });
    this.groups = addTo(this.root, "div", { class: "mls-sheet-groups" });
    this.link = new Link(model, (name) => this.update(name));
    this.scope = scopeOf(model, this.link, (text) => this.say(text));
    this.sections = /* @__PURE__ */ new Map();
    this.shown = this.follow();
    this.root.addEventListener("keydown", keepPlainKeys, { signal: this.ended.signal });
    this.draw();
  }
  /** Listen to the model. */
  follow() {
    const update = () => this.update();
    const draw = () => this.draw();
    const shown2 = /* @__PURE__ */ new Map([
      ["change:fields", draw],
      ["change:groups", draw],
      ["change:values", update],
      ["change:inherited", update],
      ["change:messages", update],
      ["change:disabled", update],
      ["change:tokens", update],
      [
        "msg:custom",
        (message, buffers) => this.hear(message, buffers)
      ]
    ]);
    for (const [event, act] of shown2) this.model.on(
      /** @type {any} */
      event,
      act
    );
    return shown2;
  }
  /**
   * @param {Taken | Thumbnail | Arrived | Reveal} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "reveal") this.reveal(message.name);
    else if (message.kind === "view") this.view(message.name);
    else this.link.hear(message, buffers);
  }
  /** Draw the groups in their order, each with its fields; those of no group come first. */
  draw() {
    const fields = this.model.get("fields");
    const before = this.sections;
    this.sections = /* @__PURE__ */ new Map();
    for (const group of this.described()) {
      const name = group?.name ?? "";
      const known = before.get(name);
      const isSame3 = known && JSON.stringify(known.group) === JSON.stringify(group);
      const section = isSame3 ? known : new Section(group, this.scope);
      if (isSame3) before.delete(name);
      this.sections.set(name, section);
      section.draw(fields.filter((field) => (field.group ?? "") === name));
    }
    for (const section of before.values()) section.close();
    [...this.sections.values()].forEach(({ element }, index) => {
      const there = this.groups.children[index];
      if (there !== element) this.groups.insertBefore(element, there ?? null);
    });
  }
  /** @returns {(Group | null)[]} those that have fields */
  described() {
    const used = new Set(this.model.get("fields").map(({ group }) => group ?? ""));
    const known = this.model.get("groups").filter(({ name }) => used.has(name));
    const names = new Set(known.map(({ name }) => name));
    const others = [...used].filter((name) => name && !names.has(name));
    return [
      ...used.has("") ? [null] : [],
      ...known,
      ...others.map((name) => ({ name, title: name }))
    ];
  }
  /** @param {string} [name] */
  update(name) {
    for (const section of this.sections.values()) section.update(name);
  }
  /**
   * Have a field seen, its group open, and the focus in it.
   * @param {string} name a field's, or the path of a setting inside a unit
   */
  reveal(name) {
    const row = this.opened(name);
    if (!row) return;
    row.element.scrollIntoView({ block: "nearest" });
    const { control, field } = row;
    if (field.name !== name) control.reveal?.(name.slice(field.name.length + 1));
    else if (control.target) control.target.focus({ preventScroll: true });
    else firstIn(control.element)?.focus({ preventScroll: true });
  }
  /**
   * Have a field seen with what is told of it; the focus stays where it is.
   * @param {string} name
   */
  view(name) {
    const row = this.opened(name);
    if (row) bringIntoView(row.element);
  }
  /**
   * The row that has a field, after its group was opened.
   * @param {string} name
   */
  opened(name) {
    for (const section of this.sections.values()) {
      const row = section.rows.around(name);
      if (!row) continue;
      section.open(true);
      return row;
    }
    return void 0;
  }
  /** @param {string} text */
  say(text) {
    this.voice.textContent = text;
  }
  close() {
    for (const [event, act] of this.shown) this.model.off(
      /** @type {any} */
      event,
      act
    );
    this.link.close();
    for (const section of this.sections.values()) section.close();
    this.ended.abort();
  }
};
function keepPlainKeys(event) {
  const isCommand = event.ctrlKey || event.metaKey || event.altKey;
  const isClosing = event.key === "Escape" && !event.defaultPrevented;
  if (!isCommand && !isClosing) event.stopPropagation();
}
var firstIn = (element) => element.querySelector(
  "input:enabled:not([hidden]), select:enabled, button:enabled:not([hidden])"
);

// widgets/sheet/src/sheet.js
function render({ model, el }) {
  const view = new SheetView(model, el);
  return () => view.close();
}
var sheet_default = { render };
export {
  sheet_default as default
};
