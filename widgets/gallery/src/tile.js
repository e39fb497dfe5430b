// One tile of the grid: its picture, a tick to select it, its stars.
import { addTo, targetOf } from "../../shared/dom.js";

/** @import { Entry } from "./types" */

const LONG_PRESS = 500; // ms of a finger on a tile, which selects it
const MOVED = 10; // px by which a finger moves when it scrolls

/** @param {number} count */
export const starsText = (count) => (count === 1 ? "1 star" : `${count} stars`);

/**
 * Return an entry in a line: its title, stars, size and time.
 * @param {Entry} entry
 */
export function factsOf({ title, stars, created, width, height }) {
  const at = new Date(created);
  return [
    title || "without a prompt",
    stars && starsText(stars),
    width && height && `${width} × ${height}`,
    created && at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/**
 * What a tile shows: its entry, once it is known; its thumbnail, or why there is none; whether it
 * is the picture on the canvas, is selected, and is where the keys are.
 * @typedef {{
 *   entry: Entry | undefined, url: string | undefined, why: string | undefined,
 *   isShown: boolean, isSelected: boolean, isCursor: boolean,
 * }} Look
 */

/**
 * How a tile was clicked: to look at it, to add it to the selection or take it out, or to select
 * all up to it.
 * @typedef {"look" | "toggle" | "range"} Gesture
 */

export class Tile {
  /**
   * @param {HTMLElement} row
   * @param {string} id of the element
   * @param {number} at index of the entry
   * @param {(gesture: Gesture, at: number) => void} act
   */
  constructor(row, id, at, act) {
    const attributes = { class: "mls-tile", role: "gridcell", id, "data-at": at };
    this.cell = addTo(row, "div", attributes);
    this.picture = addTo(this.cell, "div", { class: "mls-tile-picture" });
    this.stars = addTo(this.cell, "span", { class: "mls-tile-stars", "aria-hidden": "true" });
    // For the mouse: by the keyboard a tile is selected with Space.
    this.tick = addTo(this.cell, "span", { class: "mls-tile-tick", "aria-hidden": "true" });
    this.drawn = "";
    this.pressed = 0;
    this.wasLong = false;
    /**
     * Where the finger came down.
     * @type {PointerEvent | undefined}
     */
    this.from = undefined;
    this.cell.addEventListener("click", (event) => {
      if (this.wasLong) this.wasLong = false;
      else if (targetOf(event) === this.tick || event.ctrlKey || event.metaKey) act("toggle", at);
      else act(event.shiftKey ? "range" : "look", at);
    });
    this.cell.addEventListener("pointerdown", (event) => {
      this.wasLong = false;
      if (event.pointerType !== "touch") return;
      this.from = event;
      this.pressed = window.setTimeout(() => {
        this.wasLong = true;
        act("toggle", at);
      }, LONG_PRESS);
    });
    this.cell.addEventListener("pointermove", ({ clientX, clientY }) => {
      const { from } = this;
      if (from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > MOVED) this.letGo();
    });
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) {
      this.cell.addEventListener(kind, () => this.letGo());
    }
    // A long press would open the browser's own menu.
    this.cell.addEventListener("contextmenu", (event) => {
      if (this.wasLong) event.preventDefault();
    });
  }

  letGo() {
    clearTimeout(this.pressed);
    this.from = undefined;
  }

  /**
   * Draw the tile, anew only where something has changed.
   * @param {Look} look
   */
  draw({ entry, url, why, isShown, isSelected, isCursor }) {
    const { cell, stars } = this;
    cell.setAttribute("aria-selected", String(isSelected));
    cell.classList.toggle("mls-shown", isShown);
    cell.classList.toggle("mls-cursor", isCursor);
    const facts = entry ? factsOf(entry) : "";
    const state = JSON.stringify([facts, url, why, isShown]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.drawPicture(url, why);
    stars.textContent = entry?.stars ? `★ ${entry.stars}` : "";
    cell.title = facts;
    const parts = [facts || "Loading", isShown && "on the canvas", why && "no picture"];
    cell.setAttribute("aria-label", parts.filter(Boolean).join(" · "));
  }

  /**
   * @param {string | undefined} url
   * @param {string | undefined} why
   */
  drawPicture(url, why) {
    const { picture } = this;
    const image = picture.querySelector("img");
    if (url && image?.src === url) return; // a new one would flicker
    picture.replaceChildren();
    if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why });
  }
}
