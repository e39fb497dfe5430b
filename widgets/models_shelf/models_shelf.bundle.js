// Built by `npm run build`; change the sources, not this file.
// source: widgets/models_shelf/src/bin.js
// source: widgets/models_shelf/src/cards.js
// source: widgets/models_shelf/src/drawer.js
// source: widgets/models_shelf/src/head.js
// source: widgets/models_shelf/src/icons.js
// source: widgets/models_shelf/src/list.js
// source: widgets/models_shelf/src/models_shelf.js
// source: widgets/models_shelf/src/own.js
// source: widgets/models_shelf/src/page_head.js
// source: widgets/models_shelf/src/previews.js
// source: widgets/models_shelf/src/shelf.js
// source: widgets/shared/dom.js
// source: widgets/shared/geometry.js
// sha256 of the sources: b47c32a0d8c52aaa237053ae01a2aa8dbf73e83c40dd6c47b3bcef099e0c6742
// sha256 of the lines below: 708a1c6b5b917a877244b26154f0c12fb2a08c05ef5421d42a86fd38a1c9ad29
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

// widgets/models_shelf/src/icons.js
var PATHS = {
  checkpoint: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  lora: "M12 4l9 5-9 5-9-5zM3 14l9 5 9-5",
  embedding: "M4 18L8.5 6h1L14 18M5.6 14h6.8M16 18v-5a2 2 0 0 1 4 0v5M16 15h4",
  vae: "M4 5h5v14H4zM15 5h5v14h-5zM9 9l6 3-6 3",
  controlnet: "M12 4a2 2 0 1 0 .01 0M12 8v6M6 10l6-1 6 1M12 14l-4 6M12 14l4 6",
  upscaler: "M4 14v6h6M20 10V4h-6M4 20l7-7M20 4l-7 7",
  detector: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M12 9a3 3 0 1 0 .01 0",
  refresh: "M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6",
  back: "M14 6l-6 6 6 6",
  find: "M12 3v11M7 10l5 5 5-5M4 16v4h16v-4",
  bin: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1 5.5-4.9-2.7L7.1 19l1-5.5L4 9.7 9.6 9z"
};
function icon(name, size) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.5 };
  const round = { "stroke-linejoin": "round", "stroke-linecap": "round" };
  const path = PATHS[name] ?? PATHS.checkpoint;
  return makeSvg([[path, { ...stroke, ...round }]], { width: size, height: size });
}

// widgets/models_shelf/src/page_head.js
function addPageHead(parent, goBack) {
  const head = addTo(parent, "div", { class: "mls-model-head" });
  const back = addTo(head, "button", {
    class: "mls-models-back",
    type: "button",
    onclick: goBack,
    title: "Back to the list (Escape)",
    "aria-label": "Back to the list"
  });
  back.append(icon("back", 18));
  const title = addTo(head, "h3", { class: "mls-model-title" });
  return { head, back, title };
}

// widgets/models_shelf/src/bin.js
var Bin = class {
  /**
   * @param {HTMLElement} parent
   * @param {() => void} back
   * @param {(action: string, id: string) => void} act
   */
  constructor(parent, back, act) {
    this.act = act;
    this.root = addTo(parent, "section", {
      class: "mls-model-drawer mls-models-bin",
      "aria-label": "Bin of models",
      hidden: ""
    });
    const { head, back: button, title } = addPageHead(this.root, back);
    this.back = button;
    title.textContent = "Bin";
    this.empty = addTo(head, "button", { class: "mls-models-button", type: "button" });
    this.empty.addEventListener("click", () => this.removeAll());
    this.list = addTo(this.root, "ul", { class: "mls-model-body mls-models-binned" });
  }
  /** @param {BinnedRow[]} rows */
  draw(rows) {
    this.empty.textContent = "Empty the bin";
    this.empty.hidden = !rows.length;
    const held = (
      /** @type {HTMLElement | null} */
      this.list.querySelector(":focus")
    );
    this.list.replaceChildren();
    for (const [id, name, about] of rows) this.drawRow(id, name, about);
    if (held) (this.list.querySelector("button") ?? this.back).focus();
  }
  /**
   * @param {string} id
   * @param {string} name
   * @param {string} about
   */
  drawRow(id, name, about) {
    const row = addTo(this.list, "li", {});
    const text = addTo(row, "div", { class: "mls-model-text" });
    addTo(text, "div", { class: "mls-model-name", title: name }, name);
    addTo(text, "div", { class: "mls-model-facts" }, about);
    const restore = addTo(row, "button", { class: "mls-models-button", type: "button" }, "Restore");
    restore.setAttribute("aria-label", `Restore ${name}`);
    restore.addEventListener("click", () => this.act("restore", id));
    const remove = addTo(row, "button", { class: "mls-models-button", type: "button" }, "Remove");
    remove.setAttribute("aria-label", `Remove ${name} for good`);
    remove.addEventListener("click", () => {
      if (remove.dataset.sure) this.act("remove", id);
      else ask(remove, "For good?");
    });
  }
  removeAll() {
    if (this.empty.dataset.sure) this.act("empty", "");
    else ask(this.empty, "Remove all for good?");
  }
};
function ask(button, question) {
  const before = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = question;
  const forget = () => {
    delete button.dataset.sure;
    if (button.textContent === question) button.textContent = before;
  };
  button.addEventListener("blur", forget, { once: true });
}

