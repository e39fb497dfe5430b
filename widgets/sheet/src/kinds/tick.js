// Yes or no.
import { make } from "../../../shared/dom.js";

/** @import { Control, Host, Shown } from "../types" */

/**
 * Make a tick box; while it is inherited it shows what is in force, greyed.
 * @param {Host} host
 * @returns {Control}
 */
export function makeTick(host) {
  const box = make("input", {
    class: "mls-tick",
    id: host.id,
    type: "checkbox",
    onchange: () => host.set(box.checked),
  });
  const said = make("span", { class: "mls-tick-note" });
  const element = make("div", { class: "mls-tick-line" }, box, said);
  return {
    element,
    target: box,
    describe() {},
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      box.checked = Boolean(value ?? inherited);
      box.classList.toggle("mls-inherited", value === null);
      const text = typeof inherited === "string" ? inherited : "";
      said.textContent = value === null ? [text, note].filter(Boolean).join(", ") : "";
    },
    disable: (isDisabled) => (box.disabled = isDisabled),
  };
}
