// Built by `npm run build`; change the sources, not this file.
// source: widgets/preset_menu/src/form.js
// source: widgets/preset_menu/src/names.js
// source: widgets/preset_menu/src/panel.js
// source: widgets/preset_menu/src/preset_menu.js
// source: widgets/shared/dom.js
// source: widgets/shared/focus.js
// sha256 of the sources: afa1cbfa41c83eab03b1c6e2f9af896b99c268e56cd621f3b50302ae9ca36b9d
// sha256 of the lines below: 95e092ac873cd9b68046202c24de14b882808befe194282257b411b1a78b108d
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

// widgets/shared/focus.js
function heldIn(element) {
  const active = (
    /** @type {HTMLElement | null} */
    document.activeElement
  );
  return element?.contains(active) ? active?.dataset.part : void 0;
}
function giveBack(element, held, otherwise) {
  if (!held) return;
  const piece = element?.querySelector(`[data-part="${CSS.escape(held)}"]`);
  (piece ?? otherwise)?.focus();
}

// widgets/preset_menu/src/form.js
var MOST = 80;
var PARTS = [
  ["prompt", "Prompt"],
  ["model", "Model and LoRAs"],
  ["size", "Size"]
];
var NameForm = class {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   label: string, hasParts: boolean, verb: (name: string) => string,
   *   done: (name: string, parts: string[]) => void, cancel: () => void,
   * }} told `verb` is the button's text for a name, "" where there is nothing to do
   */
  constructor(parent, { label, hasParts, verb, done, cancel }) {
    this.verb = verb;
    this.done = done;
    this.root = addTo(parent, "form", { class: "mls-presets-form", "aria-label": label });
    this.field = addTo(this.root, "input", {
      type: "text",
      "aria-label": label,
      placeholder: "Name",
      maxlength: MOST,
      oninput: () => this.draw()
    });
    this.boxes = [];
    if (hasParts) {
      const parts = addTo(this.root, "div", { role: "group", "aria-label": "Also saved" });
      for (const [value, text] of PARTS) {
        const box = make("input", { type: "checkbox", value });
        this.boxes.push(box);
        parts.append(make("label", {}, box, text));
      }
    }
    const line = addTo(this.root, "div", { class: "mls-presets-line" });
    this.save = addTo(line, "button", { type: "submit", class: "mls-presets-main" });
    addTo(line, "button", { type: "button", onclick: cancel }, "Cancel");
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.save.disabled) this.done(this.field.value.trim(), this.parts);
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      cancel();
    });
    this.draw();
  }
  get parts() {
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }
  /** @param {string} name */
  begin(name) {
    this.field.value = name;
    this.draw();
    this.field.focus();
    this.field.select();
  }
  draw() {
    const verb = this.verb(this.field.value);
    this.save.disabled = !verb;
    this.save.textContent = verb || "Save";
  }
};

// widgets/preset_menu/src/names.js
var presetOf = (presets, name) => presets.find((one) => one.name.toLowerCase() === name.trim().toLowerCase());
function savingOf(presets, name) {
  if (!name.trim()) return "";
  const found = presetOf(presets, name);
  return found && !found.shipped ? "Replace" : "Save";
}

