// The row of a stage: its switch, its name with the main slider, and the button to its sheet.
import { make, makeSvg } from "../../shared/dom.js";
import { Row } from "../../sheet/src/row.js";

/** @import { Field, Scope } from "../../sheet/src/types" */
/** @import { StageRow as Described } from "./types" */

/** @type {[string, Record<string, string | number>][]} */
const DOTS = [["M6 12h.01M12 12h.01M18 12h.01", { "stroke-width": 3 }]];

export class StageRow {
  /**
   * @param {Described} own
   * @param {Scope} scope
   * @param {Map<string, Field>} fields
   * @param {(name: string) => void} open
   */
  constructor(own, scope, fields, open) {
    this.own = own;
    this.scope = scope;
    this.switch = make("button", {
      class: "mls-switch",
      type: "button",
      role: "switch",
      onclick: () => scope.set(this.own.switch, !scope.value(this.own.switch), false, false),
    });
    this.title = make("span", { class: "mls-stage-row-title" });
    this.main = make("div", { class: "mls-stage-row-main" });
    this.opener = make(
      "button",
      {
        class: "mls-icon-button mls-stage-open",
        type: "button",
        onclick: () => open(this.own.name),
      },
      makeSvg(DOTS, { class: "mls-icon" }),
    );
    this.note = make("span", { class: "mls-stage-note" });
    this.message = make("button", {
      class: "mls-stage-message",
      type: "button",
      onclick: () => open(this.own.name),
    });
    this.element = make(
      "li",
      { class: "mls-stage-row", "data-name": own.name },
      this.switch,
      this.main,
      this.opener,
      this.note,
      this.message,
    );
    /** @type {Row | null} */
    this.row = null;
    this.describe(own, fields);
  }

  /**
   * @param {Described} own
   * @param {Map<string, Field>} fields
   */
  describe(own, fields) {
    this.own = own;
    const field = fields.get(own.main);
    this.title.textContent = own.title;
    this.opener.setAttribute("aria-label", `Settings of ${own.title}`);
    this.opener.title = `Settings of ${own.title}`;
    this.switch.setAttribute("aria-label", own.title);
    this.switch.title = `Switch ${own.title} on or off`;
    this.switch.hidden = own.switch === "";
    this.note.textContent = own.note;
    this.message.textContent = own.message;
    this.drawMain(field, own);
    this.update();
  }

  /**
   * @param {Field | undefined} field
   * @param {Described} own
   */
  drawMain(field, own) {
    if (!field) {
      this.row?.close();
      this.row = null;
      this.main.replaceChildren(this.title);
      return;
    }
    const named = { ...field, label: own.title };
    if (this.row?.fits(named)) this.row.describe(named);
    else {
      this.row?.close();
      this.row = new Row(named, this.scope);
      this.main.replaceChildren(this.row.element);
    }
    // The stage alone is seen; what its number is, a screen reader tells.
    for (const input of this.row.control.element.querySelectorAll("input")) {
      input.setAttribute("aria-label", `${own.title}: ${field.label}`);
    }
  }

  update() {
    const isOn = this.own.switch === "" || this.scope.value(this.own.switch) === true;
    this.switch.setAttribute("aria-checked", String(isOn));
    this.element.classList.toggle("mls-stage-off", !isOn);
    this.row?.update();
  }

  close() {
    this.row?.close();
    this.element.remove();
  }
}
