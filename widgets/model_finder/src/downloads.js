// The downloads: how far each is, and what can be done with it.
import { addTo } from "../../shared/dom.js";

/** @import { DownloadRow, Send } from "./types" */

const ENDED = new Set(["done", "failed", "cancelled", "left"]);

export class Downloads {
  /** @type {Map<string, { item: HTMLElement, bar: HTMLProgressElement, told: HTMLElement, buttons: HTMLElement, state: string }>} */
  rows = new Map();

  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.send = send;
    this.root = addTo(parent, "section", { class: "mls-finder-downloads", hidden: "" });
    this.root.setAttribute("aria-label", "Downloads");
    const head = addTo(this.root, "div", { class: "mls-finder-top" });
    this.title = addTo(head, "h4", {});
    this.forget = addTo(head, "button", { class: "mls-finder-button", type: "button" });
    this.forget.textContent = "Clear";
    this.forget.title = "Take those that have ended off this list";
    this.forget.addEventListener("click", () => send({ kind: "forget" }));
    this.list = addTo(this.root, "ul", {});
  }

  /** @param {DownloadRow[]} rows */
  draw(rows) {
    this.root.hidden = !rows.length;
    const open = rows.filter(([, , state]) => !ENDED.has(state)).length;
    this.title.textContent = open ? `Downloads (${open} left)` : "Downloads";
    this.forget.hidden = !rows.some(([, , state]) => ENDED.has(state) && state !== "left");
    const kept = new Set(rows.map(([id]) => id));
    for (const [id, { item }] of this.rows) {
      if (kept.has(id)) continue;
      item.remove();
      this.rows.delete(id);
    }
    for (const row of rows) this.drawRow(row);
  }

  /** @param {DownloadRow} row */
  drawRow([id, name, state, done, total, told, error]) {
    const row = this.rows.get(id) ?? this.addRow(id, name);
    if (total > 0) {
      row.bar.max = total;
      row.bar.value = done;
    } else row.bar.removeAttribute("value");
    row.bar.hidden = ENDED.has(state);
    row.told.textContent = error || told;
    row.told.classList.toggle("mls-finder-refused", Boolean(error));
    if (row.state === state) return;
    row.state = state;
    row.buttons.replaceChildren();
    if (!ENDED.has(state)) this.addButton(row.buttons, "Stop", `Stop ${name}`, "cancel", id);
    else if (state !== "done") {
      this.addButton(row.buttons, "Resume", `Resume ${name}`, "resume", id);
      if (state !== "left") {
        this.addButton(row.buttons, "Discard", `Discard ${name}`, "discard", id);
      }
    }
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  addRow(id, name) {
    const item = addTo(this.list, "li", {});
    const line = addTo(item, "div", { class: "mls-finder-top" });
    addTo(line, "span", { class: "mls-finder-name", title: name }, name);
    const buttons = addTo(line, "span", { class: "mls-finder-buttons" });
    const bar = addTo(item, "progress", { "aria-label": `Progress of ${name}` });
    const told = addTo(item, "p", { class: "mls-finder-about" });
    const row = { item, bar, told, buttons, state: "" };
    this.rows.set(id, row);
    return row;
  }

  /**
   * @param {HTMLElement} parent
   * @param {string} text
   * @param {string} label
   * @param {string} kind
   * @param {string} id
   */
  addButton(parent, text, label, kind, id) {
    const button = addTo(parent, "button", { class: "mls-finder-button", type: "button" }, text);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => this.send({ kind, id }));
  }
}