// widgets/models_shelf/src/cards.js
var KINDS = (
  /** @type {const} */
  {
    checkpoint: ["Checkpoint", "Checkpoints"],
    lora: ["LoRA", "LoRAs"],
    embedding: ["Embedding", "Embeddings"],
    vae: ["VAE", "VAEs"],
    controlnet: ["ControlNet", "ControlNets"],
    upscaler: ["Upscaler", "Upscalers"],
    detector: ["Detector", "Detectors"]
  }
);
function kindName(kind, many = 0) {
  return (
    /** @type {Record<string, readonly string[]>} */
    KINDS[kind]?.[many] ?? kind
  );
}
var ORDERS = {
  name: (one, other) => compareNames(one.name, other.name),
  newest: (one, other) => other.changed - one.changed || compareNames(one.name, other.name),
  largest: (one, other) => other.bytes - one.bytes || compareNames(one.name, other.name),
  used: (one, other) => other.used - one.used || compareNames(one.name, other.name),
  starred: (one, other) => Number(other.starred) - Number(one.starred) || compareNames(one.name, other.name)
};
var collator = new Intl.Collator(void 0, { numeric: true, sensitivity: "base" });
var compareNames = collator.compare;
function cardOf(row) {
  const [id, name, kind, family, size, bytes, changed, preview, words, ...own] = row;
  const [tags, starred, used, refused, unfit] = own;
  const facts = { id, name, kind, family, size, bytes, changed, preview, words };
  return { ...facts, tags, starred, used, refused, unfit };
}
function filtered(cards, { search, kind, family, sort }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = cards.filter(
    (card) => (!kind || card.kind === kind) && (!family || card.family === family) && words.every((word) => textOf(card).includes(word))
  );
  const usable = found.filter((card) => !card.refused).sort(ORDERS[sort]);
  const fitting = usable.filter((card) => !card.unfit);
  return {
    usable: [...fitting, ...usable.filter((card) => card.unfit)],
    fitting: fitting.length,
    refused: found.filter((card) => card.refused).sort(ORDERS[sort])
  };
}
function textOf({ id, name, kind, family, words, tags }) {
  const own = tags.map((tag) => `#${tag}`).join(" ");
  return `${name} ${id} ${kindName(kind)} ${family} ${words} ${own}`.toLowerCase();
}
function kindChoices(cards) {
  const counts = countBy(cards, ({ kind }) => kind);
  const known = Object.keys(KINDS).map((kind) => (
    /** @type {[string, string]} */
    [kind, ""]
  ));
  for (const kind of known) kind[1] = `${kindName(kind[0], 1)} (${counts.get(kind[0]) ?? 0})`;
  return [["", `All kinds (${cards.length})`], ...known];
}
function familyChoices(cards, kind, chosen) {
  const own = cards.filter((card) => !kind || card.kind === kind);
  const counts = countBy(own, ({ family }) => family);
  if (chosen && !counts.has(chosen)) counts.set(chosen, 0);
  const names = [...counts.keys()].sort(
    (one, other) => Number(one === "unknown") - Number(other === "unknown") || compareNames(one, other)
  );
  const label = (name) => name === "unknown" ? "Not known" : name;
  return [
    ["", `All families`],
    ...names.map(
      (name) => (
        /** @type {[string, string]} */
        [name, `${label(name)} (${counts.get(name)})`]
      )
    )
  ];
}
function countBy(cards, key) {
  const counts = /* @__PURE__ */ new Map();
  for (const card of cards) counts.set(key(card), (counts.get(key(card)) ?? 0) + 1);
  return counts;
}
function countText(shown, all) {
  const models = `${all.toLocaleString("en")} model${all === 1 ? "" : "s"}`;
  return shown === all ? models : `${shown.toLocaleString("en")} of ${models}`;
}
function seen({ count, columns, line, top, height }) {
  const first = Math.max(0, Math.floor(top / line) - 1) * columns;
  const end = (Math.ceil((top + Math.min(height, 4e3)) / line) + 1) * columns;
  return { first: Math.min(first, count), end: Math.max(0, Math.min(end, count)) };
}

