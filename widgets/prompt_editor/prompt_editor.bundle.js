// Built by `npm run build`; change the sources, not this file.
// source: widgets/prompt_editor/src/caret.js
// source: widgets/prompt_editor/src/completion.js
// source: widgets/prompt_editor/src/editor.js
// source: widgets/prompt_editor/src/prompt_editor.js
// source: widgets/prompt_editor/src/weights.js
// source: widgets/prompt_editor/src/word_list.js
// source: widgets/shared/dom.js
// sha256 of the sources: 6c61137c462fa18e1341d52a318df4cfeff82486697736a07ed67e83f432f0cb
// sha256 of the lines below: f9d943cca140296706753ae9b97d2bdb5b4987f9d4c5fa5618b168b7ad07e9ee
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
function targetOf(event) {
  return (
    /** @type {HTMLElement} */
    event.target
  );
}

// widgets/prompt_editor/src/caret.js
var SHAPING = [
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

// widgets/prompt_editor/src/completion.js
var LONGEST_NAME = 300;
var MOST_SHOWN = 50;
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
  const found = [...begin, ...contain].slice(0, MOST_SHOWN);
  return found.length === 1 && found[0].insert === typed ? [] : found;
}

// widgets/prompt_editor/src/weights.js
var STEP = 0.1;
var TAG_STEP = 0.05;
var BRACKET = 1.1;
var ENDS = ".,\\/!?%^*;:{}=`~()[]<>| 	\r\n";
var CLOSES = { "(": ")", "[": "]" };
var rounded = (weight) => parseFloat(weight.toFixed(4));
var shown = (weight) => Number.isInteger(weight) ? weight.toFixed(1) : String(weight);
function weighed(text, start, end, isUp) {
  const tag = tagAround(text, start, end);
  if (tag) return weighedTag(tag, isUp);
  const inside = start === end ? bracketsAround(text, start) ?? wordAround(text, start) : null;
  const [first, last] = trimmed(text, inside ?? [start, end]);
  if (first === last) return null;
  const { from, to, weight } = weightOf(text, first, last);
  const next = rounded(weight + (isUp ? STEP : -STEP));
  const inner = text.slice(first, last);
  const isPlain = next === 1;
  const piece = isPlain ? inner : `(${inner}:${shown(next)})`;
  const begin = isPlain ? from : from + 1;
  return { from, to, piece, start: begin, end: begin + inner.length };
}
function trimmed(text, [start, end]) {
  let [first, last] = [start, end];
  while (last > first && /\s/.test(text[last - 1])) last--;
  while (last > first && /\s/.test(text[first])) first++;
  return [first, last];
}
function weightOf(text, start, end) {
  const written = text[start - 1] === "(" && /^:\s*(-?[\d.]+)\s*\)/.exec(text.slice(end));
  if (written && Number.isFinite(parseFloat(written[1]))) {
    return { from: start - 1, to: end + written[0].length, weight: parseFloat(written[1]) };
  }
  let [from, to, weight] = [start, end, 1];
  const open = text[start - 1];
  const close = CLOSES[open];
  while (close && text[from - 1] === open && text[to] === close) {
    [from, to] = [from - 1, to + 1];
    weight = open === "(" ? weight * BRACKET : weight / BRACKET;
  }
  return { from, to, weight: Math.round(weight / STEP) * STEP };
}
function tagAround(text, start, end) {
  const open = text.lastIndexOf("<", start - (text[start] === "<" ? 0 : 1));
  if (open < 0) return null;
  const close = text.indexOf(">", open);
  if (close < 0 || close < start || close + 1 < end) return null;
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
    const end = text.indexOf(close, caret);
    if (caret === 0 || start < 0 || end < 0) continue;
    if (text.slice(start + 1, caret).includes(close)) continue;
    if (text.slice(caret, end).includes(open)) continue;
    const weight = /:\s*-?[\d.]+\s*$/.exec(text.slice(start + 1, end));
    return [start + 1, weight ? start + 1 + weight.index : end];
  }
  return null;
}
function wordAround(text, caret) {
  for (const wildcard of text.matchAll(/__[\w\-./ ]+?__/g)) {
    const end2 = wildcard.index + wildcard[0].length;
    if (wildcard.index <= caret && caret <= end2) return [wildcard.index, end2];
  }
  let [start, end] = [caret, caret];
  while (start > 0 && !ENDS.includes(text[start - 1])) start--;
  while (end < text.length && !ENDS.includes(text[end])) end++;
  return [start, end];
}

