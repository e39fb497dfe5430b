// The drawer of one model: its picture, what can be done with it, and all that is known of it.
import { addTo, make } from "../../shared/dom.js";
import { kindName } from "./cards.js";
import { icon } from "./icons.js";
import { CHANGES, drawChanges, drawNotes, drawTags, drawWeight } from "./own.js";
import { addPageHead } from "./page_head.js";
import { urlOf } from "./previews.js";

/** @import { Action, Card, Details } from "./types" */

export class Drawer {
  url = ""; // of the picture
  /** @type {Card | undefined} */
  card = undefined;

  /**
   * @param {HTMLElement} parent
   * @param {() => void} back
   * @param {(action: string, id: string, text: string) => void} act
   */
  constructor(parent, back, act) {
    this.act = act;
    this.root = addTo(parent, "section", { class: "mls-model-drawer", hidden: "" });
    const { head, back: button, title } = addPageHead(this.root, back);
    this.back = button;
    this.title = title;
    this.star = addTo(head, "button", {
      class: "mls-models-back mls-model-star",
      type: "button",
      onclick: () => this.do("star", this.card?.starred ? "" : "on"),
    });
    this.star.append(icon("star", 18));
    this.body = addTo(this.root, "div", { class: "mls-model-body", tabindex: "0" });
  }

  hide() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    this.card = undefined;
    this.root.hidden = true;
    this.body.replaceChildren();
  }

  /**
   * Show a card's model; what Python tells of it follows by `take`.
   * @param {Card} card
   */
  show(card) {
    if (this.card?.id !== card.id) this.hide();
    this.card = card;
    this.root.hidden = false;
    this.root.setAttribute("aria-label", card.name);
    this.title.textContent = card.name;
    this.title.title = card.name;
    this.body.setAttribute("aria-label", `About ${card.name}`);
    const what = card.starred ? "Remove the star" : "Give it a star";
    this.star.setAttribute("aria-pressed", String(card.starred));
    this.star.setAttribute("aria-label", "Star");
    this.star.title = what;
  }

  /**
   * @param {string} action
   * @param {string} text
   */
  do(action, text) {
    this.act(action, this.card?.id ?? "", text);
  }

  /**
   * @param {Details} details
   * @param {DataView | undefined} picture
   */
  take(details, picture) {
    const { body, card } = this;
    if (card?.id !== details.id) return;
    const again = keepFocus(body);
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = picture ? urlOf(picture) : "";
    body.replaceChildren();
    if (this.url) addTo(body, "img", { class: "mls-model-preview", alt: "", src: this.url });
    addTo(
      body,
      "p",
      { class: "mls-model-kind" },
      make("span", {}, kindName(card.kind)),
      card.family === "unknown" ? "" : make("span", { class: "mls-model-family" }, card.family),
    );
    this.drawActions(details.actions);
    if (details.hint) addTo(body, "p", { class: "mls-model-hint" }, details.hint);
    if (details.words.length) this.drawWords(details.words);
    this.drawOwn(card, details);
    const facts = addTo(body, "dl", { class: "mls-model-table" });
    for (const [label, value] of details.facts) {
      addTo(facts, "dt", {}, label);
      addTo(facts, "dd", {}, value);
    }
    if (details.fixed) addTo(body, "p", { class: "mls-model-hint" }, details.fixed);
    drawChanges(body, card.name, details.changes, this.do.bind(this));
    again();
  }

  /**
   * @param {Card} card
   * @param {Details} details
   */
  drawOwn(card, details) {
    const { body } = this;
    const act = this.do.bind(this);
    if (details.weight !== null) drawWeight(body, details.weight, act);
    drawTags(body, card.tags, details.known_tags, act);
    if (!details.fixed) drawNotes(body, details.notes, act);
    else if (details.notes) this.drawText("Notes", details.notes);
    if (details.about) this.drawText("About", details.about);
  }

  /**
   * @param {string} title
   * @param {string} text
   */
  drawText(title, text) {
    addTo(this.body, "h4", {}, title);
    addTo(this.body, "p", { class: "mls-model-notes" }, text);
  }

  /** @param {Action[]} actions */
  drawActions(actions) {
    if (!actions.length) return;
    const line = addTo(this.body, "div", { class: "mls-model-actions" });
    actions.forEach((action, at) => {
      const look = at ? "mls-models-button" : "mls-models-button mls-primary";
      this.addButton(line, look, action);
    });
  }

  /** @param {string[]} words */
  drawWords(words) {
    const head = addTo(this.body, "h4", {}, "Trigger words");
    head.title = "A click adds one to the prompt";
    const line = addTo(this.body, "div", { class: "mls-model-words" });
    for (const word of words) {
      const action = { name: "insert", label: word, text: word };
      this.addButton(line, "mls-model-word", action).title = `Add “${word}” to the prompt`;
    }
  }

  /**
   * @param {HTMLElement} parent
   * @param {string} look its class
   * @param {Action} action
   */
  addButton(parent, look, { name, label, text }) {
    return addTo(
      parent,
      "button",
      { class: look, type: "button", onclick: () => this.act(name, this.card?.id ?? "", text) },
      label,
    );
  }
}

/**
 * Remember what has the focus in a drawer; return what gives it to its like in a new drawing. A field
 * in which something is typed stays itself: what is written into another is no change of a person's.
 * @param {HTMLElement} body
 * @returns {() => void}
 */
function keepFocus(body) {
  const held = /** @type {HTMLElement | null} */ (body.querySelector(":focus"));
  if (!held) return () => {};
  const name = nameOf(held);
  const isTyped = held instanceof HTMLInputElement || held instanceof HTMLTextAreaElement;
  const question = isTyped ? held.closest(CHANGES) : null; // a new name is asked for
  return () => {
    const found = [...body.querySelectorAll("button, input, textarea")];
    const same = found.find((one) => nameOf(one) === name);
    if (question) body.querySelector(CHANGES)?.replaceWith(question);
    else if (isTyped && held.value !== held.defaultValue) same?.replaceWith(held);
    const again = held.isConnected ? held : same;
    (again instanceof HTMLElement ? again : body).focus();
  };
}

/** @param {Element} one */
const nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent;