// widgets/models_shelf/src/own.js
var CHANGES = ".mls-model-changes";
var lists = 0;
function drawTags(parent, tags, known, act) {
  addTo(parent, "h4", {}, "Tags");
  const line = addTo(parent, "div", { class: "mls-model-words" });
  for (const tag of tags) {
    const title = `Remove the tag ${tag}`;
    const button = addTo(
      line,
      "button",
      {
        class: "mls-model-word",
        type: "button",
        title,
        "aria-label": title,
        onclick: () => act("untag", tag)
      },
      tag
    );
    addTo(button, "span", { class: "mls-model-cross", "aria-hidden": "true" }, "✕");
  }
  const id = `mls-model-tags-${++lists}`;
  const field = addTo(line, "input", {
    class: "mls-model-tag",
    type: "text",
    list: id,
    placeholder: "Add a tag",
    "aria-label": "Add a tag",
    title: "Such as portrait, or character:Ada; Enter adds it",
    maxlength: 200
  });
  const add = () => {
    const text = field.value.trim();
    field.value = "";
    if (text) act("tag", text);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  field.addEventListener("change", add);
  const suggested = addTo(line, "datalist", { id });
  const own = new Set(tags);
  for (const tag of known) if (!own.has(tag)) addTo(suggested, "option", { value: tag });
}
function drawWeight(parent, weight, act) {
  const label = addTo(parent, "label", { class: "mls-model-weight" }, "Weight when added");
  const field = addTo(label, "input", {
    type: "number",
    step: 0.05,
    min: -10,
    max: 10,
    value: weight,
    placeholder: "1"
  });
  field.addEventListener("change", () => act("weight", field.value));
}
function drawNotes(parent, notes, act) {
  addTo(parent, "h4", {}, "Your notes");
  const field = addTo(parent, "textarea", {
    class: "mls-model-own-notes",
    rows: 3,
    placeholder: "Nothing noted yet",
    "aria-label": "Your notes",
    maxlength: 2e4
  });
  field.defaultValue = notes;
  field.addEventListener("change", () => act("notes", field.value));
}
function drawChanges(parent, name, changes, act) {
  if (!changes.length) return;
  const line = addTo(parent, "div", { class: "mls-model-actions mls-model-changes" });
  for (const { name: action, label, text } of changes) {
    const button = addTo(line, "button", { class: "mls-models-button", type: "button" }, label);
    button.addEventListener("click", () => {
      if (action === "rename") askForName(line, button, text || name, act);
      else act(action, text);
    });
  }
}
function askForName(line, button, name, act) {
  const held = [...line.children];
  const field = addTo(line, "input", {
    type: "text",
    value: name,
    "aria-label": "New name",
    maxlength: 200
  });
  const stop = () => {
    line.replaceChildren(...held);
    button.focus();
  };
  const save = addTo(line, "button", { class: "mls-models-button mls-primary", type: "button" });
  save.textContent = "Rename";
  const cancel = addTo(line, "button", { class: "mls-models-button", type: "button" }, "Cancel");
  const rename = () => {
    const text = field.value.trim();
    stop();
    if (text && text !== name) act("rename", text);
  };
  save.addEventListener("click", rename);
  cancel.addEventListener("click", stop);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") rename();
    else if (event.key === "Escape") stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  line.replaceChildren(field, save, cancel);
  field.focus();
  field.select();
}

// widgets/models_shelf/src/previews.js
var MOST = 400;
var ANSWER_WITHIN = 5e3;
var Previews = class {
  /**
   * The blob URL of each preview by its key, the longest unused first; "" where there is none.
   * @type {Map<string, string>}
   */
  urls = /* @__PURE__ */ new Map();
  asked = -Infinity;
  // when the question without an answer was asked
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
  }
  close() {
    for (const url of this.urls.values()) if (url) URL.revokeObjectURL(url);
    this.urls.clear();
  }
  /**
   * Return the URL of a card's preview; "" where there is none, undefined where it is not known.
   * @param {Card} card
   */
  url(card) {
    if (!card.preview) return "";
    const url = this.urls.get(keyOf(card));
    if (url === void 0) return void 0;
    this.urls.delete(keyOf(card));
    this.urls.set(keyOf(card), url);
    return url;
  }
  /**
   * Ask for the previews of these cards that are not known.
   * @param {Card[]} cards
   */
  want(cards) {
    const lacking = cards.filter((card) => card.preview && !this.urls.has(keyOf(card)));
    const now = performance.now();
    if (!lacking.length || now - this.asked < ANSWER_WITHIN) return;
    this.asked = now;
    this.model.send({ kind: "previews", ids: lacking.map(({ id }) => id) });
  }
  /**
   * @param {Extract<Answer, { kind: "previews" }>} answer
   * @param {DataView[]} buffers
   * @param {(id: string) => Card | undefined} cardOf
   */
  take({ ids, missing }, buffers, cardOf2) {
    this.asked = -Infinity;
    const keep = (id, url) => {
      const card = cardOf2(id);
      if (card) this.urls.set(keyOf(card), url);
      else if (url) URL.revokeObjectURL(url);
    };
    ids.forEach((id, place) => keep(id, urlOf(buffers[place])));
    for (const id of missing) keep(id, "");
  }
  /**
   * Forget the previews that have not been seen for the longest, but none of these cards.
   * @param {Card[]} shown
   */
  tidy(shown) {
    const kept = new Set(shown.map(keyOf));
    for (const [key, url] of this.urls) {
      if (this.urls.size <= MOST) return;
      if (kept.has(key)) continue;
      if (url) URL.revokeObjectURL(url);
      this.urls.delete(key);
    }
  }
};
var urlOf = (content) => URL.createObjectURL(new Blob([
  /** @type {BlobPart} */
  content
], { type: "image/webp" }));
var keyOf = ({ id, preview }) => `${preview} ${id}`;

