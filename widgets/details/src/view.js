// The details: the file, what can be done with it, stars and tags, and the table.
import { copy } from "../../shared/clipboard.js";
import { addTo, make } from "../../shared/dom.js";
import { giveBack, heldIn } from "../../shared/focus.js";
import { tagsIn } from "../../shared/tags.js";
import { hasMore, shownGroups } from "./rows.js";
import { Story } from "./story.js";

/** @import { Answer, Group, Model, Row, Traits } from "./types" */

const MOST_STARS = 5;
const TOLD_FOR = 4000; // ms
const DRAWN_BY = /** @type {const} */ ([
  "name",
  "empty",
  "view",
  "shows_all",
  "groups",
  "compared",
  "has_pair",
  "stars",
  "tags",
  "related",
  "story",
  "difference",
  "suggestions",
]);
/** @type {[Traits["view"], string, string][]} */
const VIEWS = [
  ["settings", "Settings", "The settings of the picture"],
  ["form", "Form differs", "What differs between the picture and the form"],
  ["selected", "Two differ", "What differs between the two pictures selected in the history"],
];
/** @type {[string, string, string][]} */
const PARTS = [
  ["all", "All", "Use all settings"],
  ["prompt", "Prompt", "Use the prompt and the negative prompt"],
  ["seed", "Seed", "Use the seed"],
  ["size", "Size", "Use the size"],
  ["stages", "Stages", "Use the stages after the first, such as Face and Hand"],
];
/** @type {[string, string, string][]} */
const TEXTS = [
  ["text", "Text", "Copy the settings as text that a prompt field takes"],
  ["json", "JSON", "Copy the settings as JSON"],
  ["path", "Path", "Copy the path of the file"],
];

const KINDS = { tag: "Tag", lora: "LoRA", model: "Model", seed: "Seed" };

let numbers = 0;
let views = 0;