// widgets/prompt_editor/src/word_list.js
var MARKS = {
  lora: "LoRA",
  wildcard: "wildcard",
  embedding: "embedding",
  style: "style",
  word: ""
};
var GAP = 4;
var WordList = class {
  /**
   * @param {Element} root
   * @param {HTMLTextAreaElement} area
   * @param {(word: Word) => void} accept called with the word that is chosen
   */
  constructor(root, area, accept) {
    this.area = area;
    this.words = [];
    this.at = 0;
    this.list = addTo(root, "ul", {
      class: "mls-completion",
      id: `${area.id}-words`,
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: "",
      // The top layer, where nothing around the panel can cut it off.
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null
    });
    area.setAttribute("aria-controls", this.list.id);
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = targetOf(event).closest("li");
      if (option) accept(this.words[[...this.list.children].indexOf(option)]);
    });
  }
  get isOpen() {
    return !this.list.hidden;
  }
  /** The word that is marked. */
  get chosen() {
    return this.words[this.at];
  }
  /**
   * Show words, the first one marked.
   * @param {Word[]} words
   * @param {number} start where in the text they begin
   */
  open(words, start) {
    const { area, list } = this;
    this.words = words;
    list.replaceChildren(...words.map((word, index) => this.makeOption(word, index)));
    list.hidden = false;
    if (list.popover) list.showPopover();
    area.setAttribute("aria-expanded", "true");
    list.scrollTop = 0;
    const room = { width: innerWidth, height: innerHeight };
    const { left, top } = placeOf(list.getBoundingClientRect(), caretBox(area, start), room);
    list.style.left = `${left}px`;
    list.style.top = `${top}px`;
    this.mark(0);
  }
  close() {
    const { area, list } = this;
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    area.setAttribute("aria-expanded", "false");
    area.removeAttribute("aria-activedescendant");
  }
  /**
   * Mark the next word (1) or the one before (-1); after the last comes the first.
   * @param {number} by
   */
  step(by) {
    this.mark(this.at + by);
  }
  /** @param {number} index */
  mark(index) {
    this.at = (index + this.words.length) % this.words.length;
    const options = [...this.list.children];
    for (const option of options) {
      option.setAttribute("aria-selected", String(option === options[this.at]));
    }
    options[this.at].scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", options[this.at].id);
  }
  /**
   * @param {Word} word
   * @param {number} index
   */
  makeOption(word, index) {
    return make(
      "li",
      { class: "mls-word", id: `${this.area.id}-word-${index}`, role: "option" },
      make("span", { class: "mls-word-label" }, word.label),
      make("span", { class: "mls-word-kind" }, MARKS[word.kind] ?? "")
    );
  }
};
function placeOf({ width, height }, caret, room) {
  const left = Math.max(GAP, Math.min(caret.left, room.width - width - GAP));
  const below = caret.bottom + GAP;
  const isBelow = below + height <= room.height;
  return { left, top: isBelow ? below : Math.max(GAP, caret.top - height - GAP) };
}

