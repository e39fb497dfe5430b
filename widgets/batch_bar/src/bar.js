// One line: a batch's name and progress, its pages, and what is done with the marked pictures.
import { addTo, make, makeSvg } from "../../shared/dom.js";
import { giveBack, heldIn } from "../../shared/focus.js";
import { addMenu, openAt } from "../../shared/popup.js";
import { tagsIn } from "../../shared/tags.js";
import { markedText, runText } from "./words.js";

/** @import { File, Model } from "./types" */

const TOLD_FOR = 10_000; // ms that a notice stays, with its Undo
const STARS = [0, 1, 2, 3, 4, 5];
const STROKE = {
  fill: "none",
  stroke: "currentColor",
  "stroke-width": 1.6,
  "stroke-linejoin": "round",
  "stroke-linecap": "round",
};
const PATHS = {
  compare: "M12 4v16M4 6h5v12H4zM15 6h5v12h-5z",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  export: "M12 4v11M7 11l5 5 5-5M5 20h14",
  history: "M4 5h7v7H4zM13 5h7v7h-7zM4 14h7v6H4zM13 14h7v6h-7z",
  next: "M9 6l6 6-6 6",
  previous: "M15 6l-6 6 6 6",
  start: "M4 5h10v10H4zM17 9l4 4-4 4M21 13h-9",
  tag: "M4 5h8l8 8-7 7-9-9zM8.5 9.5h.01",
  use: "M4 7h9M4 12h6M4 17h9M14 12h7M18 8l4 4-4 4",
  x: "M6 6l12 12M18 6L6 18",
};
const REDRAWN_BY = /** @type {const} */ (["batch", "marked", "tags", "offers"]);

/** @param {keyof typeof PATHS} name */
const icon = (name) => makeSvg([[PATHS[name], STROKE]], { width: 18, height: 18 });

