// The one bar above the picture: the modes, the tools of the mode, zoom and files. What has no room
// in it is in the menu at its end.
import { make, targetOf } from "../../shared/dom.js";
import { makeButton, makeGroup, press } from "./controls.js";
import { fitting } from "./overflow.js";

/** @import { Mode } from "./types" */
/** @import { Store } from "./store.js" */

/**
 * A tool in the bar. The highest rank goes into the menu first; `HIDES` is left out instead.
 * @typedef {{ element: HTMLElement, rank: number, isShown: () => boolean }} Item
 */

/** @typedef {{ title: string, items: Item[] }} Group of tools that stand together */

/** @type {[mode: Mode, label: string, help: string][]} */
export const MODES = [
  ["grid", "Grid", "All pictures of the batch or sweep (Esc)"],
  ["view", "View", "Look at the picture: zoom and move (V)"],
  ["compare", "Compare", "Compare two pictures (C)"],
  ["mask", "Mask", "Paint the area to change (M)"],
  ["boxes", "Boxes", "Correct what was found, one box each (B)"],
];

export const HIDES = 100; // the rank of what only informs
/** The screen pixels of a bar from which on its modes have their names, and their icons too. */
const [NAMES_FROM, BOTH_FROM] = [560, 900];
const GROUP_GAP = 8; // screen pixels
const PADDING = 4; // screen pixels at both ends of the bar
const MENU = 34; // screen pixels of the menu's button with its distance

/**
 * @param {HTMLElement} element
 * @param {number} rank
 * @param {() => boolean} isShown
 * @returns {Item}
 */
export const item = (element, rank, isShown = () => true) => ({ element, rank, isShown });

export class Bar {
  /**
   * @param {Store} store
   * @param {(mode: Mode) => Group[]} groupsOf the tools of a mode, zoom and files
   */
  constructor(store, groupsOf) {
    this.store = store;
    this.groupsOf = groupsOf;
    this.modes = MODES.map(([mode, label, help]) => {
      const button = makeButton("mode", mode, label, help, () => store.enter(mode));
      button.dataset.mode = mode;
      return button;
    });
    this.modeGroup = makeGroup("mls-viewer-modes", "Mode", ...this.modes);
    this.tools = make("div", { class: "mls-viewer-tools" });
    this.menu = make("div", {
      class: "mls-viewer-menu mls-viewer-over",
      role: "group",
      "aria-label": "More tools",
      hidden: "",
    });
    this.more = makeButton("more", "more", "More tools", "More tools", () => this.open());
    this.more.setAttribute("aria-expanded", "false");
    this.root = make(
      "div",
      { class: "mls-viewer-bar", role: "group", "aria-label": "Picture" },
      this.modeGroup,
      this.tools,
      this.more,
    );
    /** @type {WeakMap<HTMLElement, Map<number, number>>} */
    this.widths = new WeakMap();
    this.room = 0;
    this.laidOut = "";
  }

  /** @param {AbortSignal} signal aborted when the view closes */
  listen(signal) {
    const sizes = new ResizeObserver(() => {
      this.room = this.root.clientWidth - PADDING;
      this.layOut();
    });
    sizes.observe(this.root);
    signal.addEventListener("abort", () => sizes.disconnect());
    document.addEventListener(
      "pointerdown",
      (event) => {
        const path = event.composedPath();
        if (!path.includes(this.menu) && !path.includes(this.more)) this.close();
      },
      { signal },
    );
    this.menu.addEventListener("click", (event) => {
      // Pressing a button of the menu ends it; a switch or slider is tried more than once.
      const button = targetOf(event).closest("button");
      if (button && !button.hasAttribute("aria-pressed")) this.close();
    });
  }

  open() {
    const isOpen = !this.menu.hidden;
    this.menu.hidden = isOpen;
    this.more.setAttribute("aria-expanded", String(!isOpen));
    if (!isOpen) /** @type {HTMLElement | null} */ (this.menu.querySelector(FOCUSED))?.focus();
  }

