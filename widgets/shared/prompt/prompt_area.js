// A prompt's text area: completion at the caret, and weights by Ctrl+Up and Ctrl+Down.
import { addTo } from "../dom.js";
import { ListBox } from "../list_box.js";
import { caretBox, replace } from "./caret.js";
import { offered, typedAt } from "./completion.js";
import { weighed } from "./weights.js";

/** @import { Word, WordKind } from "./types" */

/**
 * @typedef {object} PromptOwner
 * @property {string} id unique in the page
 * @property {() => Word[]} words return the words to offer
 * @property {(text: string) => void} tell called with a new text when the hand rests, and at once
 *   when the text is left
 */

const REST = 300; // ms without a key, after which the text is told
/** @type {Record<WordKind, string>} */
const MARKS = {
  lora: "LoRA",
  wildcard: "wildcard",
  embedding: "embedding",
  style: "style",
  word: "",
};

export class PromptArea {
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
      autocomplete: "off",
    });
    this.list = new ListBox(parent, this.area, (index) => this.accept(this.words[index]));
    /** @type {Word[]} */
    this.words = []; // those that are offered at the moment
    /** Whether a word is being put in; that is not typed, and asks for no list. */
    this.isAccepting = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.rest = undefined;
    this.told = "";
    this.listen();
  }

  /**
   * Show a text, unless a person is typing another one.
   * @param {string} text
   */
  show(text) {
    this.told = text;
    if (this.rest !== undefined || this.area.value === text) return;
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
    this.rest = undefined;
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
      (event) => this.typed(/** @type {InputEvent} */ (event)),
      options,
    );
    // The panel's Ctrl+Enter says so too, before it is acted on.
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
    // JupyterLab would take the others; these are the panel's and the notebook's.
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
      Enter: () => this.accept(this.words[list.at]),
      Tab: () => this.accept(this.words[list.at]),
      Escape: () => list.hide(),
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
}