// widgets/models_shelf/src/drawer.js
var Drawer = class {
  url = "";
  // of the picture
  /** @type {Card | undefined} */
  card = void 0;
  /**
   * @param {HTMLElement} parent
   * @param {() => void} back
   * @param {(action: string, id: string, text: string) => void} act
   */
  constructor(parent, back, act) {
    this.act = act;
    this.root = addTo(parent, "section", { class: "mls-model-drawer", hidden: "" });
    const { head, back: button, title } = addPageHead(this.root, back);
    this.back = button;
    this.title = title;
    this.star = addTo(head, "button", {
      class: "mls-models-back mls-model-star",
      type: "button",
      onclick: () => this.do("star", this.card?.starred ? "" : "on")
    });
    this.star.append(icon("star", 18));
    this.body = addTo(this.root, "div", { class: "mls-model-body", tabindex: "0" });
  }
  hide() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    this.card = void 0;
    this.root.hidden = true;
    this.body.replaceChildren();
  }
  /**
   * Show a card's model; what Python tells of it follows by `take`.
   * @param {Card} card
   */
  show(card) {
    if (this.card?.id !== card.id) this.hide();
    this.card = card;
    this.root.hidden = false;
    this.root.setAttribute("aria-label", card.name);
    this.title.textContent = card.name;
    this.title.title = card.name;
    this.body.setAttribute("aria-label", `About ${card.name}`);
    const what = card.starred ? "Remove the star" : "Give it a star";
    this.star.setAttribute("aria-pressed", String(card.starred));
    this.star.setAttribute("aria-label", "Star");
    this.star.title = what;
  }
  /**
   * @param {string} action
   * @param {string} text
   */
  do(action, text) {
    this.act(action, this.card?.id ?? "", text);
  }
  /**
   * @param {Details} details
   * @param {DataView | undefined} picture
   */
  take(details, picture) {
    const { body, card } = this;
    if (card?.id !== details.id) return;
    const again = keepFocus(body);
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = picture ? urlOf(picture) : "";
    body.replaceChildren();
    if (this.url) addTo(body, "img", { class: "mls-model-preview", alt: "", src: this.url });
    addTo(
      body,
      "p",
      { class: "mls-model-kind" },
      make("span", {}, kindName(card.kind)),
      card.family === "unknown" ? "" : make("span", { class: "mls-model-family" }, card.family)
    );
    this.drawActions(details.actions);
    if (details.hint) addTo(body, "p", { class: "mls-model-hint" }, details.hint);
    if (details.words.length) this.drawWords(details.words);
    this.drawOwn(card, details);
    const facts = addTo(body, "dl", { class: "mls-model-table" });
    for (const [label, value] of details.facts) {
      addTo(facts, "dt", {}, label);
      addTo(facts, "dd", {}, value);
    }
    if (details.fixed) addTo(body, "p", { class: "mls-model-hint" }, details.fixed);
    drawChanges(body, card.name, details.changes, this.do.bind(this));
    again();
  }
  /**
   * @param {Card} card
   * @param {Details} details
   */
  drawOwn(card, details) {
    const { body } = this;
    const act = this.do.bind(this);
    if (details.weight !== null) drawWeight(body, details.weight, act);
    drawTags(body, card.tags, details.known_tags, act);
    if (!details.fixed) drawNotes(body, details.notes, act);
    else if (details.notes) this.drawText("Notes", details.notes);
    if (details.about) this.drawText("About", details.about);
  }
  /**
   * @param {string} title
   * @param {string} text
   */
  drawText(title, text) {
    addTo(this.body, "h4", {}, title);
    addTo(this.body, "p", { class: "mls-model-notes" }, text);
  }
  /** @param {Action[]} actions */
  drawActions(actions) {
    if (!actions.length) return;
    const line = addTo(this.body, "div", { class: "mls-model-actions" });
    actions.forEach((action, at) => {
      const look = at ? "mls-models-button" : "mls-models-button mls-primary";
      this.addButton(line, look, action);
    });
  }
  /** @param {string[]} words */
  drawWords(words) {
    const head = addTo(this.body, "h4", {}, "Trigger words");
    head.title = "A click adds one to the prompt";
    const line = addTo(this.body, "div", { class: "mls-model-words" });
    for (const word of words) {
      const action = { name: "insert", label: word, text: word };
      this.addButton(line, "mls-model-word", action).title = `Add “${word}” to the prompt`;
    }
  }
  /**
   * @param {HTMLElement} parent
   * @param {string} look its class
   * @param {Action} action
   */
  addButton(parent, look, { name, label, text }) {
    return addTo(
      parent,
      "button",
      { class: look, type: "button", onclick: () => this.act(name, this.card?.id ?? "", text) },
      label
    );
  }
};
function keepFocus(body) {
  const held = (
    /** @type {HTMLElement | null} */
    body.querySelector(":focus")
  );
  if (!held) return () => {
  };
  const name = nameOf(held);
  const isTyped = held instanceof HTMLInputElement || held instanceof HTMLTextAreaElement;
  const question = isTyped ? held.closest(CHANGES) : null;
  return () => {
    const found = [...body.querySelectorAll("button, input, textarea")];
    const same = found.find((one) => nameOf(one) === name);
    if (question) body.querySelector(CHANGES)?.replaceWith(question);
    else if (isTyped && held.value !== held.defaultValue) same?.replaceWith(held);
    const again = held.isConnected ? held : same;
    (again instanceof HTMLElement ? again : body).focus();
  };
}
var nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent;

