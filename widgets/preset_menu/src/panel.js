// The button and, below it, the list of presets with what can be done with each.
import { addTo, make } from "../../shared/dom.js";
import { giveBack, heldIn } from "../../shared/focus.js";
import { NameForm } from "./form.js";
import { presetOf, savingOf } from "./names.js";

/** @import { Entry, Message, Model } from "./types" */

let panels = 0; // for ids that are unique in the page

export class Panel {
  chosen = ""; // the name of the preset that is opened
  /** @type {[string, string, string][] | null} */
  rows = null; // what it changes, null until Python has told it
  /** @type {string[]} */
  reasons = []; // why the checkpoint cannot use some of it
  isVain = false; // whether it can use none of it
  /** @type {{ name: string, bytes: ArrayBuffer } | null} */
  imported = null; // the last file that was chosen
  isAsking = false; // whether a new name is typed, or a deletion is to be confirmed

  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    const id = `mls-presets-${++panels}`;
    this.root = addTo(el, "div", { class: "mls-presets" });
    this.button = addTo(
      this.root,
      "button",
      {
        class: "mls-presets-open",
        type: "button",
        "aria-expanded": "false",
        "aria-controls": id,
        onclick: () => this.toggle(),
      },
      make("span", {}, "Presets"),
      make("span", { "aria-hidden": "true" }, "▾"),
    );
    this.body = addTo(this.root, "div", { class: "mls-presets-body", id, hidden: "" });
    this.list = addTo(this.body, "ul", { class: "mls-presets-list", "aria-label": "Presets" });
    this.told = addTo(this.body, "p", { class: "mls-presets-told", role: "status", hidden: "" });
    this.replace = addTo(
      this.body,
      "button",
      { type: "button", hidden: "", onclick: () => this.send(true) },
      "Replace",
    );
    this.foot = addTo(this.body, "div", { class: "mls-presets-line" });
    const act = { type: "button" };
    this.save = addTo(
      this.foot,
      "button",
      { ...act, title: "Save the present settings as a preset", onclick: () => this.ask() },
      "Save current as…",
    );
    addTo(
      this.foot,
      "button",
      {
        ...act,
        title: "Import a preset that was shared, or the styles of a styles.csv",
        onclick: () => this.file.click(),
      },
      "Import…",
    );
    this.file = addTo(this.body, "input", {
      type: "file",
      accept: ".json,.csv",
      hidden: "",
      "aria-label": "A preset's file",
      onchange: () => this.read(),
    });
    this.form = new NameForm(this.body, {
      label: "Name of the new preset",
      hasParts: true,
      verb: (name) => savingOf(model.get("presets"), name),
      done: (name, parts) => {
        const replace = savingOf(model.get("presets"), name) === "Replace";
        model.send({ kind: "save", name, parts, replace });
        this.endAsking();
      },
      cancel: () => this.endAsking(),
    });
    this.form.root.hidden = true;
    this.root.addEventListener("keydown", (event) => this.press(event));
    /** @type {(message: Message) => void} */
    this.heard = (message) => this.take(message);
    this.redraw = () => this.draw();
    this.tell = () => this.drawNotice();
    model.on("change:presets", this.redraw);
    model.on("change:notice", this.tell);
    model.on("msg:custom", this.heard);
    this.draw();
  }

  close() {
    this.model.off("change:presets", this.redraw);
    this.model.off("change:notice", this.tell);
    this.model.off("msg:custom", this.heard);
  }

  // --- what a person does ----------------------------------------------------------------------
  toggle() {
    this.body.hidden = !this.body.hidden;
    this.button.setAttribute("aria-expanded", String(!this.body.hidden));
    if (this.body.hidden) return;
    this.drawNotice(true);
    if (this.chosen) this.choose(this.chosen);
  }

  /** @param {string} name */
  choose(name) {
    this.isAsking = false;
    this.chosen = name;
    this.rows = null;
    this.reasons = [];
    this.isVain = false;
    if (name) this.model.send({ kind: "changes", name });
    this.draw();
  }

  ask() {
    this.form.root.hidden = false;
    this.foot.hidden = true;
    const found = presetOf(this.model.get("presets"), this.chosen);
    this.form.begin(found && !found.shipped ? found.name : "");
  }

  endAsking() {
    this.form.root.hidden = true;
    this.foot.hidden = false;
    this.save.focus();
  }

  async read() {
    const [file] = this.file.files ?? [];
    this.file.value = ""; // so that the same file can be chosen again
    if (!file) return;
    this.imported = { name: file.name, bytes: await file.arrayBuffer() };
    this.send(false);
  }

  /** @param {boolean} replace */
  send(replace) {
    const { imported } = this;
    this.replace.hidden = true;
    if (!imported) return;
    this.model.send({ kind: "import", name: imported.name, replace }, undefined, [imported.bytes]);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // JupyterLab would take plain keys for shortcuts
    if (event.key === "Escape" && !this.body.hidden) {
      event.preventDefault();
      this.toggle();
      this.button.focus();
    }
  }

  // --- what Python says ------------------------------------------------------------------------
  /** @param {Message} message */
  take(message) {
    if (message.kind === "changes" && message.name === this.chosen) {
      this.rows = message.rows;
      this.reasons = message.reasons;
      this.isVain = message.is_vain;
      this.draw();
    } else if (message.kind === "settings") {
      if (this.chosen && !this.body.hidden) this.model.send({ kind: "changes", name: this.chosen });
    } else if (message.kind === "file") {
      save(message.name, message.text);
    } else if (message.kind === "taken") {
      this.say(message.text, true);
      this.replace.hidden = false;
      this.replace.focus();
    }
  }

  /** @param {boolean} [isOld] whether what was told before is taken away */
  drawNotice(isOld = false) {
    const { text, is_error: isError } = this.model.get("notice");
    this.replace.hidden = true;
    this.say(isOld ? "" : text, isError);
    // What was used or saved may change what the opened preset would change.
    if (!isOld && this.chosen && !this.body.hidden && !isError) {
      this.model.send({ kind: "changes", name: this.chosen });
    }
  }

  /**
   * @param {string} text
   * @param {boolean} isError
   */
  say(text, isError) {
    this.told.hidden = !text;
    this.told.textContent = text;
    this.told.setAttribute("role", isError ? "alert" : "status");
    this.told.classList.toggle("mls-presets-error", isError);
  }

  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const presets = this.model.get("presets");
    // What a person is asked stays until it is answered, whatever is told meanwhile.
    if (this.isAsking && presetOf(presets, this.chosen)) return;
    this.isAsking = false;
    const held = heldIn(this.list);
    if (this.chosen && !presetOf(presets, this.chosen)) this.chosen = "";
    this.list.replaceChildren(...presets.map((one) => this.rowOf(one)));
    giveBack(this.list, held);
  }

  /** @param {Entry} preset */
  rowOf(preset) {
    const { name } = preset;
    const isChosen = name === this.chosen;
    const row = make(
      "li",
      {},
      make(
        "button",
        {
          class: "mls-presets-name",
          type: "button",
          "aria-expanded": String(isChosen),
          "data-part": `open ${name}`,
          onclick: () => this.choose(isChosen ? "" : name),
        },
        name,
      ),
    );
    if (isChosen) row.append(this.detailsOf(preset));
    return row;
  }

  /** @param {Entry} preset */
  detailsOf({ name, description, shipped }) {
    const { rows } = this;
    const details = make("div", { class: "mls-presets-details" });
    if (description) details.append(make("p", {}, description));
    if (rows?.length) {
      const cells = rows.flatMap(([label, now, then]) => [
        make("dt", {}, label),
        make("dd", {}, now, make("span", { "aria-label": "becomes" }, " → "), make("b", {}, then)),
      ]);
      details.append(make("dl", { "aria-label": "What it changes" }, ...cells));
    } else if (rows) details.append(make("p", {}, "It changes nothing: all of it is set already."));
    for (const reason of this.reasons) addTo(details, "p", { class: "mls-presets-why" }, reason);
    const line = addTo(details, "div", { class: "mls-presets-line" });
    /** @type {(text: string, label: string, act: () => void, look?: string) => HTMLElement} */
    const add = (text, label, act, look) =>
      addTo(
        line,
        "button",
        { type: "button", class: look, "aria-label": label, "data-part": label, onclick: act },
        text,
      );
    const ask = (/** @type {string} */ kind) => this.model.send({ kind, name });
    const use = add("Use", `Use ${name}`, () => ask("use"), "mls-presets-main");
    if (this.isVain) use.setAttribute("disabled", "");
    add("Share", `Share ${name}`, () => ask("share"));
    if (!shipped) {
      add("Rename", `Rename ${name}`, () => this.rename(name));
      add("Delete", `Delete ${name}`, () => this.sure(name));
    }
    return details;
  }

  /**
   * Begin a question about the opened preset, in place of one that was not answered.
   * @returns {HTMLElement} where it stands
   */
  question() {
    this.isAsking = false;
    this.draw();
    this.isAsking = true;
    return /** @type {HTMLElement} */ (this.list.querySelector(".mls-presets-details"));
  }

  /** @param {string} name */
  rename(name) {
    const form = new NameForm(this.question(), {
      label: `New name of ${name}`,
      hasParts: false,
      verb: (to) => (to.trim() && to.trim() !== name ? "Rename" : ""),
      done: (to) => {
        this.model.send({ kind: "rename", name, to });
        this.choose("");
        this.button.focus();
      },
      cancel: () => this.endQuestion(`Rename ${name}`),
    });
    form.begin(name);
  }

  /** @param {string} name */
  sure(name) {
    const details = this.question();
    const stay = () => this.endQuestion(`Delete ${name}`);
    const keep = make("button", { type: "button", onclick: stay }, "Keep");
    const act = () => {
      this.isAsking = false;
      this.button.focus();
      this.model.send({ kind: "delete", name });
    };
    details.append(
      make("p", {}, `Delete ${name}? That cannot be undone.`),
      make(
        "div",
        { class: "mls-presets-line" },
        keep,
        make("button", { type: "button", class: "mls-danger", onclick: act }, "Delete it"),
      ),
    );
    keep.focus();
  }

  /**
   * Leave a question; the button that asked it has the focus again.
   * @param {string} part
   */
  endQuestion(part) {
    this.isAsking = false;
    this.draw();
    giveBack(this.list, part);
  }
}

/**
 * Have the browser save a text as a file.
 * @param {string} name
 * @param {string} text
 */
function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
