// The list of cards, of which only those on the screen exist.
import { addTo, make } from "../../shared/dom.js";
import { clamp } from "../../shared/geometry.js";
import { kindName, seen } from "./cards.js";
import { icon } from "./icons.js";

/** @import { Card } from "./types" */
/** @import { Previews } from "./previews.js" */

const NARROWEST = 220; // a card; pixels, as all here
const HEIGHT = 64;
const GAP = 4;
const LINE = HEIGHT + GAP;
const MOST_REFUSED = 200; // lines; a search finds the others

let lists = 0; // for ids that are unique in the page

export class List {
  /** @type {Card[]} */
  cards = [];
  /** @type {Map<number, { element: HTMLElement, drawn: string }>} */
  made = new Map();
  columns = 1;
  current = -1; // the index of the marked card
  frame = 0;

  /**
   * @param {HTMLElement} parent
   * @param {Previews} previews
   * @param {(card: Card) => void} choose
   */
  constructor(parent, previews, choose) {
    this.id = `mls-models-${++lists}`;
    this.previews = previews;
    this.choose = choose;
    this.scroll = addTo(parent, "div", { class: "mls-models-scroll" });
    this.box = addTo(this.scroll, "div", {
      class: "mls-models-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "Models",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
    });
    this.nothing = addTo(this.scroll, "p", { class: "mls-models-nothing" });
    this.refused = addTo(this.scroll, "details", { class: "mls-models-refused" });
    this.later = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    };
    this.scroll.addEventListener("scroll", this.later, { passive: true });
    this.watch = new ResizeObserver(this.later);
    this.watch.observe(this.scroll);
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /**
   * Show these cards.
   * @param {{ usable: Card[], refused: Card[] }} found
   * @param {string} nothing told where there is none
   */
  show({ usable, refused }, nothing) {
    const marked = this.cards[this.current]?.id;
    this.cards = usable;
    this.current = usable.findIndex(({ id }) => id === marked);
    for (const { element } of this.made.values()) element.remove();
    this.made.clear();
    this.box.hidden = !usable.length;
    this.nothing.hidden = usable.length > 0;
    this.nothing.textContent = nothing;
    this.drawRefused(refused);
    this.draw();
  }

  /** @param {Card[]} cards */
  drawRefused(cards) {
    const { refused } = this;
    refused.hidden = !cards.length;
    const files =
      cards.length === 1 ? "1 file is" : `${cards.length.toLocaleString("en")} files are`;
    refused.replaceChildren(make("summary", {}, `${files} not used`));
    const list = addTo(refused, "ul");
    for (const { id, refused: why } of cards.slice(0, MOST_REFUSED)) {
      addTo(list, "li", {}, make("b", {}, id), make("span", {}, why));
    }
    const left = cards.length - MOST_REFUSED;
    if (left > 0) addTo(list, "li", {}, `and ${left.toLocaleString("en")} more: search for them`);
  }

  draw() {
    const width = this.box.clientWidth;
    if (!width) return; // in a tab that is not shown, or there is no card
    const columns = Math.max(1, Math.floor((width + GAP) / (NARROWEST + GAP)));
    if (columns !== this.columns) {
      this.columns = columns;
      for (const { element } of this.made.values()) element.remove();
      this.made.clear();
    }
    const lines = Math.ceil(this.cards.length / columns);
    this.box.style.height = `${Math.max(0, lines * LINE - GAP)}px`;
    const { scrollTop: top, clientHeight: height } = this.scroll;
    const { first, end } = seen({ count: this.cards.length, columns, line: LINE, top, height });
    for (const [at, { element }] of this.made) {
      if (at >= first && at < end) continue;
      element.remove();
      this.made.delete(at);
    }
    for (let at = end - 1; at >= first; at--) this.drawCard(at);
    const shown = this.cards.slice(first, end);
    this.previews.want(shown);
    this.previews.tidy(shown);
    if (this.made.has(this.current)) {
      this.box.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
    } else this.box.removeAttribute("aria-activedescendant");
  }