// widgets/preset_menu/src/panel.js
var panels = 0;
var Panel = class {
  chosen = "";
  // the name of the preset that is opened
  /** @type {[string, string, string][] | null} */
  rows = null;
  // what it changes, null until Python has told it
  /** @type {string[]} */
  reasons = [];
  // why the checkpoint cannot use some of it
  isVain = false;
  // whether it can use none of it
  /** @type {{ name: string, bytes: ArrayBuffer } | null} */
  imported = null;
  // the last file that was chosen
  isAsking = false;
  // whether a new name is typed, or a deletion is to be confirmed
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    const id = `mls-presets-${++panels}`;
    this.root = addTo(el, "div", { class: "mls-presets" });
    this.button = addTo(
      this.root,
      "button",
      {
        class: "mls-presets-open",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": id,
        onclick: () => this.toggle()
      },
      make("span", {}, "Presets"),
      make("span", { "aria-hidden": "true" }, "▾")
    );
    this.body = addTo(this.root, "div", { class: "mls-presets-body", id, hidden: "" });
    this.list = addTo(this.body, "ul", { class: "mls-presets-list", "aria-label": "Presets" });
    this.told = addTo(this.body, "p", { class: "mls-presets-told", role: "status", hidden: "" });
    this.replace = addTo(
      this.body,
      "button",
      { type: "button", hidden: "", onclick: () => this.send(true) },
      "Replace"
    );
    this.foot = addTo(this.body, "div", { class: "mls-presets-line" });
    const act = { type: "button" };
    this.save = addTo(
      this.foot,
      "button",
      { ...act, title: "Save the present settings as a preset", onclick: () => this.ask() },
      "Save current as…"
    );
    addTo(
      this.foot,
      "button",
      {
        ...act,
        title: "Import a preset that was shared, or the styles of a styles.csv",
        onclick: () => this.file.click()
      },
      "Import…"
    );
    this.file = addTo(this.body, "input", {
      type: "file",
      accept: ".json,.csv",
      hidden: "",
      "aria-label": "A preset's file",
      onchange: () => this.read()
    });
    this.form = new NameForm(this.body, {
      label: "Name of the new preset",
      hasParts: true,
      verb: (name) => savingOf(model.get("presets"), name),
      done: (name, parts) => {
        const replace = savingOf(model.get("presets"), name) === "Replace";
        model.send({ kind: "save", name, parts, replace });
        this.endAsking();
      },
      cancel: () => this.endAsking()
    });
    this.form.root.hidden = true;
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.heard = (message) => this.take(message);
    this.redraw = () => this.draw();
    this.tell = () => this.drawNotice();
    model.on("change:presets", this.redraw);
    model.on("change:notice", this.tell);
    model.on("msg:custom", this.heard);
    this.draw();
  }
  close() {
    this.model.off("change:presets", this.redraw);
    this.model.off("change:notice", this.tell);
    this.model.off("msg:custom", this.heard);
  }
  // --- what a person does ----------------------------------------------------------------------
  toggle() {
    this.body.hidden = !this.body.hidden;
    this.button.setAttribute("aria-expanded", String(!this.body.hidden));
    if (this.body.hidden) return;
    this.drawNotice(true);
    if (this.chosen) this.choose(this.chosen);
  }
  /** @param {string} name */
  choose(name) {
    this.isAsking = false;
    this.chosen = name;
    this.rows = null;
    this.reasons = [];
    this.isVain = false;
    if (name) this.model.send({ kind: "changes", name });
    this.draw();
  }
  ask() {
    this.form.root.hidden = false;
    this.foot.hidden = true;
    const found = presetOf(this.model.get("presets"), this.chosen);
    this.form.begin(found && !found.shipped ? found.name : "");
  }
  endAsking() {
    this.form.root.hidden = true;
    this.foot.hidden = false;
    this.save.focus();
  }
  async read() {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (!file) return;
    this.imported = { name: file.name, bytes: await file.arrayBuffer() };
    this.send(false);
  }
  /** @param {boolean} replace */
  send(replace) {
    const { imported } = this;
    this.replace.hidden = true;
    if (!imported) return;
    this.model.send({ kind: "import", name: imported.name, replace }, void 0, [imported.bytes]);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Escape" && !this.body.hidden) {
      event.preventDefault();
      this.toggle();
      this.button.focus();
    }
  }
  // --- what Python says ------------------------------------------------------------------------
  /** @param {Message} message */
  take(message) {
    if (message.kind === "changes" && message.name === this.chosen) {
      this.rows = message.rows;
      this.reasons = message.reasons;
      this.isVain = message.is_vain;
      this.draw();
    } else if (message.kind === "settings") {
      if (this.chosen && !this.body.hidden) this.model.send({ kind: "changes", name: this.chosen });
    } else if (message.kind === "file") {
      save(message.name, message.text);
    } else if (message.kind === "taken") {
      this.say(message.text, true);
      this.replace.hidden = false;
      this.replace.focus();
    }
  }
  /** @param {boolean} [isOld] whether what was told before is taken away */
  drawNotice(isOld = false) {
    const { text, is_error: isError } = this.model.get("notice");
    this.replace.hidden = true;
    this.say(isOld ? "" : text, isError);
    if (!isOld && this.chosen && !this.body.hidden && !isError) {
      this.model.send({ kind: "changes", name: this.chosen });
    }
  }
  /**
   * @param {string} text
   * @param {boolean} isError
   */
  say(text, isError) {
    this.told.hidden = !text;
    this.told.textContent = text;
    this.told.setAttribute("role", isError ? "alert" : "status");
    this.told.classList.toggle("mls-presets-error", isError);
  }
  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const presets = this.model.get("presets");
    if (this.isAsking && presetOf(presets, this.chosen)) return;
    this.isAsking = false;
    const held = heldIn(this.list);
    if (this.chosen && !presetOf(presets, this.chosen)) this.chosen = "";
    this.list.replaceChildren(...presets.map((one) => this.rowOf(one)));
    giveBack(this.list, held);
  }
  /** @param {Entry} preset */
  rowOf(preset) {
    const { name } = preset;
    const isChosen = name === this.chosen;
    const row = make(
      "li",
      {},
      make(
        "button",
        {
          class: "mls-presets-name",
          type: "button",
          "aria-expanded": String(isChosen),
          "data-part": `open ${name}`,
          onclick: () => this.choose(isChosen ? "" : name)
        },
        name
      )
    );
    if (isChosen) row.append(this.detailsOf(preset));
    return row;
  }
  /** @param {Entry} preset */
  detailsOf({ name, description, shipped }) {
    const { rows } = this;
    const details = make("div", { class: "mls-presets-details" });
    if (description) details.append(make("p", {}, description));
    if (rows?.length) {
      const cells = rows.flatMap(([label, now, then]) => [
        make("dt", {}, label),
        make("dd", {}, now, make("span", { "aria-label": "becomes" }, " → "), make("b", {}, then))
      ]);
      details.append(make("dl", { "aria-label": "What it changes" }, ...cells));
    } else if (rows) details.append(make("p", {}, "It changes nothing: all of it is set already."));
    for (const reason of this.reasons) addTo(details, "p", { class: "mls-presets-why" }, reason);
    const line = addTo(details, "div", { class: "mls-presets-line" });
    const add = (text, label, act, look) => addTo(
      line,
      "button",
      { type: "button", class: look, "aria-label": label, "data-part": label, onclick: act },
      text
    );
    const ask = (kind) => this.model.send({ kind, name });
    const use = add("Use", `Use ${name}`, () => ask("use"), "mls-presets-main");
    if (this.isVain) use.setAttribute("disabled", "");
    add("Share", `Share ${name}`, () => ask("share"));
    if (!shipped) {
      add("Rename", `Rename ${name}`, () => this.rename(name));
      add("Delete", `Delete ${name}`, () => this.sure(name));
    }
    return details;
  }
  /**
   * Begin a question about the opened preset, in place of one that was not answered.
   * @returns {HTMLElement} where it stands
   */
  question() {
    this.isAsking = false;
    this.draw();
    this.isAsking = true;
    return (
      /** @type {HTMLElement} */
      this.list.querySelector(".mls-presets-details")
    );
  }
  /** @param {string} name */
  rename(name) {
    const form = new NameForm(this.question(), {
      label: `New name of ${name}`,
      hasParts: false,
      verb: (to) => to.trim() && to.trim() !== name ? "Rename" : "",
      done: (to) => {
        this.model.send({ kind: "rename", name, to });
        this.choose("");
        this.button.focus();
      },
      cancel: () => this.endQuestion(`Rename ${name}`)
    });
    form.begin(name);
  }
  /** @param {string} name */
  sure(name) {
    const details = this.question();
    const stay = () => this.endQuestion(`Delete ${name}`);
    const keep = make("button", { type: "button", onclick: stay }, "Keep");
    const act = () => {
      this.isAsking = false;
      this.button.focus();
      this.model.send({ kind: "delete", name });
    };
    details.append(
      make("p", {}, `Delete ${name}? That cannot be undone.`),
      make(
        "div",
        { class: "mls-presets-line" },
        keep,
        make("button", { type: "button", class: "mls-danger", onclick: act }, "Delete it")
      )
    );
    keep.focus();
  }
  /**
   * Leave a question; the button that asked it has the focus again.
   * @param {string} part
   */
  endQuestion(part) {
    this.isAsking = false;
    this.draw();
    giveBack(this.list, part);
  }
};
function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1e3);
}

// widgets/preset_menu/src/preset_menu.js
function render({ model, el }) {
  el.classList.add("mls-presets-host");
  const panel = new Panel(model, el);
  return () => panel.close();
}
var preset_menu_default = { render };
export {
  preset_menu_default as default
};
