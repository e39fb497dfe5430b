// The row of Generate and Cancel with their menus, and above it the fields of what is chosen.
import { addTo } from "../../shared/dom.js";
import { makeAxes } from "./axes.js";
import { drawFaults, makeLines, makeTimes } from "./fields.js";
import { makeListing } from "./listing.js";
import { Menu } from "./menu.js";
import { makeNaming } from "./naming.js";

/** @import { Asked, Mode, Model, Setting, Told } from "./types" */
/** @import { Fields } from "./fields.js" */
/** @import { Item } from "./menu.js" */

const WAIT = 200; // ms after the last key until what is typed goes to Python
const COUNTS = [2, 4, 9, 16];
/** @type {Record<Mode, string>} */
const TITLES = { one: "", times: "More seeds", lines: "Prompts from a list", sweep: "Sweep" };
const LISTING = "Batches";
const REDRAWN_BY = /** @type {const} */ ([
  "asked",
  "note",
  "plan",
  "proposed",
  "faults",
  "running",
  "waiting",
]);

export class Panel {
  /** @type {Setting[] | null} */
  settings = null; // null until Python has told them
  /** @type {(Fields & { reveal?: (name: string) => boolean }) | null} */
  fields = null;
  /** @type {ReturnType<typeof makeNaming> | null} */
  naming = null;
  /** @type {ReturnType<typeof makeListing> | null} */
  listing = null; // while the batches are listed
  drawn = ""; // the mode whose fields there are
  wanted = ""; // the setting that is to be seen, and to have the focus
  wait = 0;

  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "div", { class: "mls-many-all" });
    this.form = addTo(this.root, "section", { class: "mls-many", hidden: "" });
    const head = addTo(this.form, "div", { class: "mls-many-head" });
    this.title = addTo(head, "strong");
    this.back = addTo(
      head,
      "button",
      {
        class: "mls-many-close",
        type: "button",
        title: "Back to one picture",
        "aria-label": "Back to one picture",
        onclick: () => (this.listing ? this.list(false) : this.choose("one")),
      },
      "✕",
    );
    this.body = addTo(this.form, "div", { class: "mls-many-body" });
    this.below = addTo(this.form, "div", { class: "mls-many-below" });
    const row = addTo(this.root, "div", { class: "mls-many-row" });
    const split = addTo(row, "div", { class: "mls-gen-split mls-gen-split-generate" });
    this.generate = addTo(split, "button", {
      class: "mls-generate",
      type: "button",
      title: "Ctrl+Enter",
      onclick: () => {
        this.flush();
        model.send({ kind: "generate" });
      },
    });
    addTo(this.generate, "span", {}, "Generate");
    this.note = addTo(this.generate, "small", {});
    this.menu = new Menu(split, {
      look: "mls-generate-menu",
      label: "More than one picture",
      items: () => this.items(),
      choose: (name) => this.choose(name),
    });
    const stop = addTo(row, "div", { class: "mls-gen-split mls-gen-split-cancel" });
    this.cancel = addTo(
      stop,
      "button",
      { class: "mls-cancel", type: "button", onclick: () => this.stop("batch") },
      "Cancel",
    );
    this.stops = new Menu(stop, {
      look: "mls-cancel-menu",
      label: "What to cancel",
      items: () => this.stopItems(),
      choose: (name) => this.stop(name),
    });
    this.root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    // What Python does next, such as adding a setting, goes by what was typed last.
    this.root.addEventListener("focusout", () => this.flush());
    /** @type {(answer: Told) => void} */
    this.heard = (answer) => this.hear(answer);
    this.redraw = () => this.draw();
    for (const name of REDRAWN_BY) model.on(`change:${name}`, this.redraw);
    model.on("msg:custom", this.heard);
    this.draw();
  }

  close() {
    this.flush();
    for (const name of REDRAWN_BY) this.model.off(`change:${name}`, this.redraw);
    this.model.off("msg:custom", this.heard);
    this.menu.close(false);
    this.stops.close(false);
  }

  /** @param {Told} answer */
  hear(answer) {
    if (answer.kind === "batches") this.listing?.draw(answer.batches);
    if (answer.kind !== "settings") return;
    this.settings = answer.settings;
    if (this.drawn === "sweep") this.drawn = "";
    if (answer.reveal) this.listing = null;
    this.wanted = answer.reveal ?? "";
    this.draw();
  }

  // --- what a person does ----------------------------------------------------------------------
  /** @returns {Item[]} */
  items() {
    const { mode, times } = this.model.get("asked");
    const isOther = mode === "times" && !COUNTS.includes(times);
    return [
      { name: "one", label: "One picture", isChosen: mode === "one" },
      ...COUNTS.map((count) => ({
        name: `times ${count}`,
        label: `× ${count}`,
        hint: count === COUNTS[0] ? "other seeds" : "",
        isChosen: mode === "times" && times === count,
      })),
      { name: "times", label: "Another number…", isChosen: isOther },
      { name: "lines", label: "Prompts from a list…", isChosen: mode === "lines" },
      { name: "sweep", label: "Sweep…", hint: "a grid over settings", isChosen: mode === "sweep" },
      { name: "batches", label: "Open a batch…", hint: "resume, import" },
    ];
  }

  /** @returns {Item[]} */
  stopItems() {
    const [running, waiting] = [this.model.get("running"), this.model.get("waiting")];
    /** @type {Item[]} */
    const items = [];
    if (running) items.push({ name: "batch", label: "Stop the batch", hint: `${running} left` });
    if (waiting && (running || waiting > 1)) {
      items.push({ name: "one", label: "Only the running picture" });
    }
    if (waiting) items.push({ name: "keep", label: "Keep the picture as it is now" });
    if (running + waiting > 1) items.push({ name: "all", label: "Everything that waits, too" });
    return items;
  }

  /** @param {string} name of an item of the menu */
  choose(name) {
    if (name === "batches") {
      this.list(true);
      return;
    }
    this.listing = null;
    this.drawn = "";
    const [mode, count] = name.split(" ");
    const changes = count ? { times: Number(count) } : {};
    this.change({ mode: /** @type {Mode} */ (mode), ...changes });
    this.flush();
    this.draw();
    const first = this.body.querySelector(count ? "nothing" : "input, textarea, select");
    const target = /** @type {HTMLElement} */ (mode === "one" || !first ? this.generate : first);
    target.focus();
  }

  /** @param {boolean} isListed whether the batches stand in the fields' place */
  list(isListed) {
    this.drawn = "";
    this.listing = null;
    if (isListed) {
      this.naming = this.fields = null;
      this.body.replaceChildren();
      this.below.replaceChildren();
      this.listing = makeListing(this.body, {
        open: (name) => {
          this.model.send({ kind: "open", name });
          this.list(false);
        },
        take: (name, text) => this.model.send({ kind: "file", name, text }),
      });
      this.listing.draw(null);
      this.model.send({ kind: "batches" });
    }
    this.draw();
    const target = isListed ? this.form.querySelector("button") : this.generate;
    target?.focus();
  }

  /** @param {string} what */
  stop(what) {
    this.model.send({ kind: "cancel", what });
  }

  /** @param {Partial<Asked>} changes */
  change(changes) {
    this.model.set("asked", { ...this.model.get("asked"), ...changes });
    window.clearTimeout(this.wait);
    this.wait = window.setTimeout(() => this.flush(), WAIT);
  }

  /** Send what is typed now. */
  flush() {
    window.clearTimeout(this.wait);
    if (this.wait) this.model.save_changes();
    this.wait = 0;
  }

  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const { model } = this;
    const asked = model.get("asked");
    const [running, waiting] = [model.get("running"), model.get("waiting")];
    this.note.textContent = model.get("note");
    this.note.hidden = !model.get("note");
    this.cancel.disabled = running + waiting === 0;
    this.stops.root.hidden = running + waiting === 0;
    if (this.stops.root.hidden) this.stops.close(false);
    if (this.listing) {
      this.show(LISTING);
      drawFaults(this.listing.places, model.get("faults"));
      return;
    }
    if (asked.mode !== this.drawn) this.make(asked.mode);
    if (!this.fields) return;
    this.fields.draw(asked);
    this.naming?.draw(asked, model.get("proposed"), model.get("plan"));
    drawFaults({ ...this.fields.places, ...this.naming?.places }, model.get("faults"));
    // What is asked for may come after the message that wants it seen.
    if (this.wanted && this.fields.reveal?.(this.wanted)) this.wanted = "";
  }

  /** @param {string} title of the fields; "" for none */
  show(title) {
    this.form.hidden = title === "";
    this.form.setAttribute("aria-label", title);
    this.title.textContent = title;
    const label = this.listing ? "Close the list" : "Back to one picture";
    this.back.setAttribute("aria-label", label);
    this.back.title = label;
  }

  /** @param {Mode} mode */
  make(mode) {
    this.drawn = mode;
    this.show(TITLES[mode]);
    this.body.replaceChildren();
    this.below.replaceChildren();
    this.fields = this.naming = null;
    const change = (/** @type {Partial<Asked>} */ changes) => this.change(changes);
    if (mode === "times") this.fields = makeTimes(this.body, change);
    if (mode === "lines") this.fields = makeLines(this.body, change);
    if (mode === "sweep") {
      this.fields = makeAxes(this.body, change, this.settings ?? []);
      if (!this.settings) this.model.send({ kind: "settings" });
    }
    if (mode !== "one") this.naming = makeNaming(this.below, change);
  }
}
