// A prompt's text area: completion at the caret, and weights by Ctrl+Up and Ctrl+Down.
import { addTo } from "../../shared/dom.js";
import { replace } from "./caret.js";
import { offered, typedAt } from "./completion.js";
import { weighed } from "./weights.js";
import { WordList } from "./word_list.js";

/** @import { AnyModel } from "@anywidget/types" */
/** @import { Traits, Word } from "./types" */

const REST = 300; // ms without a key, after which Python is told

let editors = 0; // for ids that are unique in the page

export class Editor {
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
      "aria-haspopup": "listbox",
    });
    this.list = new WordList(root, this.area, (word) => this.accept(word));
    /** Whether a word is being put in; that is not typed, and asks for no list. */
    this.isAccepting = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.rest = undefined;
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
    /** @type {Map<keyof Traits, () => void>} */
    const shown = new Map([
      ["value", () => this.showValue()],
      ["description", () => (label.textContent = model.get("description"))],
      ["placeholder", () => (area.placeholder = model.get("placeholder"))],
      ["rows", () => (area.rows = model.get("rows"))],
      [
        "tokens",
        () => {
          tokens.textContent = model.get("tokens");
          tokens.title = tokens.textContent && "Tokens used, and how many fit";
        },
      ],
    ]);
    for (const [name, show] of shown) {
      show();
      model.on(`change:${name}`, show);
    }
    return shown;
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
      (event) => this.typed(/** @type {InputEvent} */ (event)),
      options,
    );
    // The panel's Ctrl+Enter says so too, before it is acted on.
    area.addEventListener("change", leave, options);
    area.addEventListener("blur", leave, options);
    area.addEventListener("keydown", (event) => this.press(event), options);
    area.addEventListener("pointerdown", () => list.close(), options);
    // The list hangs in the window: it would stay behind when the page moves under it.
    /** @param {Event} event */
    const scrolled = (event) => {
      if (!list.list.contains(/** @type {Node} */ (event.target))) list.close();
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
    // JupyterLab would take the others; these two are the panel's and the notebook's.
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
    return isArrow && !altKey && !shiftKey ? () => this.weigh(key === "ArrowUp") : undefined;
  }

  /**
   * Return what a key does to the open list.
   * @param {KeyboardEvent} event
   */
  choosingOf({ key, shiftKey }) {
    const { list } = this;
    if (!list.isOpen || shiftKey) return undefined;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      Enter: () => this.accept(list.chosen),
      Tab: () => this.accept(list.chosen),
      Escape: () => list.close(),
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
}
