// Built by `npm run build`; change the sources, not this file.
// source: widgets/prompt_editor/src/caret.js
// source: widgets/prompt_editor/src/completion.js
// source: widgets/prompt_editor/src/prompt_editor.js
// source: widgets/prompt_editor/src/weights.js
// source: widgets/prompt_editor/src/word_list.js
// source: widgets/shared/dom.js
// sha256 of the sources: 85c63e13e8af7934f0e63fdd03ef712796d78165bb0f6b2577cfa3ad5efea0c4
// sha256 of the lines below: 51381982347f5bee971c859535f6b501eeba2788c94f87c6192bb2ae016849a8
// widgets/shared/dom.js
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}

// widgets/prompt_editor/src/caret.js
function replace(area, from, to, piece) {
  area.focus();
  area.setSelectionRange(from, to);
  const wasTyped = document.execCommand(piece ? "insertText" : "delete", false, piece);
  if (wasTyped) return;
  area.setRangeText(piece, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
function caretBox(area, caret) {
  const copy = document.createElement("div");
  const style = getComputedStyle(area);
  for (const name of [
    "boxSizing",
    "width",
    "borderWidth",
    "borderStyle",
    "padding",
    "font",
    "letterSpacing",
    "lineHeight",
    "tabSize",
    "textIndent"
  ]) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "fixed",
    top: 0,
    left: 0,
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word"
  });
  const mark = document.createElement("span");
  mark.textContent = "​";
  copy.append(area.value.slice(0, caret), mark);
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
  return (line.match(/__/g) || []).length % 2 === 1;
}
function offered(words, { typed, kinds }) {
  const wanted = typed.toLowerCase();
  const begins = [];
  const holds = [];
  for (const word of words) {
    if (!kinds.includes(word.kind)) continue;
    const label = word.label.toLowerCase();
    if (label.startsWith(wanted)) begins.push(word);
    else if (label.includes(wanted)) holds.push(word);
  }
  const found = [...begins, ...holds].slice(0, MOST_SHOWN);
  return found.length === 1 && found[0].insert === typed ? [] : found;
}