// widgets/prompt_editor/src/editor.js
var REST = 300;
var editors = 0;
var Editor = class {
  /**
   * @param {AnyModel<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.ended = new AbortController();
    const id = `mls-prompt-${++editors}`;
    const root = addTo(el, "div", { class: "mls-prompt-editor" });
    const head = addTo(root, "div", { class: "mls-prompt-head" });
    this.label = addTo(head, "label", { class: "mls-prompt-label", for: id });
    this.tokens = addTo(head, "span", { class: "mls-prompt-tokens" });
    this.area = addTo(root, "textarea", {
      class: "mls-prompt-text",
      id,
      role: "combobox",
      spellcheck: "false",
      autocomplete: "off",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-haspopup": "listbox"
    });
    this.list = new WordList(root, this.area, (word) => this.accept(word));
    this.isAccepting = false;
    this.rest = void 0;
    this.shown = this.followModel();
    this.listen();
  }
  close() {
    for (const [name, show] of this.shown) this.model.off(`change:${name}`, show);
    this.tell();
    this.list.close();
    this.ended.abort();
  }
  // --- the model -------------------------------------------------------------------------------
  /** Show each trait, now and whenever it changes. */
  followModel() {
    const { area, label, model, tokens } = this;
    const shown2 = /* @__PURE__ */ new Map([
      ["value", () => this.showValue()],
      ["description", () => label.textContent = model.get("description")],
      ["placeholder", () => area.placeholder = model.get("placeholder")],
      ["rows", () => area.rows = model.get("rows")],
      [
        "tokens",
        () => {
          tokens.textContent = model.get("tokens");
          tokens.title = tokens.textContent && "Tokens used, and how many fit";
        }
      ]
    ]);
    for (const [name, show] of shown2) {
      show();
      model.on(`change:${name}`, show);
    }
    return shown2;
  }
  showValue() {
    clearTimeout(this.rest);
    const value = this.model.get("value");
    if (this.area.value === value) return;
    this.area.value = value;
    this.list.close();
  }
  /** Tell Python what is in the text. */
  tell() {
    clearTimeout(this.rest);
    if (this.model.get("value") === this.area.value) return;
    this.model.set("value", this.area.value);
    this.model.save_changes();
  }
  // --- what a person does ----------------------------------------------------------------------
  listen() {
    const { area, list } = this;
    const options = { signal: this.ended.signal };
    const leave = () => {
      list.close();
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
    area.addEventListener("pointerdown", () => list.close(), options);
    const scrolled = (event) => {
      if (!list.list.contains(
        /** @type {Node} */
        event.target
      )) list.close();
    };
    document.addEventListener("scroll", scrolled, { capture: true, ...options });
  }
  /** @param {InputEvent} event */
  typed({ inputType }) {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.tell(), REST);
    const isTyped = inputType?.startsWith("insert") || this.list.isOpen;
    if (this.isAccepting || !isTyped || inputType === "insertFromPaste") this.list.close();
    else this.offer();
  }
  /** @param {KeyboardEvent} event */
  press(event) {
    const { list } = this;
    const isCommand = event.ctrlKey || event.metaKey;
    if (!(isCommand && ["Enter", "s"].includes(event.key))) event.stopPropagation();
    if (event.isComposing) return;
    const act = isCommand ? this.weighingOf(event) : this.choosingOf(event);
    if (act) {
      event.preventDefault();
      act();
    } else if (list.isOpen && /^(Arrow|Home|End|Page)/.test(event.key)) list.close();
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
      Enter: () => this.accept(list.chosen),
      Tab: () => this.accept(list.chosen),
      Escape: () => list.close()
    };
    return keys[key];
  }
  /** Offer the words that what is typed may become. */
  offer() {
    const { area, list, model } = this;
    const found = typedAt(area.value, area.selectionStart);
    const words = found ? offered(model.get("words"), found) : [];
    if (found && words.length) list.open(words, found.start);
    else list.close();
  }
  /**
   * Put a word in place of what is typed of it.
   * @param {Word} word
   */
  accept(word) {
    const { area } = this;
    const found = typedAt(area.value, area.selectionStart);
    this.list.close();
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

// widgets/prompt_editor/src/prompt_editor.js
function render({ model, el }) {
  const editor = new Editor(model, el);
  return () => editor.close();
}
var prompt_editor_default = { render };
export {
  prompt_editor_default as default
};
