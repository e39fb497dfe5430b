// Built by `npm run build`; change the sources, not this file.
// source: widgets/model_finder/src/downloads.js
// source: widgets/model_finder/src/finder.js
// source: widgets/model_finder/src/model_finder.js
// source: widgets/model_finder/src/model_page.js
// source: widgets/model_finder/src/search.js
// source: widgets/shared/dom.js
// sha256 of the sources: b2c50497c81246548c4fb1c6d09003a77084243034fcfa0a38dad3ab80a1ce15
// sha256 of the lines below: 65c49671116aa5f7e982bf7c8ac80504565aea0d36944b2fa493b937fc55355c
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

// widgets/model_finder/src/downloads.js
var ENDED = /* @__PURE__ */ new Set(["done", "failed", "cancelled", "left"]);
var Downloads = class {
  /** @type {Map<string, { item: HTMLElement, bar: HTMLProgressElement, told: HTMLElement, buttons: HTMLElement, state: string }>} */
  rows = /* @__PURE__ */ new Map();
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.send = send;
    this.root = addTo(parent, "section", { class: "mls-finder-downloads", hidden: "" });
    this.root.setAttribute("aria-label", "Downloads");
    const head = addTo(this.root, "div", { class: "mls-finder-top" });
    this.title = addTo(head, "h4", {});
    this.forget = addTo(head, "button", { class: "mls-finder-button", type: "button" });
    this.forget.textContent = "Clear";
    this.forget.title = "Take those that have ended off this list";
    this.forget.addEventListener("click", () => send({ kind: "forget" }));
    this.list = addTo(this.root, "ul", {});
  }
  /** @param {DownloadRow[]} rows */
  draw(rows) {
    this.root.hidden = !rows.length;
    const open = rows.filter(([, , state]) => !ENDED.has(state)).length;
    this.title.textContent = open ? `Downloads (${open} left)` : "Downloads";
    this.forget.hidden = !rows.some(([, , state]) => ENDED.has(state) && state !== "left");
    const kept = new Set(rows.map(([id]) => id));
    for (const [id, { item }] of this.rows) {
      if (kept.has(id)) continue;
      item.remove();
      this.rows.delete(id);
    }
    for (const row of rows) this.drawRow(row);
  }
  /** @param {DownloadRow} row */
  drawRow([id, name, state, done, total, told, error]) {
    const row = this.rows.get(id) ?? this.addRow(id, name);
    if (total > 0) {
      row.bar.max = total;
      row.bar.value = done;
    } else row.bar.removeAttribute("value");
    row.bar.hidden = ENDED.has(state);
    row.told.textContent = error || told;
    row.told.classList.toggle("mls-finder-refused", Boolean(error));
    if (row.state === state) return;
    row.state = state;
    row.buttons.replaceChildren();
    if (!ENDED.has(state)) this.addButton(row.buttons, "Stop", `Stop ${name}`, "cancel", id);
    else if (state !== "done") {
      this.addButton(row.buttons, "Resume", `Resume ${name}`, "resume", id);
      if (state !== "left") {
        this.addButton(row.buttons, "Discard", `Discard ${name}`, "discard", id);
      }
    }
  }
  /**
   * @param {string} id
   * @param {string} name
   */
  addRow(id, name) {
    const item = addTo(this.list, "li", {});
    const line = addTo(item, "div", { class: "mls-finder-top" });
    addTo(line, "span", { class: "mls-finder-name", title: name }, name);
    const buttons = addTo(line, "span", { class: "mls-finder-buttons" });
    const bar = addTo(item, "progress", { "aria-label": `Progress of ${name}` });
    const told = addTo(item, "p", { class: "mls-finder-about" });
    const row = { item, bar, told, buttons, state: "" };
    this.rows.set(id, row);
    return row;
  }
  /**
   * @param {HTMLElement} parent
   * @param {string} text
   * @param {string} label
   * @param {string} kind
   * @param {string} id
   */
  addButton(parent, text, label, kind, id) {
    const button = addTo(parent, "button", { class: "mls-finder-button", type: "button" }, text);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => this.send({ kind, id }));
  }
};