export class View {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    this.model = model;
    this.id = `mls-details-${++views}`;
    this.nothing = addTo(root, "p", { class: "mls-details-nothing" });
    this.page = addTo(root, "div", { class: "mls-details-page" });
    const { page } = this;
    this.name = addTo(page, "h3", {});
    this.marks = addTo(page, "div", { class: "mls-details-marks" });
    this.stars = addTo(this.marks, "div", { role: "group", "aria-label": "Stars" });
    this.tags = addTo(this.marks, "div", { class: "mls-details-tags" });
    this.list = addTo(this.marks, "datalist", { id: `${this.id}-tags` });
    this.field = addTo(this.marks, "input", {
      type: "text",
      placeholder: "Add a tag",
      "aria-label": "Add a tag",
      maxlength: 100,
      list: `${this.id}-tags`,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this.addTag();
      },
      onchange: () => this.addTag(),
    });
    this.line("Use", PARTS, (part) => model.send({ kind: "use", part }));
    this.line("Copy", TEXTS, (what) => this.copy(what));
    this.related = addTo(page, "div", {
      class: "mls-details-related",
      role: "group",
      "aria-label": "More like this",
    });
    this.told = addTo(page, "p", { class: "mls-details-told", role: "status" });
    this.views = addTo(page, "div", { class: "mls-details-views", role: "group" });
    this.views.setAttribute("aria-label", "Shown in the table");
    this.story = new Story(page, () => model.send({ kind: "check" }));
    this.table = addTo(page, "div", {
      class: "mls-details-table",
      tabindex: "0",
      role: "region",
      "aria-label": "Settings",
    });
    /** @type {Map<number, { resolve: (blob: Blob) => void, reject: (error: Error) => void }>} */
    this.asked = new Map();
    this.until = 0;
    this.drawn = () => this.draw();
    /** @type {(answer: Answer) => void} */
    this.heard = (answer) => this.take(answer);
    for (const name of DRAWN_BY) model.on(`change:${name}`, this.drawn);
    model.on("msg:custom", this.heard);
    // JupyterLab would take plain keys for shortcuts.
    root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    this.draw();
  }

  close() {
    clearTimeout(this.until);
    for (const name of DRAWN_BY) this.model.off(`change:${name}`, this.drawn);
    this.model.off("msg:custom", this.heard);
  }

  /**
   * Add a line of buttons that do the same with different things.
   * @param {string} label
   * @param {[string, string, string][]} choices value, text, help
   * @param {(value: string) => void} act
   */
  line(label, choices, act) {
    const attributes = { class: "mls-details-line", role: "group", "aria-label": label };
    const line = addTo(this.page, "div", attributes);
    addTo(line, "span", {}, label);
    for (const [value, text, title] of choices) {
      addTo(line, "button", { type: "button", title, onclick: () => act(value) }, text);
    }
  }

  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const { model } = this;
    const name = model.get("name");
    this.nothing.hidden = Boolean(name);
    this.page.hidden = !name;
    this.nothing.textContent = model.get("empty");
    this.name.textContent = name;
    this.name.title = name;
    this.drawMarks();
    this.drawRelated();
    this.story.draw(model.get("story"), model.get("difference"), model.get("stars") !== null);
    this.drawViews();
    this.drawTable();
  }

  drawMarks() {
    const { model } = this;
    const lit = model.get("stars");
    this.marks.hidden = lit === null;
    if (lit === null) return;
    const held = heldIn(this.stars);
    this.stars.replaceChildren();
    for (let count = 1; count <= MOST_STARS; count++) {
      const label = count === 1 ? "1 star" : `${count} stars`;
      addTo(
        this.stars,
        "button",
        {
          class: `mls-details-star${count <= lit ? " mls-lit" : ""}`,
          type: "button",
          "data-part": count,
          title: count === lit ? "Remove the stars" : label,
          "aria-label": label,
          "aria-pressed": String(count === lit),
          onclick: () => model.send({ kind: "mark", stars: count === lit ? 0 : count }),
        },
        count <= lit ? "★" : "☆",
      );
    }
    giveBack(this.stars, held);
    const heldTag = heldIn(this.tags);
    this.tags.replaceChildren(
      ...model.get("tags").map((tag) =>
        make(
          "button",
          {
            class: "mls-details-tag",
            type: "button",
            "data-part": tag,
            title: `Remove the tag: ${tag}`,
            onclick: () => model.send({ kind: "mark", remove_tags: [tag] }),
          },
          `${tag} ✕`,
        ),
      ),
    );
    giveBack(this.tags, heldTag, this.field);
    const options = model.get("suggestions").map((tag) => make("option", { value: tag }));
    this.list.replaceChildren(...options);
  }

  drawRelated() {
    const { model, related } = this;
    const found = model.get("related");
    const held = heldIn(related);
    related.hidden = found.length === 0;
    related.replaceChildren(make("span", {}, "Like this"));
    found.forEach(([kind, name, others], at) => {
      const count =
        others === 1 ? "1 other picture" : `${others.toLocaleString("en")} other pictures`;
      const text = kind === "tag" ? name : `${KINDS[kind]} ${name}`;
      const chip = addTo(related, "button", {
        class: "mls-details-tag",
        type: "button",
        "data-part": `${kind} ${name}`,
        title: `Show them in the history: ${count}`,
        onclick: () => model.send({ kind: "related", at }),
      });
      chip.append(text, make("small", {}, ` ${others.toLocaleString("en")}`));
    });
    giveBack(related, held);
  }

  drawViews() {
    const { model } = this;
    const held = heldIn(this.views);
    this.views.replaceChildren();
    for (const [value, text, title] of VIEWS) {
      const button = addTo(
        this.views,
        "button",
        {
          type: "button",
          title,
          "data-part": value,
          "aria-pressed": String(model.get("view") === value),
          onclick: () => this.set("view", value),
        },
        text,
      );
      button.disabled = value === "selected" && !model.get("has_pair");
    }
    giveBack(this.views, held);
  }

  drawTable() {
    const { model, table } = this;
    const groups = model.get("groups");
    const isAll = model.get("shows_all");
    const compared = model.get("compared");
    const focused = heldIn(table);
    table.classList.toggle("mls-compared", compared.length > 0);
    table.replaceChildren(
      ...(compared.length ? [headOf(compared)] : []),
      ...shownGroups(groups, isAll || compared.length > 0).map(groupOf),
    );
    if (!groups.length) {
      const why = compared.length ? "Nothing differs" : "Its settings are not known";
      table.append(make("p", { class: "mls-details-none" }, why));
    }
    if (!compared.length && (isAll || hasMore(groups))) {
      const button = { type: "button", "data-part": "all", class: "mls-details-all" };
      const act = () => this.set("shows_all", !isAll);
      const text = isAll ? "Only what is set" : "All settings";
      table.append(make("button", { ...button, onclick: act }, text));
    }
    giveBack(table, focused);
  }

  // --- what a person does ----------------------------------------------------------------------
  /**
   * @template {keyof Traits} Name
   * @param {Name} name
   * @param {Traits[Name]} value
   */
  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  addTag() {
    const tags = tagsIn(this.field.value);
    this.field.value = "";
    if (tags.length) this.model.send({ kind: "mark", add_tags: tags });
  }

  /** @param {string} what */
  async copy(what) {
    const number = ++numbers;
    /** @type {Promise<Blob>} */
    const content = new Promise((resolve, reject) => this.asked.set(number, { resolve, reject }));
    this.model.send({ kind: "text", what, number });
    try {
      await copy(content, "text/plain");
      this.tell("Copied");
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Answer} answer */
  take({ kind, number, text, why }) {
    const asked = kind === "text" && this.asked.get(number);
    if (!asked) return;
    this.asked.delete(number);
    if (text === undefined) asked.reject(new Error(why));
    else asked.resolve(new Blob([text], { type: "text/plain" }));
  }

  /** @param {string} text */
  tell(text) {
    clearTimeout(this.until);
    this.told.textContent = text;
    this.until = window.setTimeout(() => (this.told.textContent = ""), TOLD_FOR);
  }
}

/** @param {Group} group */
function groupOf({ title, note, rows }) {
  const head = make("h4", {}, title, make("small", {}, note));
  return make("section", {}, head, make("dl", {}, ...rows.flatMap(rowOf)));
}

/** @param {Row} row */
function rowOf({ label, value, other, is_usual: isUsual }) {
  const kind = isUsual ? "mls-usual" : null;
  const values = other ? [value, other] : [value];
  return [
    make("dt", { class: kind }, label),
    ...values.map((one) => make("dd", { class: kind }, one)),
  ];
}

/** @param {string[]} names */
const headOf = ([one, other]) =>
  make("p", { class: "mls-details-head" }, make("b", {}, one), make("b", {}, other));
