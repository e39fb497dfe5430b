// What a person keeps of a model, in its drawer: tags, weight, notes; and what changes its file.
import { addTo } from "../../shared/dom.js";

/** @import { Action } from "./types" */

/** @typedef {(action: string, text: string) => void} Act */

/** What changes a model's file, or asks for its new name. */
export const CHANGES = ".mls-model-changes";

let lists = 0; // for ids that are unique in the page

/**
 * Draw the tags that a model has, and the field for another one.
 * @param {HTMLElement} parent
 * @param {string[]} tags
 * @param {string[]} known tags to suggest
 * @param {Act} act
 */
export function drawTags(parent, tags, known, act) {
  addTo(parent, "h4", {}, "Tags");
  const line = addTo(parent, "div", { class: "mls-model-words" });
  for (const tag of tags) {
    const title = `Remove the tag ${tag}`;
    const button = addTo(
      line,
      "button",
      {
        class: "mls-model-word",
        type: "button",
        title,
        "aria-label": title,
        onclick: () => act("untag", tag),
      },
      tag,
    );
    addTo(button, "span", { class: "mls-model-cross", "aria-hidden": "true" }, "✕");
  }
  const id = `mls-model-tags-${++lists}`;
  const field = addTo(line, "input", {
    class: "mls-model-tag",
    type: "text",
    list: id,
    placeholder: "Add a tag",
    "aria-label": "Add a tag",
    title: "Such as portrait, or character:Ada; Enter adds it",
    maxlength: 200,
  });
  const add = () => {
    const text = field.value.trim();
    field.value = "";
    if (text) act("tag", text);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  field.addEventListener("change", add);
  const suggested = addTo(line, "datalist", { id });
  const own = new Set(tags);
  for (const tag of known) if (!own.has(tag)) addTo(suggested, "option", { value: tag });
}

/**
 * Draw the weight that a LoRA is added with.
 * @param {HTMLElement} parent
 * @param {string} weight "" for the usual one
 * @param {Act} act
 */
export function drawWeight(parent, weight, act) {
  const label = addTo(parent, "label", { class: "mls-model-weight" }, "Weight when added");
  const field = addTo(label, "input", {
    type: "number",
    step: 0.05,
    min: -10,
    max: 10,
    value: weight,
    placeholder: "1",
  });
  field.addEventListener("change", () => act("weight", field.value));
}

/**
 * Draw a person's notes, which are kept when the field is left.
 * @param {HTMLElement} parent
 * @param {string} notes
 * @param {Act} act
 */
export function drawNotes(parent, notes, act) {
  addTo(parent, "h4", {}, "Your notes");
  const field = addTo(parent, "textarea", {
    class: "mls-model-own-notes",
    rows: 3,
    placeholder: "Nothing noted yet",
    "aria-label": "Your notes",
    maxlength: 20000,
  });
  field.defaultValue = notes;
  field.addEventListener("change", () => act("notes", field.value));
}

/**
 * Draw the buttons that change a model's file; a new name is asked for in their place.
 * @param {HTMLElement} parent
 * @param {string} name of the model's file
 * @param {Action[]} changes
 * @param {Act} act
 */
export function drawChanges(parent, name, changes, act) {
  if (!changes.length) return;
  const line = addTo(parent, "div", { class: "mls-model-actions mls-model-changes" });
  for (const { name: action, label, text } of changes) {
    const button = addTo(line, "button", { class: "mls-models-button", type: "button" }, label);
    button.addEventListener("click", () => {
      if (action === "rename") askForName(line, button, text || name, act);
      else act(action, text);
    });
  }
}

/**
 * @param {HTMLElement} line of buttons
 * @param {HTMLElement} button that asked, which gets the focus back
 * @param {string} name
 * @param {Act} act
 */
function askForName(line, button, name, act) {
  const held = [...line.children];
  const field = addTo(line, "input", {
    type: "text",
    value: name,
    "aria-label": "New name",
    maxlength: 200,
  });
  const stop = () => {
    line.replaceChildren(...held);
    button.focus();
  };
  const save = addTo(line, "button", { class: "mls-models-button mls-primary", type: "button" });
  save.textContent = "Rename";
  const cancel = addTo(line, "button", { class: "mls-models-button", type: "button" }, "Cancel");
  const rename = () => {
    const text = field.value.trim();
    stop();
    if (text && text !== name) act("rename", text);
  };
  save.addEventListener("click", rename);
  cancel.addEventListener("click", stop);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") rename();
    else if (event.key === "Escape") stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  line.replaceChildren(field, save, cancel);
  field.focus();
  field.select();
}