// widgets/models_shelf/src/head.js
var SORTS = [
  ["name", "By name"],
  ["newest", "Newest first"],
  ["largest", "Largest first"],
  ["used", "Most used first"],
  ["starred", "Starred first"]
];
var Head = class {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   set: (name: keyof Filter, value: string) => void, cancel: () => void, refresh: () => void,
   *   bin: () => void, find: () => void, photos: () => void,
   * }} acts what a person does
   */
  constructor(parent, { set: set2, cancel, refresh, bin, find, photos }) {
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
      oninput: () => set2("search", this.search.value)
    });
    const again = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      title: "Look for new models in the models folder",
      "aria-label": "Refresh",
      onclick: refresh
    });
    again.append(icon("refresh", 16));
    this.find = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      title: "Find more models on CivitAI and Hugging Face",
      "aria-label": "Find more models",
      onclick: find,
      hidden: ""
    });
    this.find.append(icon("find", 16));
    this.photos = addTo(top, "button", {
      class: "mls-models-refresh",
      type: "button",
      "aria-label": "Fetch models for photos",
      onclick: photos,
      hidden: ""
    });
    this.photos.append(icon("detector", 16));
    this.bin = addTo(top, "button", {
      class: "mls-models-refresh mls-models-to-bin",
      type: "button",
      onclick: bin,
      hidden: ""
    });
    this.bin.append(icon("bin", 16));
    const filters = addTo(parent, "div", { class: "mls-models-filters" });
    this.kind = addMenu(filters, "Kind", (value) => set2("kind", value));
    this.family = addMenu(filters, "Family", (value) => set2("family", value));
    const line = addTo(parent, "div", { class: "mls-models-line" });
    this.count = addTo(line, "p", { class: "mls-models-count", role: "status" });
    this.sort = addMenu(line, "Sort", (value) => set2("sort", value));
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
};
function addMenu(parent, label, changed) {
  const menu = addTo(parent, "select", {
    class: `mls-models-${label.toLowerCase()}`,
    "aria-label": label,
    title: label,
    onchange: () => changed(menu.value)
  });
  return menu;
}
function offer(menu, choices, value) {
  const drawn = JSON.stringify(choices);
  if (menu.dataset.drawn !== drawn) {
    menu.dataset.drawn = drawn;
    menu.replaceChildren(...choices.map(([one, label]) => make("option", { value: one }, label)));
  }
  if (value !== void 0) menu.value = value;
}

