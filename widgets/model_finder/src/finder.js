// The finder: the search above what it found, one model over both, the downloads always below.
import { addTo } from "../../shared/dom.js";
import { Downloads } from "./downloads.js";
import { ModelPage } from "./model_page.js";
import { Search } from "./search.js";

/** @import { FoundRow, Model } from "./types" */

export class Finder {
  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    /** @param {Record<string, unknown>} message */
    const send = (message) => model.send(message);
    this.send = send;
    this.root = addTo(el, "div", { class: "mls-finder" });
    this.page = addTo(this.root, "div", { class: "mls-finder-page" });
    this.search = new Search(this.page, model, send);
    this.list = addTo(this.page, "ul", { class: "mls-finder-list", "aria-label": "Found models" });
    this.more = addTo(this.page, "button", { class: "mls-finder-button", type: "button" });
    this.more.textContent = "More results";
    this.more.addEventListener("click", () => send({ kind: "more" }));
    this.one = new ModelPage(this.root, send);
    this.said = addTo(this.root, "p", { class: "mls-finder-said", role: "status" });
    this.downloads = new Downloads(this.root, send);
    this.root.addEventListener("keydown", (event) => this.press(event));
    /** @type {Record<string, () => void>} */
    this.listeners = {
      "change:found": () => this.draw(),
      "change:more": () => this.draw(),
      "change:model": () => this.drawModel(),
      "change:busy": () => this.say(),
      "change:told": () => this.say(),
      "change:downloads": () => this.downloads.draw(model.get("downloads")),
    };
    for (const [name, act] of Object.entries(this.listeners)) model.on(name, act);
    this.draw();
    this.drawModel();
    this.say();
    this.downloads.draw(model.get("downloads"));
  }

  close() {
    for (const [name, act] of Object.entries(this.listeners)) this.model.off(name, act);
    this.search.close();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // JupyterLab would take it for a shortcut
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.send(this.model.get("model") ? { kind: "open", id: "" } : { kind: "back" });
  }

  draw() {
    this.more.hidden = !this.model.get("more");
    this.list.replaceChildren();
    for (const row of this.model.get("found")) this.drawRow(row);
  }

  /** @param {FoundRow} row */
  drawRow([id, name, about, tags]) {
    const item = addTo(this.list, "li", {});
    const button = addTo(item, "button", {
      class: "mls-finder-found",
      type: "button",
      "data-id": id,
      onclick: () => this.send({ kind: "open", id }),
    });
    addTo(button, "span", { class: "mls-finder-name" }, name);
    if (about) addTo(button, "span", { class: "mls-finder-about" }, about);
    if (tags) addTo(button, "span", { class: "mls-finder-about" }, tags);
  }

  drawModel() {
    const chosen = this.model.get("model");
    const was = this.one.id;
    this.page.hidden = chosen !== null;
    this.one.draw(chosen);
    if (chosen) this.one.back.focus();
    else if (was) {
      const same = [...this.list.querySelectorAll("button")].find(
        ({ dataset }) => dataset.id === was,
      );
      (same ?? this.search.field).focus();
    }
  }

  say() {
    const { model } = this;
    const busy = model.get("busy");
    this.said.textContent = busy || model.get("told");
    this.root.setAttribute("aria-busy", String(Boolean(busy)));
  }
}
