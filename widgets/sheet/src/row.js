// A row: a setting's label, its control, ↺ to take it back, and what is said about it.
import { make } from "../../shared/dom.js";
import { iconButton, rename, textButton } from "./buttons.js";
import { newId } from "./ids.js";
import { KINDS } from "./kinds.js";

/** @import { Action, Field, Host, Message, Scope, Shown, Value } from "./types" */

const FOLDED = 200; // ms, after which the style sheet has folded a message away

export class Row {
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
    this.label = target
      ? make("label", { class: "mls-row-label", for: this.id })
      : make("span", { class: "mls-row-label", id: `${this.id}-label` });
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
    const body = make("div", { class: "mls-row-body" }, element, ...(isWide ? [] : [this.back]));
    const cell = make("div", { class: "mls-row-control" }, body, this.buttons);
    this.element = make(
      "div",
      {
        class: `mls-row mls-${field.name.replace(/[^a-z0-9]+/gi, "-")}`,
        "data-name": field.name,
        "data-kind": field.kind,
      },
      this.label,
      this.control.aside ?? "",
      cell,
      this.sweep,
      isWide ? this.back : "",
      make("div", { class: "mls-row-said" }, this.message),
      this.help,
    );
    this.element.classList.toggle("mls-wide", isWide);
    /** @type {Message | null} */
    this.own = null; // what the page itself has to say
    this.hasToldWrong = false;
    this.drawn = { value: "", said: "" };
    this.describe(field);
  }

  /**
   * Say whether another description of the field can be shown by the same control.
   * @param {Field} field
   */
  fits(field) {
    const keys = /** @type {const} */ (["kind", "slider", "wide", "free"]);
    return keys.every((key) => this.field[key] === field[key]);
  }

  /** @param {Field} field */
  describe(field) {
    this.field = field;
    this.label.textContent = field.label;
    this.help.textContent = field.help ?? "";
    setOrRemove(this.element, "title", field.help ?? "");
    const actions = this.kind.hasActions ? [] : (field.actions ?? []);
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
      set: (value, isMoving = false, isLive = this.field.live ?? true) =>
        this.scope.set(this.field.name, value, isMoving, isLive),
      reset: () => this.reset(),
      wrong: (message, text) => this.wrong(message, text),
      path: () => this.scope.path(this.field.name),
      pictures: this.scope.pictures,
      files: this.scope.files,
      words: () => this.scope.words(),
      tokens: () => this.scope.tokens(this.field.name),
      act: (action, detail = null) => this.scope.act(this.field.name, action, detail),
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
      note: isNoted ? known.note : "",
    };
  }

  /** Show the value and what is said, as they are now. */
  update() {
    const { shown } = this;
    const value = JSON.stringify(shown.value);
    // What was said of another value is no longer true.
    if (value !== this.drawn.value) this.wrong(null);
    this.drawn.value = value;
    this.control.show(shown);
    this.showBack(shown);
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
    if (value === null || value === undefined) return "";
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
    const isNone = text !== undefined;
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
      if (action.value === undefined) this.scope.act(this.field.name, action.name, null);
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
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value empty for no attribute
 */
function setOrRemove(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