// widgets/shared/geometry.js
var clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// widgets/models_shelf/src/list.js
var NARROWEST = 220;
var HEIGHT = 64;
var GAP = 4;
var LINE = HEIGHT + GAP;
var MOST_REFUSED = 200;
var lists2 = 0;
var List = class {
  /** @type {Card[]} */
  cards = [];
  /** @type {Map<number, { element: HTMLElement, drawn: string }>} */
  made = /* @__PURE__ */ new Map();
  columns = 1;
  current = -1;
  // the index of the marked card
  frame = 0;
  /**
   * @param {HTMLElement} parent
   * @param {Previews} previews
   * @param {(card: Card) => void} choose
   */
  constructor(parent, previews, choose) {
    this.id = `mls-models-${++lists2}`;
    this.previews = previews;
    this.choose = choose;
    this.scroll = addTo(parent, "div", { class: "mls-models-scroll" });
    this.box = addTo(this.scroll, "div", {
      class: "mls-models-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "Models",
      onkeydown: (event) => this.press(event)
    });
    this.nothing = addTo(this.scroll, "p", { class: "mls-models-nothing" });
    this.refused = addTo(this.scroll, "details", { class: "mls-models-refused" });
    this.later = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    };
    this.scroll.addEventListener("scroll", this.later, { passive: true });
    this.watch = new ResizeObserver(this.later);
    this.watch.observe(this.scroll);
  }
  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }
  /**
   * Show these cards.
   * @param {{ usable: Card[], refused: Card[] }} found
   * @param {string} nothing told where there is none
   */
  show({ usable, refused }, nothing) {
    const marked = this.cards[this.current]?.id;
    this.cards = usable;
    this.current = usable.findIndex(({ id }) => id === marked);
    for (const { element } of this.made.values()) element.remove();
    this.made.clear();
    this.box.hidden = !usable.length;
    this.nothing.hidden = usable.length > 0;
    this.nothing.textContent = nothing;
    this.drawRefused(refused);
    this.draw();
  }
  /** @param {Card[]} cards */
  drawRefused(cards) {
    const { refused } = this;
    refused.hidden = !cards.length;
    const files = cards.length === 1 ? "1 file is" : `${cards.length.toLocaleString("en")} files are`;
    refused.replaceChildren(make("summary", {}, `${files} not used`));
    const list = addTo(refused, "ul");
    for (const { id, refused: why } of cards.slice(0, MOST_REFUSED)) {
      addTo(list, "li", {}, make("b", {}, id), make("span", {}, why));
    }
    const left = cards.length - MOST_REFUSED;
    if (left > 0) addTo(list, "li", {}, `and ${left.toLocaleString("en")} more: search for them`);
  }
  draw() {
    const width = this.box.clientWidth;
    if (!width) return;
    const columns = Math.max(1, Math.floor((width + GAP) / (NARROWEST + GAP)));
    if (columns !== this.columns) {
      this.columns = columns;
      for (const { element } of this.made.values()) element.remove();
      this.made.clear();
    }
    const lines = Math.ceil(this.cards.length / columns);
    this.box.style.height = `${Math.max(0, lines * LINE - GAP)}px`;
    const { scrollTop: top, clientHeight: height } = this.scroll;
    const { first, end } = seen({ count: this.cards.length, columns, line: LINE, top, height });
    for (const [at, { element }] of this.made) {
      if (at >= first && at < end) continue;
      element.remove();
      this.made.delete(at);
    }
    for (let at = end - 1; at >= first; at--) this.drawCard(at);
    const shown = this.cards.slice(first, end);
    this.previews.want(shown);
    this.previews.tidy(shown);
    if (this.made.has(this.current)) {
      this.box.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
    } else this.box.removeAttribute("aria-activedescendant");
  }
  /** @param {number} at */
  drawCard(at) {
    const card = this.cards[at];
    const url = this.previews.url(card);
    let made = this.made.get(at);
    if (!made) {
      const element2 = make("div", {
        class: "mls-model",
        role: "option",
        id: `${this.id}-${at}`,
        "data-id": card.id,
        onclick: () => this.take(at)
      });
      made = { element: element2, drawn: "" };
      this.box.insertBefore(element2, this.made.get(at + 1)?.element ?? null);
      this.made.set(at, made);
      const [line, column] = [Math.floor(at / this.columns), at % this.columns];
      element2.style.top = `${line * LINE}px`;
      element2.style.left = `calc((100% + ${GAP}px) / ${this.columns} * ${column})`;
      element2.style.width = `calc((100% + ${GAP}px) / ${this.columns} - ${GAP}px)`;
      element2.setAttribute("aria-posinset", String(at + 1));
      element2.setAttribute("aria-setsize", String(this.cards.length));
    }
    const { element } = made;
    element.setAttribute("aria-selected", String(at === this.current));
    const drawn = JSON.stringify([card, url]);
    if (made.drawn === drawn) return;
    made.drawn = drawn;
    element.replaceChildren(pictureOf(card, url), textOf2(card));
    element.title = card.unfit ? `${card.name} ${card.unfit}` : card.name;
    if (card.unfit) element.setAttribute("aria-disabled", "true");
  }
  /** @param {number} at */
  take(at) {
    this.mark(at);
    if (this.cards[at] && !this.cards[at].unfit) this.choose(this.cards[at]);
  }
  /** @param {number} at */
  mark(at) {
    this.current = this.cards.length ? clamp(at, 0, this.cards.length - 1) : -1;
    if (this.current < 0) return;
    const top = Math.floor(this.current / this.columns) * LINE;
    const { scroll } = this;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    const bottom = top + HEIGHT + 4;
    if (bottom > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = bottom - scroll.clientHeight;
    }
    this.draw();
  }
  focus() {
    this.box.focus({ preventScroll: true });
    if (this.current < 0) this.mark(0);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / LINE)) * this.columns;
    const steps = {
      ArrowDown: this.columns,
      ArrowUp: -this.columns,
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity
    };
    if (event.key in steps) {
      const to = this.current + steps[event.key];
      const leaves = to < 0 || to >= this.cards.length;
      if (!leaves || !event.key.startsWith("Arrow") || this.current < 0) this.mark(to);
    } else if (event.key === "Enter" || event.key === " ") this.take(this.current);
    else return;
    event.preventDefault();
  }
};
function pictureOf({ kind }, url) {
  const picture = make("div", { class: "mls-model-picture" });
  if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
  else if (url === "") picture.append(icon(kind, 24));
  return picture;
}
function textOf2({ name, kind, family, size, unfit, tags, starred, used }) {
  const text = make("div", { class: "mls-model-text" });
  const [folder, bare] = [name.slice(0, name.lastIndexOf("/") + 1), name.split("/").pop() ?? name];
  const title = addTo(text, "div", { class: "mls-model-name" }, bare);
  if (starred) title.prepend(make("span", { class: "mls-model-starred", title: "Starred" }, "★ "));
  const facts = addTo(text, "div", { class: "mls-model-facts" });
  if (unfit) {
    addTo(facts, "span", { class: "mls-model-why" }, unfit);
    return text;
  }
  const told = [kindName(kind), folder && `in ${folder.slice(0, -1)}`, size].filter(Boolean);
  addTo(facts, "span", {}, told.join(" · "));
  const own = [used ? `used ${used.toLocaleString("en")}×` : "", ...tags.map((tag) => `#${tag}`)];
  const line = own.filter(Boolean).join(" · ");
  const last = addTo(text, "div", { class: "mls-model-facts" });
  if (family !== "unknown") addTo(last, "span", { class: "mls-model-family" }, family);
  if (line) addTo(last, "div", { class: "mls-model-own", title: line }, line);
  return text;
}