export class Bar {
  isTelling = false;
  until = 0;

  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "section", { class: "mls-batch", "aria-label": "Batch", hidden: "" });
    this.track = addTo(this.root, "div", { class: "mls-batch-track", "aria-hidden": "true" });
    this.share = addTo(this.track, "div");
    const line = addTo(this.root, "div", { class: "mls-batch-line" });
    this.name = addTo(line, "strong", { class: "mls-batch-name" });
    this.told = addTo(line, "span", { class: "mls-batch-told", role: "status" });
    this.undo = this.text(line, "Undo", () => this.takeBack());
    this.undo.hidden = true;
    this.run = this.text(line, "", () => this.act("run"), "mls-batch-run");
    this.stop = this.text(line, "Stop", () => this.act("stop"), "mls-batch-stop");
    this.pages = addTo(line, "span", { class: "mls-batch-pages" });
    this.previous = this.sign(this.pages, "previous", "Previous page", () => this.turn(-1));
    this.page = addTo(this.pages, "span");
    this.next = this.sign(this.pages, "next", "Next page", () => this.turn(1));
    this.tools = this.makeTools(line);
    this.export = this.sign(line, "export", "Export as a file for papermill", () =>
      this.act("export"),
    );
    this.close_ = this.sign(line, "x", "Close the batch; it stays in the list", () =>
      this.act("close"),
    );
    this.root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    this.redraw = () => this.draw();
    this.notice = () => this.tell();
    /** @param {File} message */
    this.hear = (message) => {
      if (message.kind === "file") download(message);
    };
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.redraw);
    model.on("change:notice", this.notice);
    model.on("msg:custom", this.hear);
    this.draw();
  }

  close() {
    window.clearTimeout(this.until);
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.redraw);
    this.model.off("change:notice", this.notice);
    this.model.off("msg:custom", this.hear);
  }

  /** @param {HTMLElement} line */
  makeTools(line) {
    const tools = addTo(line, "div", {
      class: "mls-batch-tools",
      role: "toolbar",
      "aria-label": "Marked pictures",
    });
    this.count = addTo(tools, "span");
    this.compare = this.sign(tools, "compare", "Compare the two", () => this.act("compare"));
    const stars = STARS.map((count) => ({
      value: String(count),
      label: count ? "★".repeat(count) : "No stars",
    }));
    addMenu(tools, "★", stars, (count) => this.act("stars", { stars: Number(count) }), {
      class: "mls-batch-button",
      "aria-label": "Stars",
      title: "Stars",
    });
    this.makeTags(tools);
    this.remove = this.sign(tools, "delete", "Move to the bin", () => this.act("delete"));
    this.history = this.sign(tools, "history", "Show in the history", () => this.act("history"));
    this.start = this.sign(tools, "start", "Start from this picture", () => this.act("start"));
    this.use = this.sign(tools, "use", "Use its settings", () => this.act("use"));
    this.unmark = this.sign(tools, "x", "Unmark all", () => this.act("unmark"));
    return tools;
  }

  /** @param {HTMLElement} tools */
  makeTags(tools) {
    const button = this.sign(tools, "tag", "Tags", () => {});
    button.setAttribute("aria-haspopup", "dialog");
    const panel = addTo(tools, "div", {
      class: "mls-batch-tags",
      role: "dialog",
      "aria-label": "Tags",
    });
    const field = (this.field = make("input", {
      type: "text",
      placeholder: "Add tags, with commas between",
      "aria-label": "Add tags",
      maxlength: 200,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        add();
      },
    }));
    const add = () => {
      const tags = tagsIn(field.value);
      if (tags.length) this.act("tag", { add: tags });
      field.value = "";
      field.focus();
    };
    const row = addTo(panel, "div", { class: "mls-batch-add" }, field);
    this.text(row, "Add", add);
    this.chips = addTo(panel, "div", { class: "mls-batch-chips" });
    openAt(button, panel, (isOpen) => isOpen && field.focus());
  }

  /**
   * @param {HTMLElement} parent
   * @param {string} label
   * @param {() => void} act
   * @param {string} [look]
   */
  text(parent, label, act, look = "") {
    const kind = { class: `mls-batch-button ${look}`.trim(), type: "button", onclick: act };
    return addTo(parent, "button", kind, label);
  }

  /**
   * @param {HTMLElement} parent
   * @param {keyof typeof PATHS} name
   * @param {string} label
   * @param {() => void} act
   */
  sign(parent, name, label, act) {
    const button = addTo(parent, "button", {
      class: `mls-batch-icon mls-batch-${name}`,
      type: "button",
      title: label,
      "aria-label": label,
      onclick: act,
    });
    button.append(icon(name));
    return button;
  }

  // --- what a person does ----------------------------------------------------------------------
  /**
   * @param {string} what
   * @param {object} [details]
   */
  act(what, details = {}) {
    this.model.send({ kind: "act", do: what, details });
  }

  /** @param {number} by */
  turn(by) {
    this.act("page", { page: this.model.get("batch").page + by });
  }

  takeBack() {
    this.quiet();
    this.act("undo");
  }

  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const batch = this.model.get("batch");
    const marked = this.model.get("marked");
    const offers = this.model.get("offers");
    this.root.hidden = batch.name === "";
    this.root.dataset.state = batch.state;
    this.root.toggleAttribute("data-marked", marked > 0);
    this.name.textContent = batch.name;
    this.name.title = batch.name;
    this.share.style.width = `${100 * batch.share}%`;
    if (!this.isTelling) this.say(batch.told);
    const run = runText(batch);
    const hadFocus = this.root.contains(document.activeElement) ? document.activeElement : null;
    this.run.textContent = run;
    this.run.hidden = run === "";
    this.stop.hidden = batch.state !== "running";
    if (hadFocus === this.run && this.run.hidden && !this.stop.hidden) this.stop.focus();
    if (hadFocus === this.stop && this.stop.hidden && !this.run.hidden) this.run.focus();
    this.pages.hidden = batch.pages < 2;
    const number = `${batch.page + 1} of ${batch.pages.toLocaleString("en")}`;
    this.page.textContent = [`Page ${number}`, batch.title].filter(Boolean).join(": ");
    this.page.title = this.page.textContent;
    this.previous.disabled = batch.page === 0;
    this.next.disabled = batch.page + 1 >= batch.pages;
    this.tools.hidden = marked === 0;
    if (this.count) this.count.textContent = markedText(marked);
    this.enable(marked, offers);
    this.drawTags(marked);
    this.export.hidden = marked > 0;
    const isRunning = batch.state === "running";
    this.close_.hidden = marked > 0 || isRunning || !offers.includes("close");
  }

  /**
   * @param {number} marked
   * @param {string[]} offers
   */
  enable(marked, offers) {
    const { compare, history, start, use } = this;
    if (!compare || !history || !start || !use) return;
    compare.disabled = marked !== 2;
    compare.title = marked === 2 ? "Compare the two" : "Compare: mark exactly two pictures";
    for (const [name, button] of /** @type {const} */ ([
      ["history", history],
      ["start", start],
      ["use", use],
    ])) {
      button.hidden = !offers.includes(name);
      button.disabled = name !== "history" && marked !== 1;
    }
  }

  /** @param {number} marked */
  drawTags(marked) {
    const held = heldIn(this.chips);
    this.chips?.replaceChildren(
      ...this.model.get("tags").map(([name, count]) =>
        make(
          "button",
          {
            class: "mls-batch-chip",
            type: "button",
            "data-part": name,
            title: `Remove the tag: ${name}`,
            onclick: () => this.act("tag", { remove: [name] }),
          },
          count < marked ? `${name} (${count} of ${marked}) ✕` : `${name} ✕`,
        ),
      ),
    );
    giveBack(this.chips, held, this.field);
  }

  // --- what is told ----------------------------------------------------------------------------
  tell() {
    const { text, undo, is_error } = this.model.get("notice");
    window.clearTimeout(this.until);
    this.isTelling = text !== "";
    this.undo.hidden = !undo;
    this.told.setAttribute("role", is_error ? "alert" : "status");
    this.told.classList.toggle("mls-batch-wrong", is_error);
    this.say(text || this.model.get("batch").told);
    if (text && !is_error) this.until = window.setTimeout(() => this.quiet(), TOLD_FOR);
  }

  quiet() {
    window.clearTimeout(this.until);
    this.isTelling = false;
    this.undo.hidden = true;
    this.say(this.model.get("batch").told);
  }

  /** @param {string} text */
  say(text) {
    if (this.told.textContent === text) return; // a screen reader reads it once
    this.told.textContent = text;
    this.told.title = text;
  }
}

/** @param {File} file */
function download({ name, text }) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  make("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
