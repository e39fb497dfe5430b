// The panel that gives tags to the selected pictures and takes them away.
import { make } from "../../shared/dom.js";
import { tagsIn } from "../../shared/tags.js";
import { icon } from "./icons.js";

/** @import { Model, Tags } from "./types" */
/** @typedef {{ add?: string[], remove?: string[], from?: string, to?: string }} TagDetails */

const MOST_SUGGESTED = 8;

/**
 * Return the tags to suggest for what has been typed: known ones that not all pictures have.
 * @param {string} typed
 * @param {[string, number][]} known with their number of pictures
 * @param {[string, number][]} own of the selected pictures
 * @param {number} of how many pictures are selected
 */
export function suggested(typed, known, own, of) {
  const begin = typed.trim().toLowerCase();
  const full = new Set(own.filter(([, count]) => count === of).map(([name]) => name.toLowerCase()));
  return known
    .filter(([name]) => !full.has(name.toLowerCase()) && name.toLowerCase().includes(begin))
    .sort(([one, few], [other, many]) => {
      const starts = Number(other.toLowerCase().startsWith(begin));
      return starts - Number(one.toLowerCase().startsWith(begin)) || many - few;
    })
    .slice(0, MOST_SUGGESTED)
    .map(([name]) => name);
}

/**
 * Say what giving a tag another name does everywhere: "" for nothing.
 * @param {[string, number][]} known
 * @param {string} from
 * @param {string} to
 * @returns {"" | "Rename everywhere" | "Merge the two"}
 */
export function retagOf(known, from, to) {
  const name = to.trim();
  if (!from || !name || name === from) return "";
  const isOther = name.toLowerCase() !== from.toLowerCase();
  const isThere = known.some(([one]) => one.toLowerCase() === name.toLowerCase());
  return isOther && isThere ? "Merge the two" : "Rename everywhere";
}

/** The line in which a tag gets another name in all pictures and models. */
class Retag {
  /**
   * @param {HTMLElement} panel
   * @param {Model} model
   * @param {(details: TagDetails) => void} act
   */
  constructor(panel, model, act) {
    this.model = model;
    this.root = make(
      "details",
      { class: "mls-gallery-retag" },
      make("summary", {}, "Rename a tag"),
    );
    this.from = make("select", {
      "aria-label": "Tag to rename",
      onchange: () => this.drawButton(),
    });
    this.to = make("input", {
      type: "text",
      placeholder: "New name",
      "aria-label": "New name of the tag",
      maxlength: 100,
      oninput: () => this.drawButton(),
    });
    this.button = make("button", {
      class: "mls-gallery-button",
      type: "button",
      onclick: () => {
        act({ from: this.from.value, to: this.to.value.trim() });
        this.to.value = "";
        this.drawButton();
      },
    });
    this.root.append(make("div", { class: "mls-gallery-add" }, this.from, this.to, this.button));
    panel.append(this.root);
    this.draw();
  }

  draw() {
    const chosen = this.from.value;
    const known = this.model.get("choices").tags;
    this.root.hidden = known.length === 0;
    this.from.replaceChildren(...known.map(([name]) => make("option", { value: name }, name)));
    if (known.some(([name]) => name === chosen)) this.from.value = chosen;
    this.drawButton();
  }

  drawButton() {
    const what = retagOf(this.model.get("choices").tags, this.from.value, this.to.value);
    this.button.disabled = !what;
    this.button.textContent = what || "Rename everywhere";
  }
}

export class TagPanel {
  /**
   * @param {HTMLElement} panel
   * @param {Model} model
   * @param {(details: TagDetails) => void} act
   */
  constructor(panel, model, act) {
    this.model = model;
    this.act = act;
    /** @type {Tags} */
    this.own = { kind: "tags", tags: [], of: 0 };
    this.field = make("input", {
      type: "text",
      placeholder: "Add a tag",
      "aria-label": "Add a tag",
      maxlength: 100,
      oninput: () => this.draw(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.add(this.field.value);
      },
    });
    const add = make(
      "button",
      { class: "mls-gallery-button", type: "button", onclick: () => this.add(this.field.value) },
      "Add",
    );
    this.chips = make("div", { class: "mls-gallery-tags" });
    this.more = make("div", { class: "mls-gallery-tags" });
    this.title = make("h4", {}, "Suggested");
    panel.append(
      make("div", { class: "mls-gallery-add" }, this.field, add),
      this.chips,
      this.title,
      this.more,
    );
    this.everywhere = new Retag(panel, model, (details) => this.act(details));
    /** @type {(message: Tags) => void} */
    this.heard = (message) => {
      if (message.kind !== "tags") return;
      this.own = message;
      this.draw();
    };
    model.on("msg:custom", this.heard);
  }

  close() {
    this.model.off("msg:custom", this.heard);
  }

  open() {
    this.field.value = "";
    this.own = { kind: "tags", tags: [], of: 0 };
    this.draw();
    this.model.send({ kind: "tags" });
  }

  /** @param {string} text */
  add(text) {
    const names = tagsIn(text);
    if (!names.length) return;
    this.field.value = "";
    this.act({ add: names });
    this.model.send({ kind: "tags" });
    this.field.focus();
  }

  /** @param {string} name */
  remove(name) {
    this.act({ remove: [name] });
    this.model.send({ kind: "tags" });
    this.field.focus();
  }

  draw() {
    const { tags, of } = this.own;
    const known = this.model.get("choices").tags;
    this.chips.replaceChildren(
      ...tags.map(([name, count]) => {
        const some = count < of ? `${count} of ${of}` : "";
        return make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            title: `Remove the tag: ${name}`,
            onclick: () => this.remove(name),
          },
          make("span", {}, name),
          make("small", {}, some),
          icon("x", 12),
        );
      }),
    );
    const more = suggested(this.field.value, known, tags, of);
    this.everywhere.draw();
    this.title.hidden = more.length === 0;
    this.more.replaceChildren(
      ...more.map((name) =>
        make(
          "button",
          {
            class: "mls-gallery-chip",
            type: "button",
            "aria-label": `Add the tag ${name}`,
            onclick: () => this.add(name),
          },
          `+ ${name}`,
        ),
      ),
    );
  }
}