  /** @param {number} at */
  drawCard(at) {
    const card = this.cards[at];
    const url = this.previews.url(card);
    let made = this.made.get(at);
    if (!made) {
      const element = make("div", {
        class: "mls-model",
        role: "option",
        id: `${this.id}-${at}`,
        "data-id": card.id,
        onclick: () => this.take(at),
      });
      made = { element, drawn: "" };
      this.box.insertBefore(element, this.made.get(at + 1)?.element ?? null);
      this.made.set(at, made);
      const [line, column] = [Math.floor(at / this.columns), at % this.columns];
      element.style.top = `${line * LINE}px`;
      element.style.left = `calc((100% + ${GAP}px) / ${this.columns} * ${column})`;
      element.style.width = `calc((100% + ${GAP}px) / ${this.columns} - ${GAP}px)`;
      element.setAttribute("aria-posinset", String(at + 1));
      element.setAttribute("aria-setsize", String(this.cards.length));
    }
    const { element } = made;
    element.setAttribute("aria-selected", String(at === this.current));
    const drawn = JSON.stringify([card, url]);
    if (made.drawn === drawn) return;
    made.drawn = drawn;
    element.replaceChildren(pictureOf(card, url), textOf(card));
    element.title = card.unfit ? `${card.name} ${card.unfit}` : card.name;
    if (card.unfit) element.setAttribute("aria-disabled", "true");
  }

  /** @param {number} at */
  take(at) {
    this.mark(at);
    if (this.cards[at] && !this.cards[at].unfit) this.choose(this.cards[at]);
  }

  /** @param {number} at */
  mark(at) {
    this.current = this.cards.length ? clamp(at, 0, this.cards.length - 1) : -1;
    if (this.current < 0) return;
    const top = Math.floor(this.current / this.columns) * LINE;
    const { scroll } = this;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    const bottom = top + HEIGHT + 4; // the list's padding
    if (bottom > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = bottom - scroll.clientHeight;
    }
    this.draw();
  }

  focus() {
    this.box.focus({ preventScroll: true });
    if (this.current < 0) this.mark(0);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / LINE)) * this.columns;
    /** @type {Record<string, number>} */
    const steps = {
      ArrowDown: this.columns,
      ArrowUp: -this.columns,
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.key in steps) {
      // A step over the end of a list stays in its column.
      const to = this.current + steps[event.key];
      const leaves = to < 0 || to >= this.cards.length;
      if (!leaves || !event.key.startsWith("Arrow") || this.current < 0) this.mark(to);
    } else if (event.key === "Enter" || event.key === " ") this.take(this.current);
    else return;
    event.preventDefault();
  }
}

/**
 * @param {Card} card
 * @param {string | undefined} url
 */
function pictureOf({ kind }, url) {
  const picture = make("div", { class: "mls-model-picture" });
  if (url) addTo(picture, "img", { alt: "", draggable: "false", src: url });
  else if (url === "") picture.append(icon(kind, 24));
  return picture;
}

/** @param {Card} card */
function textOf({ name, kind, family, size, unfit, tags, starred, used }) {
  const text = make("div", { class: "mls-model-text" });
  const [folder, bare] = [name.slice(0, name.lastIndexOf("/") + 1), name.split("/").pop() ?? name];
  const title = addTo(text, "div", { class: "mls-model-name" }, bare);
  if (starred) title.prepend(make("span", { class: "mls-model-starred", title: "Starred" }, "★ "));
  const facts = addTo(text, "div", { class: "mls-model-facts" });
  if (unfit) {
    addTo(facts, "span", { class: "mls-model-why" }, unfit);
    return text;
  }
  const told = [kindName(kind), folder && `in ${folder.slice(0, -1)}`, size].filter(Boolean);
  addTo(facts, "span", {}, told.join(" · "));
  const own = [used ? `used ${used.toLocaleString("en")}×` : "", ...tags.map((tag) => `#${tag}`)];
  const line = own.filter(Boolean).join(" · ");
  const last = addTo(text, "div", { class: "mls-model-facts" });
  if (family !== "unknown") addTo(last, "span", { class: "mls-model-family" }, family);
  if (line) addTo(last, "div", { class: "mls-model-own", title: line }, line);
  return text;
}
