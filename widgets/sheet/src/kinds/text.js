// A text: a short one in a line, or one of several lines.
import { make } from "../../../shared/dom.js";

/** @import { Control, Host, Shown } from "../types" */

const ROWS = 3;

/**
 * Make a text's box; what is typed is taken when the focus leaves, in a line with Enter, too.
 * @param {Host} host
 * @param {"input" | "textarea"} tag
 * @returns {Control}
 */
export function makeText(host, tag = "input") {
  let { field } = host;
  let text = ""; // as it is shown while nobody types
  const isLine = tag === "input";
  const box = make(tag, {
    class: isLine ? "mls-input" : "mls-input mls-text-area",
    id: host.id,
    type: isLine ? "text" : null,
    autocomplete: "off",
    spellcheck: "false",
  });
  const commit = () => {
    if (box.value === text) return;
    text = box.value;
    host.set(text === "" && field.optional ? null : text);
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key === "Enter" && isLine) commit();
    else if (event.key === "Escape" && box.value !== text) {
      event.preventDefault();
      box.value = text;
    }
  };
  const options = { signal: host.signal };
  box.addEventListener("change", commit, options);
  box.addEventListener("blur", commit, options);
  box.addEventListener("keydown", /** @type {EventListener} */ (press), options);
  return {
    element: box,
    target: box,
    describe(described) {
      field = described;
      box.style.setProperty("--rows", String(field.rows ?? ROWS));
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      const isTyping = box.value !== text && box.ownerDocument.activeElement === box;
      text = value === null ? "" : String(value);
      const inForce = [inherited === null ? "" : String(inherited), note].filter(Boolean);
      box.placeholder = inForce.join(", ") || (field.example ?? "");
      if (!isTyping) box.value = text;
    },
    disable: (isDisabled) => (box.disabled = isDisabled),
    close: commit,
  };
}
