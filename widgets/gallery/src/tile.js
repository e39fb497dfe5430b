// One tile of the grid: its picture, the buttons over it, its stars.
import { addTo, makeSvg, targetOf } from "../../shared/dom.js";

/** @import { Entry } from "./types" */

/** @type {{ action: string, title: string, path: string }[]} */
const ACTIONS = [
  {
    action: "enhance",
    title: "Enhance",
    path: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM18 15l.9 2.1L21 18l-2.1.9L18 21l-.9-2.1L15 18l2.1-.9z",
  },
  {
    action: "sidecar",
    title: "Open the sidecar",
    path: "M9 4C6 4 7 8 7 9.5S6 12 5 12c1 0 2 1 2 2.5S6 20 9 20M15 4c3 0 2 4 2 5.5s1 2.5 2 2.5c-1 0-2 1-2 2.5S18 20 15 20",
  },
  {
    action: "delete",
    title: "Delete",
    path: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  },
];
const MOST_STARS = 5;

/** @param {string} path */
function icon(path) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  return makeSvg([[path, stroke]], { width: 18, height: 18 });
}

/** @param {number} count */
const starsText = (count) => (count === 1 ? "1 star" : `${count} stars`);

/**
 * Return an entry in a line: its title, stars, size and time.
 * @param {Entry} entry
 */
export function factsOf({ title, stars, created, width, height }) {
  const at = new Date(created);
  const facts = [title || "without a prompt"];
  if (stars) facts.push(starsText(stars));
  if (width && height) facts.push(`${width} × ${height}`);
  if (!Number.isNaN(at.getTime())) {
    facts.push(at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
  }
  return facts.join(" · ");
}

/**
 * How a tile looks. `why` says why there is no thumbnail; `isAsked` whether the person is asked
 * about deleting it.
 * @typedef {{
 *   entry: Entry | undefined, url: string | undefined, why: string | undefined,
 *   isCurrent: boolean, isAsked: boolean,
 * }} Look
 */

export class Tile {
  /**
   * @param {HTMLElement} row
   * @param {string} id of the element
   * @param {number} at index of the entry
   * @param {(action: string, at: number) => void} act
   */
  constructor(row, id, at, act) {
    this.cell = addTo(row, "div", { class: "mls-tile", role: "gridcell", id, "data-at": at });
    this.picture = addTo(this.cell, "div", { class: "mls-tile-picture" });
    this.stars = addTo(this.cell, "div", { class: "mls-tile-stars" });
    this.drawn = "";
    this.cell.addEventListener("click", (event) => {
      act(targetOf(event).closest("button")?.dataset.act ?? "open", at);
    });
  }

  /**
   * Draw the tile, anew only where something has changed.
   * @param {Look} look
   */
  draw({ entry, url, why, isCurrent, isAsked }) {
    const { cell, picture, stars } = this;
    cell.setAttribute("aria-selected", String(isCurrent));
    const state = JSON.stringify([entry, url, why, isAsked]);
    if (state !== this.drawn) {
      this.drawn = state;
      const focused = /** @type {HTMLElement | null} */ (document.activeElement);
      const held = cell.contains(focused) ? focused?.dataset.act : undefined;
      this.drawPicture(url, why);
      stars.replaceChildren();
      if (entry) {
        this.drawStars(entry.stars);
        if (isAsked) this.drawQuestion();
        else this.drawActions();
        cell.title = factsOf(entry);
        cell.setAttribute("aria-label", factsOf(entry));
      }
      if (held) this.button(held)?.focus();
    }
    // Tab goes from the grid to the current tile's buttons; stars are set by the keys 0 to 5.
    for (const button of picture.querySelectorAll("button")) button.tabIndex = isCurrent ? 0 : -1;
  }

  /**
   * Return the button of an action, null where it is not shown.
   * @param {string} action
   * @returns {HTMLButtonElement | null}
   */
  button(action) {
    return this.cell.querySelector(`button[data-act="${action}"]`);
  }

  /**
   * @param {string | undefined} url
   * @param {string | undefined} why
   */
  drawPicture(url, why) {
    const { picture } = this;
    picture.replaceChildren();
    picture.classList.toggle("mls-empty", !url && !why);
    if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why }, "no picture");
  }

  /** @param {number} lit how many stars the picture has */
  drawStars(lit) {
    for (let count = 1; count <= MOST_STARS; count++) {
      const action = `stars:${count === lit ? 0 : count}`; // the same again takes them away
      const sign = count <= lit ? "★" : "☆";
      const star = addButton(this.stars, "mls-star", action, starsText(count), sign);
      star.classList.toggle("mls-lit", count <= lit);
      star.setAttribute("aria-pressed", String(count === lit));
    }
  }

  drawQuestion() {
    const group = { class: "mls-tile-ask", role: "group", "aria-label": "Delete?" };
    const box = addTo(this.picture, "div", group);
    addTo(box, "span", {}, "Delete?");
    addButton(box, "mls-tile-yes", "sure", "Delete this picture and its sidecar", "Delete");
    addButton(box, "mls-tile-no", "keep", "Keep it", "Keep");
  }

  drawActions() {
    const bar = addTo(this.picture, "div", { class: "mls-tile-actions" });
    for (const { action, title, path } of ACTIONS) {
      addButton(bar, "mls-tile-act", action, title, icon(path));
    }
  }
}

/**
 * @param {HTMLElement} parent
 * @param {string} kind its class
 * @param {string} action
 * @param {string} label
 * @param {Node | string} content
 */
function addButton(parent, kind, action, label, content) {
  const attributes = { class: kind, type: "button", title: label, "aria-label": label };
  return addTo(parent, "button", { ...attributes, tabindex: -1, "data-act": action }, content);
}