// widgets/model_finder/src/model_page.js
var ModelPage = class {
  id = "";
  /** @type {FoundModel | null} */
  model = null;
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.send = send;
    this.root = addTo(parent, "section", { class: "mls-finder-one", hidden: "" });
    const head = addTo(this.root, "div", { class: "mls-finder-top" });
    const label = "Back to what was found";
    this.back = addTo(head, "button", {
      class: "mls-finder-back",
      type: "button",
      title: `${label} (Escape)`,
      "aria-label": label,
      onclick: () => send({ kind: "open", id: "" })
    });
    this.back.textContent = "‹";
    this.title = addTo(head, "h3", {});
    this.body = addTo(this.root, "div", { class: "mls-finder-body", tabindex: "0" });
  }
  /** @param {FoundModel | null} model */
  draw(model) {
    this.id = model?.id ?? "";
    this.model = model;
    this.root.hidden = !model;
    this.body.replaceChildren();
    if (!model) return;
    this.title.textContent = model.name;
    this.root.setAttribute("aria-label", model.name);
    this.body.setAttribute("aria-label", `About ${model.name}`);
    addFacts(this.body, model.facts);
    if (/^https?:/.test(model.page)) {
      const link = { href: model.page, target: "_blank", rel: "noopener noreferrer" };
      addTo(this.body, "p", {}, make("a", link, "Its page"));
    }
    const place = make("div", { class: "mls-finder-version" });
    if (model.versions.length > 1) {
      const menu = addTo(this.body, "select", { "aria-label": "Version", title: "Version" });
      model.versions.forEach(({ name }, at) => addTo(menu, "option", { value: at }, name));
      menu.addEventListener(
        "change",
        () => this.drawVersion(place, model.versions[Number(menu.value)])
      );
    }
    this.body.append(place);
    if (model.versions.length) this.drawVersion(place, model.versions[0]);
    if (model.about) addTo(this.body, "p", { class: "mls-finder-text" }, model.about);
  }
  /**
   * @param {HTMLElement} place
   * @param {FoundVersion} version
   */
  drawVersion(place, version) {
    place.replaceChildren();
    if (version.restricted) addTo(place, "p", { class: "mls-finder-refused" }, version.restricted);
    const list = addTo(place, "ul", { class: "mls-finder-files", "aria-label": "Files" });
    for (const file of version.files) this.drawFile(list, version, file);
    addFacts(place, version.facts);
    if (version.words.length) {
      addTo(place, "h4", {}, "Trigger words");
      addTo(place, "p", { class: "mls-finder-text" }, version.words.join(", "));
    }
    if (version.about) addTo(place, "p", { class: "mls-finder-text" }, version.about);
  }
  /**
   * @param {HTMLElement} list
   * @param {FoundVersion} version
   * @param {FoundFile} file
   */
  drawFile(list, version, { key, name, about, refused }) {
    const item = addTo(list, "li", {});
    const text = addTo(item, "div", { class: "mls-finder-file" });
    addTo(text, "span", { class: "mls-finder-name", title: name }, name);
    addTo(text, "span", { class: "mls-finder-about" }, about);
    if (refused) {
      addTo(text, "span", { class: "mls-finder-refused" }, refused);
      return;
    }
    const button = addTo(
      item,
      "button",
      { class: "mls-finder-button", type: "button" },
      "Download"
    );
    button.setAttribute("aria-label", `Download ${name}`);
    button.addEventListener(
      "click",
      () => this.send({ kind: "download", version: version.key, file: key })
    );
  }
};
function addFacts(parent, facts) {
  if (!facts.length) return;
  const list = addTo(parent, "dl", { class: "mls-finder-facts" });
  for (const [label, value] of facts) {
    addTo(list, "dt", {}, label);
    addTo(list, "dd", {}, value);
  }
}

