// What stands below the grid, always: what is selected, and what can be done with it.
import { copy } from "../../shared/clipboard.js";
import { addTo, make } from "../../shared/dom.js";
import { icon } from "./icons.js";
import { holds, sizeOf } from "./selection.js";
import { starsText } from "./tile.js";
import { TagPanel } from "./tags.js";
import { Transfers, asPng, save } from "./transfer.js";

/** @import { Model } from "./types" */
/** @import { Popovers } from "./popover.js" */

const TOLD_FOR = 10_000; // ms that a notice stays, with its Undo
const DRAWN_BY = /** @type {const} */ (["selection", "shown", "filters", "count"]);
const MOST_STARS = 5;
const MEGA = 2 ** 20;

export class Bar {
  /**
   * @param {HTMLElement} parent
   * @param {Model} model
   * @param {Popovers} popovers
   * @param {{ clear: () => void }} grid
   */
  constructor(parent, model, popovers, grid) {
    this.model = model;
    this.popovers = popovers;
    this.transfers = new Transfers(model);
    const line = addTo(parent, "div", { class: "mls-gallery-told" });
    this.told = addTo(line, "p", { role: "status" });
    this.undo = addTo(
      line,
      "button",
      { class: "mls-gallery-link", type: "button", hidden: "", onclick: () => this.takeBack() },
      "Undo",
    );
    this.stop = addTo(
      line,
      "button",
      {
        class: "mls-gallery-link",
        type: "button",
        hidden: "",
        onclick: () => this.transfers.cancel(),
      },
      "Cancel",
    );
    this.clear = addTo(
      line,
      "button",
      {
        class: "mls-gallery-link",
        type: "button",
        title: "Select only the picture on the canvas (Escape)",
        onclick: () => grid.clear(),
      },
      "Clear",
    );
    this.tools = addTo(parent, "div", {
      class: "mls-gallery-tools",
      role: "toolbar",
      "aria-label": "Selected pictures",
    });
    this.compare = this.button("compare", "Compare", () => this.act("compare"));
    this.differ = this.button("differ", "What differs", () => this.act("differ"));
    this.check = this.button("check", "Check again", () => this.act("check"));
    this.star = this.button("star", "Stars");
    this.tag = this.button("tag", "Tag");
    this.download = this.button("download", "Download", () => this.save());
    this.copyButton = this.button("copy", "Copy");
    this.start = this.button("start", "Start from this picture", () => this.act("start"));
    this.remove = this.button("delete", "Delete", () => this.act("delete"));
    this.restore = this.button("back", "Restore", () => this.act("restore"), true);
    this.purge = this.button("delete", "Delete for good", undefined, true);
    this.fillStars(popovers.add(this.star, "Stars", () => {}));
    const tags = popovers.add(this.tag, "Tag", () => this.tags.open());
    this.tags = new TagPanel(tags, model, (details) =>
      this.act(details.from ? "retag" : "tag", details),
    );
    this.fillCopy(popovers.add(this.copyButton, "Copy", () => {}));
    const sure = popovers.add(this.purge, "Delete for good", () => this.fillSure(sure));
    this.asked = 0;
    this.until = 0;
    this.notice = () => this.tell(model.get("notice"));
    this.drawn = () => this.draw();
    model.on("change:notice", this.notice);
    for (const name of DRAWN_BY) model.on(`change:${name}`, this.drawn);
    this.draw();
  }

  close() {
    clearTimeout(this.until);
    this.transfers.close();
    this.tags.close();
    this.model.off("change:notice", this.notice);
    for (const name of DRAWN_BY) this.model.off(`change:${name}`, this.drawn);
  }

  /**
   * @param {Parameters<typeof icon>[0]} sign
   * @param {string} label
   * @param {() => void} [act]
   * @param {boolean} [hasText]
   */
  button(sign, label, act, hasText = false) {
    const button = addTo(this.tools, "button", {
      class: hasText ? "mls-gallery-button" : "mls-gallery-icon",
      type: "button",
      title: label,
      "aria-label": label,
      onclick: act,
    });
    button.append(icon(sign), hasText ? label : "");
    return button;
  }

  get size() {
    return sizeOf(this.model.get("selection"));
  }

  /**
   * Ask Python for something that is meant for the selected pictures.
   * @param {string} action
   * @param {object} [details]
   */
  act(action, details = {}) {
    if (this.size === 0 && action !== "undo" && action !== "empty") return;
    const { bin } = this.model.get("filters");
    // In the bin, pictures are only brought back or removed; for that one is asked.
    if (bin && action === "delete") this.purge.click();
    else this.model.send({ kind: "act", action, details });
  }

