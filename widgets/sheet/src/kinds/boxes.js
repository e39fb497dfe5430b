// Values that are made on the canvas, such as boxes: how many there are, and a way to drop them.
import { make } from "../../../shared/dom.js";
import { iconButton, textButton } from "../buttons.js";

/** @import { Control, Host, Shown } from "../types" */

/**
 * Make the line that counts them.
 * @param {Host} host
 * @returns {Control}
 */
export function makeBoxes(host) {
  let { field } = host;
  const said = make("span", { class: "mls-count" });
  const buttons = make("span", { class: "mls-row-actions" });
  const away = iconButton("remove", "", () => host.set(null));
  return {
    element: make("div", { class: "mls-line mls-boxes" }, said, buttons, away),
    target: null,
    describe(described) {
      field = described;
      const label = `Remove the ${field.items ?? "values"}`;
      away.title = label;
      away.setAttribute("aria-label", label);
      const actions = field.actions ?? [];
      buttons.replaceChildren(
        ...actions.map(({ name, label: text, help }) =>
          textButton(text, () => host.act(name), help),
        ),
      );
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      const count = value?.length ?? 0;
      const noun = count === 1 ? (field.item ?? "value") : (field.items ?? "values");
      const none = [inherited, note].filter(Boolean).join(", ") || "none";
      said.textContent = value === null ? none : `${count} ${noun}`;
      said.classList.toggle("mls-inherited", value === null);
      away.hidden = value === null;
    },
    disable(isDisabled) {
      away.disabled = isDisabled;
      for (const button of buttons.querySelectorAll("button")) button.disabled = isDisabled;
    },
  };
}