  /** Close the menu; true if it was open. The focus goes back to its button if it was in it. */
  close() {
    if (this.menu.hidden) return false;
    const root = /** @type {Document | ShadowRoot} */ (this.menu.getRootNode());
    const hadFocus = this.menu.contains(root.activeElement);
    this.menu.hidden = true;
    this.more.setAttribute("aria-expanded", "false");
    if (hadFocus && !this.more.hidden) this.more.focus();
    return true;
  }

  /** @param {Mode} mode */
  show(mode) {
    const { boxes, masks, tiles } = this.store;
    for (const button of this.modes) {
      const own = button.dataset.mode;
      press(button, own === mode);
      const isMarked =
        (own === "mask" && masks.isPainted) || (own === "boxes" && boxes.all.length > 0);
      button.dataset.marked = String(isMarked);
      button.hidden = own === "grid" && tiles.count === 0;
    }
    this.layOut();
  }

  /** Put what has room into the bar and the rest into the menu, unless they are there. */
  layOut() {
    if (!this.room) return;
    const mode = this.store.model.get("mode");
    const every = this.groupsOf(mode);
    const groups = every
      .map((group) => ({ ...group, items: group.items.filter((one) => one.isShown()) }))
      .filter((group) => group.items.length);
    this.modeGroup.dataset.look = lookOf(this.room);
    this.measure(groups);
    const tools = groups.flatMap(({ items }, group) =>
      items.map((one) => ({ width: this.widthOf(one.element), rank: one.rank, group })),
    );
    const room = this.room - this.modeGroup.offsetWidth;
    const kept = fitting(tools, room, { gap: GROUP_GAP, menu: MENU });
    const shown = every.map((group) => group.items.map((one) => Number(one.isShown())).join(""));
    const key = [mode, shown, [...kept]].join(" ");
    if (key === this.laidOut) return;
    this.laidOut = key;
    const items = groups.flatMap((group) => group.items);
    this.place(groups, new Set(items.filter((_, i) => kept.has(i))));
  }

  /**
   * Return how wide a tool is in the bar: a text is as wide as others of its length.
   * @param {HTMLElement} element
   */
  widthOf(element) {
    return this.widths.get(element)?.get(element.textContent?.length ?? 0) ?? 0;
  }

  /**
   * Measure those that have not been, where they stand in the bar.
   * @param {Group[]} groups
   */
  measure(groups) {
    const all = new Set(groups.flatMap((group) => group.items));
    if ([...all].every((one) => this.widthOf(one.element))) return;
    this.place(groups, all);
    for (const { element } of all) {
      const known = this.widths.get(element) ?? new Map();
      this.widths.set(
        element,
        known.set(element.textContent?.length ?? 0, element.offsetWidth + 2),
      );
    }
    this.laidOut = "";
  }

  /**
   * @param {Group[]} groups
   * @param {Set<Item>} kept those in the bar; the others are in the menu
   */
  place(groups, kept) {
    /** @type {(group: Group, isKept: boolean) => HTMLElement[]} */
    const those = (group, isKept) =>
      group.items.filter((one) => kept.has(one) === isKept).map((one) => one.element);
    const rows = groups.filter((group) => those(group, true).length);
    this.tools.replaceChildren(
      ...rows.map((group) => makeGroup("mls-viewer-set", group.title, ...those(group, true))),
    );
    const rest = groups.flatMap((group) =>
      group.items.filter((one) => !kept.has(one) && one.rank < HIDES).map((one) => one.element),
    );
    this.menu.replaceChildren(...rest);
    this.more.hidden = rest.length === 0;
    if (!rest.length) this.close();
  }
}

const FOCUSED = "button:enabled, input:enabled, select:enabled";

/**
 * Return what the modes have room for: it is the same whatever the mode, so that they stay in place.
 * @param {number} room
 */
function lookOf(room) {
  if (room >= BOTH_FROM) return "both";
  return room >= NAMES_FROM ? "names" : "icons";
}
