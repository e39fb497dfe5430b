// The shelf: its filters above the list, and over them the drawer of one model.
import { addTo } from "../../shared/dom.js";
import { Bin } from "./bin.js";
import { cardOf, filtered } from "./cards.js";
import { Drawer } from "./drawer.js";
import { Head } from "./head.js";
import { List } from "./list.js";
import { Previews } from "./previews.js";

/** @import { Answer, Card, Filter, Model } from "./types" */

const FILTERS = /** @type {const} */ (["search", "kind", "family", "sort"]);

export class Shelf {
  /** @type {Card[]} */
  cards = [];
  /** @type {Map<string, Card>} */
  byId = new Map();
  showsBin = false;
  isKnown = false; // whether Python has told the cards
  asks = false; // whether the focus shall go to the search as soon as it is on the screen
  /** @type {HTMLElement | null} */
  cameFrom = null; // what had the focus when a choice was asked for
  wasHidden = false; // whether the shelf was, when a choice was asked for

  /**
   * @param {Model} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.root = addTo(el, "div", { class: "mls-models-shelf" });
    this.page = addTo(this.root, "div", { class: "mls-models-page" });
    this.head = new Head(this.page, {
      set: (name, value) => this.set(name, value),
      cancel: () => this.pick(""),
      refresh: () => model.send({ kind: "refresh" }),
      bin: () => this.showBin(true),
      find: () => model.send({ kind: "find" }),
      photos: () => model.send({ kind: "photos" }),
    });
    this.previews = new Previews(model);
    this.list = new List(this.page, this.previews, ({ id }) => {
      if (model.get("picking")) this.pick(id);
      else this.open(id);
    });
    this.drawer = new Drawer(
      this.root,
      () => this.open(""),
      (action, id, text) => this.act(action, id, text),
    );
    this.bin = new Bin(
      this.root,
      () => this.showBin(false),
      (action, id) => this.act(action, id, ""),
    );
    this.hashing = addTo(this.root, "div", { class: "mls-model-told", hidden: "" });
    this.hashed = addTo(this.hashing, "p", {});
    this.bar = addTo(this.hashing, "progress", { "aria-label": "Hashes of all models" });
    const stop = addTo(this.hashing, "button", { class: "mls-models-button", type: "button" });
    stop.textContent = "Stop";
    stop.setAttribute("aria-label", "Stop computing hashes");
    stop.addEventListener("click", () => this.act("stop_hashing", "", ""));
    const line = addTo(this.root, "div", { class: "mls-model-told" });
    this.told = addTo(line, "p", { role: "status" });
    this.undo = addTo(line, "button", { class: "mls-models-button", type: "button", hidden: "" });
    this.undo.textContent = "Undo";
    this.undo.addEventListener("click", () => {
      const [, action, id] = model.get("told");
      if (action) this.act(action, id ?? "", "");
    });
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.watch = new ResizeObserver(() => this.focusIfAsked());
    this.watch.observe(this.root);
    /** @type {Record<string, (...heard: any[]) => void>} */
    this.listeners = {
      "msg:custom": (answer, buffers) => this.take(answer, buffers),
      "change:generation": () => this.renew(),
      "change:opened": () => this.drawDrawer(),
      "change:picking": () => this.drawPicking(),
      "change:binned": () => this.drawBin(),
      "change:can_find": () => this.drawPicking(),
      "change:photos": () => this.drawPicking(),
      "change:told": () => this.tell(),
      "change:hashing": () => this.drawHashing(),
    };
    for (const name of FILTERS) this.listeners[`change:${name}`] = () => this.draw();
    for (const [name, act] of Object.entries(this.listeners)) model.on(name, act);
    this.drawPicking();
    this.drawBin();
    this.drawHashing();
    this.draw();
    this.renew();
  }

  close() {
    for (const [name, act] of Object.entries(this.listeners)) this.model.off(name, act);
    this.watch.disconnect();
    this.list.close();
    this.drawer.hide();
    this.previews.close();
  }

  // --- what a person does ----------------------------------------------------------------------
  /**
   * @param {keyof Filter | "opened"} name
   * @param {string} value
   */
  set(name, value) {
    this.model.set(name, /** @type {any} */ (value));
    this.model.save_changes();
  }

  /** @param {string} id of a card, "" to go back to the list */
  open(id) {
    this.set("opened", id);
    if (id) this.drawer.back.focus();
    else this.list.focus();
    this.tell("");
  }

  /** @param {boolean} shows */
  showBin(shows) {
    this.showsBin = shows;
    this.drawDrawer();
    (shows ? this.bin.back : this.head.search).focus();
  }

  /** @param {string} id of a card, "" for none */
  pick(id) {
    this.model.send({ kind: "picked", id });
  }

  /**
   * @param {string} action
   * @param {string} id
   * @param {string} text
   */
  act(action, id, text) {
    this.model.send({ kind: "act", action, id, text });
    if (action === "insert") this.tell(`Added to the prompt: ${text}`);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // JupyterLab would take it for a shortcut
    const isSearch = event.target === this.head.search;
    if (event.key === "Escape" && this.stepBack(isSearch)) event.preventDefault();
    if (event.key === "Escape") return;
    if (isSearch && event.key === "ArrowDown") this.list.focus();
    else if (isSearch && event.key === "Enter") this.list.take(0);
    else return;
    event.preventDefault();
  }

  /**
   * Leave what is open, the innermost first; return whether there was anything.
   * @param {boolean} isSearch whether the focus is in the search
   */
  stepBack(isSearch) {
    if (this.showsBin) this.showBin(false);
    else if (this.model.get("opened")) this.open("");
    else if (this.model.get("picking")) this.pick("");
    else if (isSearch && this.model.get("search")) this.set("search", "");
    else return false;
    return true;
  }

  focusIfAsked() {
    if (!this.asks || !this.head.search.offsetParent) return;
    this.asks = false;
    this.head.search.focus();
  }

  // --- what Python says ------------------------------------------------------------------------
  renew() {
    this.model.send({ kind: "cards" });
  }

  /**
   * @param {Answer} answer
   * @param {DataView[]} buffers
   */
  take(answer, buffers) {
    if (answer.kind === "cards") {
      this.isKnown = true;
      this.cards = answer.rows.map(cardOf);
      this.byId = new Map(this.cards.map((card) => [card.id, card]));
      this.draw();
      this.drawDrawer();
    } else if (answer.kind === "previews") {
      this.previews.take(answer, buffers, (id) => this.byId.get(id));
      this.list.draw();
    } else if (answer.kind === "details") this.drawer.take(answer, buffers[0]);
  }

  // --- drawing ---------------------------------------------------------------------------------
  draw() {
    const { model } = this;
    const [search, kind, family] = [model.get("search"), model.get("kind"), model.get("family")];
    const filter = { search, kind, family, sort: model.get("sort") };
    const found = filtered(this.cards, filter);
    const isPicking = Boolean(model.get("picking"));
    const all = isPicking ? this.cards.filter((card) => card.kind === kind) : this.cards;
    const shown = found.usable.length + found.refused.length;
    this.head.draw(this.cards, filter, this.isKnown ? { shown, all: all.length } : null);
    this.list.show(found, this.nothingText(all.length, found.refused.length));
  }

  /**
   * Return what is told where no card is shown.
   * @param {number} all
   * @param {number} refused
   */
  nothingText(all, refused) {
    if (!this.isKnown) return "";
    if (!all) return "No models yet. Put their files into the models folder, then press Refresh.";
    return refused ? "None of these can be used." : "No model matches.";
  }

  drawPicking() {
    const title = this.model.get("picking");
    this.head.ask(title);
    this.head.find.hidden = Boolean(title) || !this.model.get("can_find");
    this.head.drawPhotos(title ? "" : this.model.get("photos"));
    this.list.box.setAttribute("aria-label", title || "Models");
    const held = /** @type {HTMLElement | null} */ (document.activeElement);
    const isInside = this.root.contains(held);
    if (title) {
      if (!isInside) this.cameFrom = held;
      this.wasHidden = !this.root.checkVisibility();
      this.asks = true;
      this.focusIfAsked();
    } else if (this.cameFrom) {
      if (!held || held === document.body || isInside) this.cameFrom.focus();
      this.cameFrom = null;
      this.asks = false;
      if (this.wasHidden) this.closeDrawer();
    }
  }

  /** Close the studio's shelf, where it is a drawer; see widgets/header/src/room.js. */
  closeDrawer() {
    const detail = { again: true };
    this.root.dispatchEvent(new CustomEvent("mls-open-shelf", { detail, bubbles: true }));
  }

  drawBin() {
    const rows = this.model.get("binned");
    this.head.drawBin(rows.length);
    this.bin.draw(rows);
    if (!rows.length && this.showsBin) this.showBin(false);
  }

  drawHashing() {
    const [text, done, total] = this.model.get("hashing");
    this.hashing.hidden = text === undefined;
    this.hashed.textContent = text ?? "";
    this.bar.max = total || 1;
    this.bar.value = done ?? 0;
  }

  /**
   * Say what was done, by default what Python says.
   * @param {string} [text]
   */
  tell(text) {
    const [told, action] = this.model.get("told");
    this.told.textContent = text ?? told ?? "";
    this.undo.hidden = text !== undefined || !action;
  }

  drawDrawer() {
    const card = this.showsBin ? undefined : this.byId.get(this.model.get("opened"));
    this.bin.root.hidden = !this.showsBin;
    this.page.hidden = card !== undefined || this.showsBin;
    if (!card) {
      this.drawer.hide();
      this.list.draw();
      return;
    }
    this.drawer.show(card);
    this.model.send({ kind: "details", id: card.id });
  }
}