// widgets/models_shelf/src/shelf.js
var FILTERS = (
  /** @type {const} */
  ["search", "kind", "family", "sort"]
);
var Shelf = class {
  /** @type {Card[]} */
  cards = [];
  /** @type {Map<string, Card>} */
  byId = /* @__PURE__ */ new Map();
  showsBin = false;
  isKnown = false;
  // whether Python has told the cards
  asks = false;
  // whether the focus shall go to the search as soon as it is on the screen
  /** @type {HTMLElement | null} */
  cameFrom = null;
  // what had the focus when a choice was asked for
  wasHidden = false;
  // whether the shelf was, when a choice was asked for
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "div", { class: "mls-models-shelf" });
    this.page = addTo(this.root, "div", { class: "mls-models-page" });
    this.head = new Head(this.page, {
      set: (name, value) => this.set(name, value),
      cancel: () => this.pick(""),
      refresh: () => model.send({ kind: "refresh" }),
      bin: () => this.showBin(true),
      find: () => model.send({ kind: "find" }),
      photos: () => model.send({ kind: "photos" })
    });
    this.previews = new Previews(model);
    this.list = new List(this.page, this.previews, ({ id }) => {
      if (model.get("picking")) this.pick(id);
      else this.open(id);
    });
    this.drawer = new Drawer(
      this.root,
      () => this.open(""),
      (action, id, text) => this.act(action, id, text)
    );
    this.bin = new Bin(
      this.root,
      () => this.showBin(false),
      (action, id) => this.act(action, id, "")
    );
    this.hashing = addTo(this.root, "div", { class: "mls-model-told", hidden: "" });
    this.hashed = addTo(this.hashing, "p", {});
    this.bar = addTo(this.hashing, "progress", { "aria-label": "Hashes of all models" });
    const stop = addTo(this.hashing, "button", { class: "mls-models-button", type: "button" });
    stop.textContent = "Stop";
    stop.setAttribute("aria-label", "Stop computing hashes");
    stop.addEventListener("click", () => this.act("stop_hashing", "", ""));
    const line = addTo(this.root, "div", { class: "mls-model-told" });
    this.told = addTo(line, "p", { role: "status" });
    this.undo = addTo(line, "button", { class: "mls-models-button", type: "button", hidden: "" });
    this.undo.textContent = "Undo";
    this.undo.addEventListener("click", () => {
      const [, action, id] = model.get("told");
      if (action) this.act(action, id ?? "", "");
    });
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.watch = new ResizeObserver(() => this.focusIfAsked());
    this.watch.observe(this.root);
    this.listeners = {
      "msg:custom": (answer, buffers) => this.take(answer, buffers),
      "change:generation": () => this.renew(),
      "change:opened": () => this.drawDrawer(),
      "change:picking": () => this.drawPicking(),
      "change:binned": () => this.drawBin(),
      "change:can_find": () => this.drawPicking(),
      "change:photos": () => this.drawPicking(),
      "change:told": () => this.tell(),
      "change:hashing": () => this.drawHashing()
    };
    for (const name of FILTERS) this.listeners[`change:${name}`] = () => this.draw();
    for (const [name, act] of Object.entries(this.listeners)) model.on(name, act);
    this.drawPicking();
    this.drawBin();
    this.drawHashing();
    this.draw();
    this.renew();
  }
  close() {
    for (const [name, act] of Object.entries(this.listeners)) this.model.off(name, act);
    this.watch.disconnect();
    this.list.close();
    this.drawer.hide();
    this.previews.close();
  }
  // --- what a person does ----------------------------------------------------------------------
  /**
   * @param {keyof Filter | "opened"} name
   * @param {string} value
   */
  set(name, value) {
    this.model.set(
      name,
      /** @type {any} */
      value
    );
    this.model.save_changes();
  }
  /** @param {string} id of a card, "" to go back to the list */
  open(id) {
    this.set("opened", id);
    if (id) this.drawer.back.focus();
    else this.list.focus();
    this.tell("");
  }
  /** @param {boolean} shows */
  showBin(shows) {
    this.showsBin = shows;
    this.drawDrawer();
    (shows ? this.bin.back : this.head.search).focus();
  }
  /** @param {string} id of a card, "" for none */
  pick(id) {
    this.model.send({ kind: "picked", id });
  }
  /**
   * @param {string} action
   * @param {string} id
   * @param {string} text
   */
  act(action, id, text) {
    this.model.send({ kind: "act", action, id, text });
    if (action === "insert") this.tell(`Added to the prompt: ${text}`);
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const isSearch = event.target === this.head.search;
    if (event.key === "Escape" && this.stepBack(isSearch)) event.preventDefault();
    if (event.key === "Escape") return;
    if (isSearch && event.key === "ArrowDown") this.list.focus();
    else if (isSearch && event.key === "Enter") this.list.take(0);
    else return;
    event.preventDefault();
  }
  /**
   * Leave what is open, the innermost first; return whether there was anything.
   * @param {boolean} isSearch whether the focus is in the search
   */
  stepBack(isSearch) {
    if (this.showsBin) this.showBin(false);
    else if (this.model.get("opened")) this.open("");
    else if (this.model.get("picking")) this.pick("");
    else if (isSearch && this.model.get("search")) this.set("search", "");
    else return false;
    return true;
  }
  focusIfAsked() {
    if (!this.asks || !this.head.search.offsetParent) return;
    this.asks = false;
    this.head.search.focus();
  }
  // --- what Python says ------------------------------------------------------------------------
  renew() {
    this.model.send({ kind: "cards" });
  }
  /**
   * @param {Answer} answer
   * @param {DataView[]} buffers
   */
  take(answer, buffers) {
    if (answer.kind === "cards") {
      this.isKnown = true;
      this.cards = answer.rows.map(cardOf);
      this.byId = new Map(this.cards.map((card) => [card.id, card]));
      this.draw();
      this.drawDrawer();
    } else if (answer.kind === "previews") {
      this.previews.take(answer, buffers, (id) => this.byId.get(id));
      this.list.draw();
    } else if (answer.kind === "details") this.drawer.take(answer, buffers[0]);
  }
  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const { model } = this;
    const [search, kind, family] = [model.get("search"), model.get("kind"), model.get("family")];
    const filter = { search, kind, family, sort: model.get("sort") };
    const found = filtered(this.cards, filter);
    const isPicking = Boolean(model.get("picking"));
    const all = isPicking ? this.cards.filter((card) => card.kind === kind) : this.cards;
    const shown = found.usable.length + found.refused.length;
    this.head.draw(this.cards, filter, this.isKnown ? { shown, all: all.length } : null);
    this.list.show(found, this.nothingText(all.length, found.refused.length));
  }
  /**
   * Return what is told where no card is shown.
   * @param {number} all
   * @param {number} refused
   */
  nothingText(all, refused) {
    if (!this.isKnown) return "";
    if (!all) return "No models yet. Put their files into the models folder, then press Refresh.";
    return refused ? "None of these can be used." : "No model matches.";
  }
  drawPicking() {
    const title = this.model.get("picking");
    this.head.ask(title);
    this.head.find.hidden = Boolean(title) || !this.model.get("can_find");
    this.head.drawPhotos(title ? "" : this.model.get("photos"));
    this.list.box.setAttribute("aria-label", title || "Models");
    const held = (
      /** @type {HTMLElement | null} */
      document.activeElement
    );
    const isInside = this.root.contains(held);
    if (title) {
      if (!isInside) this.cameFrom = held;
      this.wasHidden = !this.root.checkVisibility();
      this.asks = true;
      this.focusIfAsked();
    } else if (this.cameFrom) {
      if (!held || held === document.body || isInside) this.cameFrom.focus();
      this.cameFrom = null;
      this.asks = false;
      if (this.wasHidden) this.closeDrawer();
    }
  }
  /** Close the studio's shelf, where it is a drawer; see widgets/header/src/room.js. */
  closeDrawer() {
    const detail = { again: true };
    this.root.dispatchEvent(new CustomEvent("mls-open-shelf", { detail, bubbles: true }));
  }
  drawBin() {
    const rows = this.model.get("binned");
    this.head.drawBin(rows.length);
    this.bin.draw(rows);
    if (!rows.length && this.showsBin) this.showBin(false);
  }
  drawHashing() {
    const [text, done, total] = this.model.get("hashing");
    this.hashing.hidden = text === void 0;
    this.hashed.textContent = text ?? "";
    this.bar.max = total || 1;
    this.bar.value = done ?? 0;
  }
  /**
   * Say what was done, by default what Python says.
   * @param {string} [text]
   */
  tell(text) {
    const [told, action] = this.model.get("told");
    this.told.textContent = text ?? told ?? "";
    this.undo.hidden = text !== void 0 || !action;
  }
  drawDrawer() {
    const card = this.showsBin ? void 0 : this.byId.get(this.model.get("opened"));
    this.bin.root.hidden = !this.showsBin;
    this.page.hidden = card !== void 0 || this.showsBin;
    if (!card) {
      this.drawer.hide();
      this.list.draw();
      return;
    }
    this.drawer.show(card);
    this.model.send({ kind: "details", id: card.id });
  }
};

// widgets/models_shelf/src/models_shelf.js
function render({ model, el }) {
  el.classList.add("mls-models-host");
  const shelf = new Shelf(model, el);
  return () => shelf.close();
}
var models_shelf_default = { render };
export {
  models_shelf_default as default
};
