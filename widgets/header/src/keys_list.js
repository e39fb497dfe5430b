// The list of all keys, over the studio, with a field to search it.
import { addTo, make } from "../../shared/dom.js";
import { foundKeys, keyCaps } from "../../shared/keys.js";

const STOPS = "input, button, [tabindex]";

export class KeysList {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {HTMLElement | null} */
    this.shade = null;
    /** @type {Element | null} */
    this.from = null;
  }

  get isOpen() {
    return this.shade !== null;
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    this.from = document.activeElement;
    this.shade = addTo(this.panel, "div", {
      class: "mls-keys-shade",
      onclick: (/** @type {MouseEvent} */ event) => event.target === this.shade && this.close(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.press(event),
    });
    const box = addTo(this.shade, "div", {
      class: "mls-keys",
      role: "dialog",
      "aria-modal": "true",
      "aria-label": "Keys",
    });
    const head = addTo(box, "div", { class: "mls-keys-head" });
    this.search = addTo(head, "input", {
      type: "search",
      class: "mls-keys-search",
      placeholder: "Search keys",
      "aria-label": "Search keys",
      oninput: () => this.draw(),
    });
    addTo(
      head,
      "button",
      { type: "button", class: "mls-keys-close", onclick: () => this.close() },
      "Close",
    );
    this.list = addTo(box, "div", { class: "mls-keys-list", tabindex: 0, role: "group" });
    this.list.setAttribute("aria-label", "All keys");
    this.draw();
    this.search.focus();
  }

  close() {
    this.shade?.remove();
    this.shade = null;
    const back = this.from instanceof HTMLElement && this.from.isConnected ? this.from : this.panel;
    back.focus({ preventScroll: true });
  }

  draw() {
    const found = foundKeys(this.search?.value ?? "");
    const sections = found.map(({ title, rows }) => {
      const list = make("dl", {});
      for (const [keys, does] of Object.values(rows)) list.append(rowOf(keys, does));
      return make("section", {}, make("h2", {}, title), list);
    });
    const nothing = make("p", { class: "mls-quiet" }, "No key does that.");
    this.list?.replaceChildren(...(sections.length ? sections : [nothing]));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab") this.keepInside(event);
  }

  /**
   * Tab goes round within the list.
   * @param {KeyboardEvent} event
   */
  keepInside(event) {
    const stops = [...(this.shade?.querySelectorAll(STOPS) ?? [])];
    const at = stops.findIndex((one) => one === document.activeElement);
    const next = stops[(at + (event.shiftKey ? stops.length - 1 : 1)) % stops.length];
    event.preventDefault();
    if (next instanceof HTMLElement) next.focus();
  }
}

/**
 * @param {string[]} keys
 * @param {string} does
 */
function rowOf(keys, does) {
  const caps = keys.map((key) =>
    make("span", { class: "mls-key" }, ...keyCaps(key).map((cap) => make("kbd", {}, cap))),
  );
  return make("div", {}, make("dt", {}, does), make("dd", {}, ...caps));
}