// widgets/prompt_editor/src/weights.js
var STEP = 0.1;
var TAG_STEP = 0.05;
var ENDS = ".,\\/!?%^*;:{}=`~()[]<>| 	\r\n";
var rounded = (weight) => parseFloat(weight.toFixed(4));
var shown = (weight) => Number.isInteger(weight) ? weight.toFixed(1) : String(weight);
function weighed(text, start, end, isUp) {
  const tag = tagAround(text, start, end);
  if (tag) return weighedTag(text, tag, isUp);
  if (start === end) [start, end] = bracketsAround(text, start) || wordAround(text, start);
  while (end > start && /\s/.test(text[end - 1])) end--;
  while (end > start && /\s/.test(text[start])) start++;
  if (start === end) return null;
  let [from, to, weight] = [start, end, 1];
  const written = text[start - 1] === "(" && /^:\s*(-?[\d.]+)\s*\)/.exec(text.slice(end));
  if (written && Number.isFinite(parseFloat(written[1]))) {
    [from, to, weight] = [start - 1, end + written[0].length, parseFloat(written[1])];
  } else {
    const open = text[start - 1];
    const closes = { "(": ")", "[": "]" }[open];
    while (closes && text[from - 1] === open && text[to] === closes) {
      [from, to, weight] = [from - 1, to + 1, open === "(" ? weight * 1.1 : weight / 1.1];
    }
    weight = Math.round(weight / STEP) * STEP;
  }
  weight = rounded(weight + (isUp ? STEP : -STEP));
  const inner = text.slice(start, end);
  const isPlain = weight === 1;
  const piece = isPlain ? inner : `(${inner}:${shown(weight)})`;
  const begin = isPlain ? from : from + 1;
  return { from, to, piece, start: begin, end: begin + inner.length };
}
function tagAround(text, start, end) {
  const open = text.lastIndexOf("<", start - (text[start] === "<" ? 0 : 1));
  if (open < 0) return null;
  const close = text.indexOf(">", open);
  if (close < 0 || close < start || close + 1 < end) return null;
  const parts = text.slice(open + 1, close).split(":");
  return /^(lora|lyco|hypernet)$/i.test(parts[0]) && parts[1] ? { open, close, parts } : null;
}
function weighedTag(text, { open, close, parts }, isUp) {
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
  for (const [open, close] of ["()", "[]"]) {
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
var MARKS = { lora: "LoRA", wildcard: "wildcard", embedding: "embedding", style: "style", word: "" };
function makeList(root, area, id, accept) {
  const list = addTo(root, "ul", { class: "mls-completion" });
  list.id = `${id}-words`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  if (list.showPopover) list.popover = "manual";
  area.setAttribute("aria-controls", list.id);
  let words = [];
  let at = 0;
  const isOpen = () => !list.hidden;
  const mark = (index) => {
    at = (index + words.length) % words.length;
    [...list.children].forEach((option, place2) => {
      option.setAttribute("aria-selected", String(place2 === at));
    });
    list.children[at].scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const close = () => {
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    area.setAttribute("aria-expanded", "false");
    area.removeAttribute("aria-activedescendant");
  };
  const open = (found, start) => {
    words = found;
    list.replaceChildren(
      ...found.map((word, place2) => {
        const option = make("li", { class: "mls-word" });
        option.id = `${id}-word-${place2}`;
        option.setAttribute("role", "option");
        addTo(option, "span", { class: "mls-word-label" }).textContent = word.label;
        addTo(option, "span", { class: "mls-word-kind" }).textContent = MARKS[word.kind] ?? "";
        return option;
      })
    );
    list.hidden = false;
    if (list.popover) list.showPopover();
    area.setAttribute("aria-expanded", "true");
    list.scrollTop = 0;
    place(list, caretBox(area, start));
    mark(0);
  };
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("li");
    event.preventDefault();
    if (option) accept(words[[...list.children].indexOf(option)]);
  });
  const step = (by) => mark(at + by);
  return { isOpen, open, close, step, chosen: () => words[at], element: list };
}
function place(list, caret) {
  const { width, height } = list.getBoundingClientRect();
  const left = Math.max(4, Math.min(caret.left, innerWidth - width - 4));
  const below = caret.bottom + 4;
  const top = below + height > innerHeight ? Math.max(4, caret.top - height - 4) : below;
  list.style.left = `${left}px`;
  list.style.top = `${top}px`;
}

// widgets/prompt_editor/src/prompt_editor.js
var REST = 300;
var editors = 0;
function render({ model, el }) {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const id = `mls-prompt-${++editors}`;
  const root = addTo(el, "div", { class: "mls-prompt-editor" });
  const head = addTo(root, "div", { class: "mls-prompt-head" });
  const label = addTo(head, "label", { class: "mls-prompt-label" });
  const tokens = addTo(head, "span", { class: "mls-prompt-tokens" });
  const area = addTo(root, "textarea", { class: "mls-prompt-text" });
  label.htmlFor = area.id = id;
  area.spellcheck = false;
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-haspopup": "listbox",
    autocomplete: "off"
  })) area.setAttribute(name, value);
  let rest;
  const tell = () => {
    clearTimeout(rest);
    if (model.get("value") === area.value) return;
    model.set("value", area.value);
    model.save_changes();
  };
  let isAccepting = false;
  const put = (from, to, piece) => {
    isAccepting = true;
    replace(area, from, to, piece);
    isAccepting = false;
  };
  const accept = (word) => {
    const found = typedAt(area.value, area.selectionStart);
    list.close();
    if (found) put(found.start, area.selectionStart, word.insert);
  };
  const list = makeList(root, area, id, accept);
  const offer = () => {
    const found = typedAt(area.value, area.selectionStart);
    const words = found ? offered(model.get("words"), found) : [];
    if (words.length) list.open(words, found.start);
    else list.close();
  };
  const weigh = (isUp) => {
    const change = weighed(area.value, area.selectionStart, area.selectionEnd, isUp);
    if (!change) return;
    put(change.from, change.to, change.piece);
    area.setSelectionRange(change.start, change.end);
  };
  area.addEventListener("input", (event) => {
    clearTimeout(rest);
    rest = setTimeout(tell, REST);
    const isTyped = event.inputType?.startsWith("insert") || list.isOpen();
    if (isAccepting || !isTyped || event.inputType === "insertFromPaste") list.close();
    else offer();
  }, options);
  area.addEventListener("change", () => (list.close(), tell()), options);
  area.addEventListener("blur", () => (list.close(), tell()), options);
  area.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (!(isCommand && ["Enter", "s"].includes(event.key))) event.stopPropagation();
    if (event.isComposing) return;
    const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    const act = isCommand ? isArrow && !event.altKey && !event.shiftKey && (() => weigh(event.key === "ArrowUp")) : list.isOpen() && !event.shiftKey && {
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      Enter: () => accept(list.chosen()),
      Tab: () => accept(list.chosen()),
      Escape: () => list.close()
    }[event.key];
    if (!act) {
      if (list.isOpen() && /^(Arrow|Home|End|Page)/.test(event.key)) list.close();
      return;
    }
    event.preventDefault();
    act();
  }, options);
  area.addEventListener("pointerdown", list.close, options);
  const scrolled = (event) => list.element.contains(event.target) || list.close();
  document.addEventListener("scroll", scrolled, { capture: true, ...options });
  const show = {
    value: () => {
      clearTimeout(rest);
      if (area.value === model.get("value")) return;
      area.value = model.get("value");
      list.close();
    },
    description: () => label.textContent = model.get("description"),
    placeholder: () => area.placeholder = model.get("placeholder"),
    rows: () => area.rows = model.get("rows"),
    tokens: () => {
      tokens.textContent = model.get("tokens");
      tokens.title = tokens.textContent && "Tokens used, and how many fit";
    }
  };
  for (const [name, act] of Object.entries(show)) {
    act();
    model.on(`change:${name}`, act);
  }
  return () => {
    for (const [name, act] of Object.entries(show)) model.off(`change:${name}`, act);
    tell();
    list.close();
    ended.abort();
  };
}
var prompt_editor_default = { render };
export {
  prompt_editor_default as default
};
