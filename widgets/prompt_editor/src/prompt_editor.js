// A prompt's text area: completion at the caret, and weights by Ctrl+Up and Ctrl+Down.
import { addTo } from "../../shared/dom.js";
import { replace } from "./caret.js";
import { offered, typedAt } from "./completion.js";
import { weighed } from "./weights.js";
import { makeList } from "./word_list.js";

const REST = 300; // ms without a key, after which Python is told

let editors = 0; // for ids that are unique in the page

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
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-haspopup": "listbox", autocomplete: "off",
  })) area.setAttribute(name, value);

  let rest;
  const tell = () => {
    clearTimeout(rest);
    if (model.get("value") === area.value) return;
    model.set("value", area.value);
    model.save_changes();
  };
  let isAccepting = false; // what is put in is not typed, and asks for no list
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
  // The panel's Ctrl+Enter says so too, before it is acted on.
  area.addEventListener("change", () => (list.close(), tell()), options);
  area.addEventListener("blur", () => (list.close(), tell()), options);
  area.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    // JupyterLab would take the others; these two are the panel's and the notebook's.
    if (!(isCommand && ["Enter", "s"].includes(event.key))) event.stopPropagation();
    if (event.isComposing) return;
    const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    const act = isCommand
      ? isArrow && !event.altKey && !event.shiftKey && (() => weigh(event.key === "ArrowUp"))
      : list.isOpen() && !event.shiftKey && {
          ArrowDown: () => list.step(1),
          ArrowUp: () => list.step(-1),
          Enter: () => accept(list.chosen()),
          Tab: () => accept(list.chosen()),
          Escape: () => list.close(),
        }[event.key];
    if (!act) {
      if (list.isOpen() && /^(Arrow|Home|End|Page)/.test(event.key)) list.close();
      return;
    }
    event.preventDefault();
    act();
  }, options);
  area.addEventListener("pointerdown", list.close, options);
  // The list hangs in the window: it would stay behind when the page moves under it.
  const scrolled = (event) => list.element.contains(event.target) || list.close();
  document.addEventListener("scroll", scrolled, { capture: true, ...options });

  const show = {
    value: () => {
      clearTimeout(rest);
      if (area.value === model.get("value")) return;
      area.value = model.get("value");
      list.close();
    },
    description: () => (label.textContent = model.get("description")),
    placeholder: () => (area.placeholder = model.get("placeholder")),
    rows: () => (area.rows = model.get("rows")),
    tokens: () => {
      tokens.textContent = model.get("tokens");
      tokens.title = tokens.textContent && "Tokens used, and how many fit";
    },
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

export default { render };
