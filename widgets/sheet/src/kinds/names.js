// A list of names: each a chip that can be taken away, and a line that adds others.
import { make } from "../../../shared/dom.js";
import { iconButton } from "../buttons.js";
import { Suggestions } from "../suggestions.js";

/** @import { Control, Host, Shown } from "../types" */

/**
 * Make the chips. Of a field that is not free only the choices can be added.
 * @param {Host} host
 * @returns {Control}
 */
export function makeNames(host) {
  let { field } = host;
  /** @type {string[]} */
  let names = [];
  let isInherited = false;
  const chips = make("ul", { class: "mls-chips" });
  const input = make("input", {
    class: "mls-chip-input",
    id: host.id,
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
  });
  const element = make("div", { class: "mls-names" }, chips, input);
  const known = () => (field.choices ?? []).map(([label]) => label);
  /** @param {string} typed */
  const add = (typed) => {
    const name = typed.trim();
    if (!name) {
      host.wrong(null);
      return;
    }
    const found = known().find((one) => one.toLowerCase() === name.toLowerCase());
    if (!found && !field.free) {
      host.wrong({ text: `There is no “${name}”.` }, name);
      return;
    }
    input.value = "";
    host.wrong(null);
    if (!names.includes(found ?? name)) host.set([...names, found ?? name]);
  };
  /** @param {number} index */
  const remove = (index) => {
    host.set(names.filter((_, at) => at !== index));
    input.focus();
  };
  const suggestions = new Suggestions(element, input, {
    signal: host.signal,
    options: () =>
      known()
        .filter((label) => !names.includes(label))
        .map((label) => ({ label })),
    isTyped: () => true,
    accept: ({ label }) => add(label),
  });
  const options = { signal: host.signal };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Backspace" && !input.value && !isInherited && names.length) {
      remove(names.length - 1);
    }
  };
  input.addEventListener("keydown", press, options);
  // The panel's Ctrl+Enter says so, before it is acted on.
  input.addEventListener("change", () => add(input.value), options);
  input.addEventListener("blur", () => add(input.value), options);
  element.addEventListener("click", ({ target }) => target === element && input.focus(), options);

  /** @type {(name: string, index: number) => HTMLElement} */
  const chip = (name, index) => {
    const said = make("span", { class: "mls-chip-name", title: name }, name);
    if (isInherited) return make("li", { class: "mls-chip mls-inherited" }, said);
    const away = iconButton("remove", `Remove ${name}`, () => remove(index));
    return make("li", { class: "mls-chip" }, said, away);
  };
  let drawn = "";
  return {
    element,
    target: input,
    describe(described) {
      field = described;
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      isInherited = value === null;
      names = value ?? (Array.isArray(inherited) ? inherited : []);
      const news = JSON.stringify([names, isInherited]);
      if (news !== drawn) chips.replaceChildren(...names.map(chip));
      drawn = news;
      chips.hidden = names.length === 0;
      const text = typeof inherited === "string" ? inherited : "";
      const said = isInherited ? [text, note].filter(Boolean).join(", ") : "";
      input.placeholder = said || (names.length ? "" : (field.example ?? "Add…"));
    },
    disable(isDisabled) {
      input.disabled = isDisabled;
      for (const button of chips.querySelectorAll("button")) button.disabled = isDisabled;
    },
    close: () => suggestions.close(),
  };
}
