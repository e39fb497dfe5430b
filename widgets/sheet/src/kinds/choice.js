// One of several values: a menu, or where others may be typed, a line with suggestions.
import { make } from "../../../shared/dom.js";
import { Suggestions } from "../suggestions.js";

/** @import { Control, Host, Shown, Value } from "../types" */
/** @typedef {[label: string, value: Value]} Choice */

/**
 * Make the control of a choice.
 * @param {Host} host
 * @returns {Control}
 */
export const makeChoice = (host) => (host.field.free ? makeLine(host) : makeMenu(host));

/**
 * Make a menu. Its first entry stands for what is inherited, where that may be.
 * @param {Host} host
 * @returns {Control}
 */
function makeMenu(host) {
  /** @type {Choice[]} */
  let choices = [];
  let { field } = host;
  const select = make("select", {
    class: "mls-input mls-select",
    id: host.id,
    onchange: () => host.set(choices[select.selectedIndex]?.[1] ?? null),
  });

  /** @param {Shown} shown */
  const show = (shown) => {
    const { value } = shown;
    const offered = field.choices ?? [];
    choices = field.optional ? [[inForce(shown, offered), null], ...offered] : [...offered];
    // A value that is not offered, such as a model that is gone, stays what it is.
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
    describe: (described) => (field = described),
    show,
    disable: (isDisabled) => (select.disabled = isDisabled),
  };
}

/**
 * Make a line of text that offers the choices.
 * @param {Host} host
 * @returns {Control}
 */
function makeLine(host) {
  let { field } = host;
  let text = ""; // as it is shown while nobody types
  const input = make("input", {
    class: "mls-input mls-select",
    id: host.id,
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
  });
  const element = make("div", { class: "mls-suggested" }, input);
  /** @type {() => Choice[]} */
  const choices = () => field.choices ?? [];
  /** @param {string} typed */
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
    accept: ({ label }) => take(label),
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
    options,
  );
  return {
    element,
    target: input,
    describe: (described) => (field = described),
    /** @param {Shown} shown */
    show(shown) {
      const isTyping = input.value !== text && input.ownerDocument.activeElement === input;
      text = shown.value === null ? "" : nameOf(shown.value, choices());
      input.placeholder = field.optional ? inForce(shown, choices()) : (field.example ?? "");
      if (!isTyping) input.value = text;
    },
    disable: (isDisabled) => (input.disabled = isDisabled),
    close: () => suggestions.close(),
  };
}

/**
 * Return the name of what is in force while the value is inherited.
 * @param {Shown} shown
 * @param {Choice[]} choices
 */
function inForce({ inherited, note }, choices) {
  const name = inherited === null ? "Automatic" : nameOf(inherited, choices);
  return [name, note].filter(Boolean).join(", ");
}

/**
 * @param {Value} value
 * @param {Choice[]} choices
 */
const nameOf = (value, choices) =>
  choices.find(([, one]) => isSame(one, value))?.[0] ?? String(value);

/**
 * @param {Value} one
 * @param {Value} other
 */
const isSame = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
