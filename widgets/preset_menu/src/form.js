// The line in which a preset is named, to be saved or renamed.
import { addTo, make } from "../../shared/dom.js";

const MOST = 80; // characters of a name

/** @type {[string, string][]} */
const PARTS = [
  ["prompt", "Prompt"],
  ["model", "Model and LoRAs"],
  ["size", "Size"],
];

export class NameForm {
  /**
   * @param {HTMLElement} parent
   * @param {{
   *   label: string, hasParts: boolean, verb: (name: string) => string,
   *   done: (name: string, parts: string[]) => void, cancel: () => void,
   * }} told `verb` is the button's text for a name, "" where there is nothing to do
   */
  constructor(parent, { label, hasParts, verb, done, cancel }) {
    this.verb = verb;
    this.done = done;
    this.root = addTo(parent, "form", { class: "mls-presets-form", "aria-label": label });
    this.field = addTo(this.root, "input", {
      type: "text",
      "aria-label": label,
      placeholder: "Name",
      maxlength: MOST,
      oninput: () => this.draw(),
    });
    /** @type {HTMLInputElement[]} */
    this.boxes = [];
    if (hasParts) {
      const parts = addTo(this.root, "div", { role: "group", "aria-label": "Also saved" });
      for (const [value, text] of PARTS) {
        const box = make("input", { type: "checkbox", value });
        this.boxes.push(box);
        parts.append(make("label", {}, box, text));
      }
    }
    const line = addTo(this.root, "div", { class: "mls-presets-line" });
    this.save = addTo(line, "button", { type: "submit", class: "mls-presets-main" });
    addTo(line, "button", { type: "button", onclick: cancel }, "Cancel");
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.save.disabled) this.done(this.field.value.trim(), this.parts);
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      cancel();
    });
    this.draw();
  }

  get parts() {
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }

  /** @param {string} name */
  begin(name) {
    this.field.value = name;
    this.draw();
    this.field.focus();
    this.field.select();
  }

  draw() {
    const verb = this.verb(this.field.value);
    this.save.disabled = !verb;
    this.save.textContent = verb || "Save";
  }
}