// widgets/model_finder/src/search.js
var MOST_ALWAYS = 2;
var Search = class {
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
      onclick: () => send({ kind: "back" })
    }).textContent = "‹";
    this.source = addTo(top, "select", {
      "aria-label": "Where to search",
      title: "Where to search"
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
      maxlength: 500
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
      ["types", "sort", "access"].map((name) => menus.find((one) => one.name === name)).filter((one) => one !== void 0).slice(0, MOST_ALWAYS)
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
    const control = choices.length ? make(
      "select",
      {},
      make("option", { value: "" }, usual ? words(usual) : "Any"),
      ...choices.filter((one) => one !== usual).map((one) => make("option", { value: one }, words(one)))
    ) : make("input", { type: "text", maxlength: 200 });
    control.addEventListener("change", () => {
      if (control.value) this.chosen[name] = control.value;
      else delete this.chosen[name];
    });
    label.append(control);
  }
};
function words(choice) {
  if (choice === "true") return "Yes";
  const plain = choice.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

// widgets/model_finder/src/finder.js
var Finder = class {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    const send = (message) => model.send(message);
    this.send = send;
    this.root = addTo(el, "div", { class: "mls-finder" });
    this.page = addTo(this.root, "div", { class: "mls-finder-page" });
    this.search = new Search(this.page, model, send);
    this.list = addTo(this.page, "ul", { class: "mls-finder-list", "aria-label": "Found models" });
    this.more = addTo(this.page, "button", { class: "mls-finder-button", type: "button" });
    this.more.textContent = "More results";
    this.more.addEventListener("click", () => send({ kind: "more" }));
    this.one = new ModelPage(this.root, send);
    this.said = addTo(this.root, "p", { class: "mls-finder-said", role: "status" });
    this.downloads = new Downloads(this.root, send);
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.listeners = {
      "change:found": () => this.draw(),
      "change:more": () => this.draw(),
      "change:model": () => this.drawModel(),
      "change:busy": () => this.say(),
      "change:told": () => this.say(),
      "change:downloads": () => this.downloads.draw(model.get("downloads"))
    };
    for (const [name, act] of Object.entries(this.listeners)) model.on(name, act);
    this.draw();
    this.drawModel();
    this.say();
    this.downloads.draw(model.get("downloads"));
  }
  close() {
    for (const [name, act] of Object.entries(this.listeners)) this.model.off(name, act);
    this.search.close();
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.send(this.model.get("model") ? { kind: "open", id: "" } : { kind: "back" });
  }
  draw() {
    this.more.hidden = !this.model.get("more");
    this.list.replaceChildren();
    for (const row of this.model.get("found")) this.drawRow(row);
  }
  /** @param {FoundRow} row */
  drawRow([id, name, about, tags]) {
    const item = addTo(this.list, "li", {});
    const button = addTo(item, "button", {
      class: "mls-finder-found",
      type: "button",
      "data-id": id,
      onclick: () => this.send({ kind: "open", id })
    });
    addTo(button, "span", { class: "mls-finder-name" }, name);
    if (about) addTo(button, "span", { class: "mls-finder-about" }, about);
    if (tags) addTo(button, "span", { class: "mls-finder-about" }, tags);
  }
  drawModel() {
    const chosen = this.model.get("model");
    const was = this.one.id;
    this.page.hidden = chosen !== null;
    this.one.draw(chosen);
    if (chosen) this.one.back.focus();
    else if (was) {
      const same = [...this.list.querySelectorAll("button")].find(
        ({ dataset }) => dataset.id === was
      );
      (same ?? this.search.field).focus();
    }
  }
  say() {
    const { model } = this;
    const busy = model.get("busy");
    this.said.textContent = busy || model.get("told");
    this.root.setAttribute("aria-busy", String(Boolean(busy)));
  }
};

// widgets/model_finder/src/model_finder.js
function render({ model, el }) {
  el.classList.add("mls-finder-host");
  const finder = new Finder(model, el);
  return () => finder.close();
}
var model_finder_default = { render };
export {
  model_finder_default as default
};