  draw() {
    const { size } = this;
    const { bin } = this.model.get("filters");
    const [selection, shown] = [this.model.get("selection"), this.model.get("shown")];
    const isOnlyShown = size === 1 && shown >= 0 && holds(selection, shown);
    this.clear.hidden = size === 0 || isOnlyShown || this.isTelling;
    if (!this.isTelling) {
      this.told.textContent = size ? `${size.toLocaleString("en")} selected` : "";
    }
    for (const one of [this.compare, this.differ, this.check]) one.hidden = bin;
    for (const one of [this.star, this.tag, this.download]) one.hidden = bin;
    for (const one of [this.copyButton, this.start, this.remove]) one.hidden = bin;
    this.restore.hidden = this.purge.hidden = !bin;
    for (const one of this.tools.querySelectorAll("button")) one.disabled = size === 0;
    this.compare.disabled = size !== 2;
    this.compare.title = size === 2 ? "Compare the two" : "Compare: select exactly two pictures";
    this.differ.disabled = size !== 2;
    this.differ.title =
      size === 2 ? "What differs between the two" : "What differs: select exactly two pictures";
    this.check.disabled = size !== 1;
    this.check.title =
      size === 1 ? "Check again: make it anew and compare" : "Check again: select one picture";
    this.start.disabled = size !== 1;
    this.download.title = size > 1 ? `Download ${size} pictures as a ZIP file` : "Download";
  }

  // --- what is told ----------------------------------------------------------------------------
  /** @param {{ text: string, undo?: boolean, is_error?: boolean }} notice */
  tell({ text, undo = false, is_error = false }) {
    clearTimeout(this.until);
    this.isTelling = Boolean(text);
    this.told.textContent = text;
    this.told.title = text;
    this.told.setAttribute("role", is_error ? "alert" : "status");
    this.undo.hidden = !undo;
    this.stop.hidden = true;
    if (text && !is_error) this.until = window.setTimeout(() => this.tell({ text: "" }), TOLD_FOR);
    this.draw();
  }

  isTelling = false;

  takeBack() {
    this.tell({ text: "" });
    this.act("undo");
  }

  // --- downloads and the clipboard -------------------------------------------------------------
  async save() {
    const { size } = this;
    try {
      const file = await this.transfers.fetch("files", (done, all) => {
        this.tell({ text: progressText(done, all) });
        this.stop.hidden = false;
      });
      save(file);
      this.tell({ text: size > 1 ? `${size} pictures downloaded` : `${file.name} downloaded` });
    } catch (error) {
      this.fail(error, "Download cancelled");
    }
  }

  /**
   * @param {"picture" | "text"} what
   * @param {"image/png" | "text/plain"} type
   * @param {string} said
   */
  async copy(what, type, said) {
    this.popovers.close();
    try {
      const blob = this.transfers.fetch(what).then((file) => file.blob);
      await copy(type === "image/png" ? blob.then(asPng) : blob, type);
      this.tell({ text: said });
    } catch (error) {
      this.fail(error, "");
    }
  }

  /**
   * @param {unknown} error
   * @param {string} otherwise what is told where the error says nothing: a person has cancelled
   */
  fail(error, otherwise) {
    const text = error instanceof Error ? error.message : String(error);
    this.tell({ text: text || otherwise, is_error: Boolean(text) });
  }

  // --- its panels ------------------------------------------------------------------------------
  /** @param {HTMLElement} panel */
  fillStars(panel) {
    for (let stars = 0; stars <= MOST_STARS; stars++) {
      addTo(
        panel,
        "button",
        {
          class: "mls-gallery-button",
          type: "button",
          "aria-label": stars ? starsText(stars) : "None",
          title: `Key ${stars}`,
          onclick: () => {
            this.act(`stars:${stars}`);
            this.popovers.close();
          },
        },
        stars ? `★${stars}` : "None",
      );
    }
  }

  /** @param {HTMLElement} panel */
  fillCopy(panel) {
    const kind = { class: "mls-gallery-button", type: "button" };
    addTo(
      panel,
      "button",
      { ...kind, onclick: () => this.copy("picture", "image/png", "Picture copied") },
      "Picture",
    );
    addTo(
      panel,
      "button",
      { ...kind, onclick: () => this.copy("text", "text/plain", "Settings copied as text") },
      "Settings as text",
    );
  }

  /** @param {HTMLElement} panel */
  fillSure(panel) {
    const { size } = this;
    const what = size === 1 ? "this picture" : `these ${size.toLocaleString("en")} pictures`;
    panel.replaceChildren(
      make("p", {}, `Delete ${what} for good? That cannot be undone.`),
      make(
        "button",
        { class: "mls-gallery-button", type: "button", onclick: () => this.popovers.close() },
        "Keep",
      ),
      make(
        "button",
        {
          class: "mls-gallery-button mls-danger",
          type: "button",
          onclick: () => {
            this.popovers.close();
            this.act("purge");
          },
        },
        "Delete for good",
      ),
    );
  }
}

/**
 * @param {number} done bytes
 * @param {number} all bytes, 0 where not known
 */
function progressText(done, all) {
  const mega = (/** @type {number} */ bytes) => (bytes / MEGA).toFixed(bytes < 10 * MEGA ? 1 : 0);
  return all ? `Downloading ${mega(done)} of ${mega(all)} MB` : `Downloading ${mega(done)} MB`;
}
