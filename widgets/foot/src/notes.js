// Errors and notices: over the picture's lower edge, so that nothing moves when one comes or goes.
import { addTo } from "../../shared/dom.js";

/** @import { Model, Send } from "./types" */

export class Notes {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   */
  constructor(root, model, send) {
    this.model = model;
    this.box = addTo(root, "div", { class: "mls-notes" });
    this.notice = this.note("mls-notice", "status", "notice", send);
    this.words = addTo(this.notice, "div", { class: "mls-said" });
    this.offer = addTo(this.box, "div", { class: "mls-note mls-offer", role: "status" });
    this.offered = addTo(this.offer, "p");
    for (const [label, what] of [
      ["Continue", "continue"],
      ["Discard", "discard"],
    ]) {
      const button = addTo(this.offer, "button", {
        class: `mls-foot-button mls-offer-${what}`,
        type: "button",
        onclick: () => send("queue", { do: what }),
      });
      button.textContent = label;
    }
    this.error = this.note("mls-error", "alert", "error", send);
    const alert = addTo(this.error, "div", { class: "mls-alert" });
    this.title = addTo(alert, "strong");
    this.text = addTo(alert, "p");
    this.act = addTo(alert, "button", {
      class: "mls-foot-button mls-error-act",
      type: "button",
      onclick: () => send("message", { name: model.get("error").action?.name }),
    });
    this.details = addTo(alert, "details");
    addTo(this.details, "summary").textContent = "Technical details";
    this.trace = addTo(this.details, "pre");
  }

  /**
   * @param {string} name
   * @param {string} role
   * @param {string} what
   * @param {Send} send
   */
  note(name, role, what, send) {
    const note = addTo(this.box, "div", { class: `mls-note ${name}`, role });
    const close = addTo(note, "button", {
      class: "mls-foot-icon mls-note-close",
      type: "button",
      title: "Close",
      "aria-label": "Close this message",
      onclick: () => send("dismiss", { what }),
    });
    close.textContent = "✕";
    return note;
  }

  draw() {
    const held = /** @type {HTMLElement | null} */ (this.box.querySelector(":focus"));
    const error = this.model.get("error");
    const notice = this.model.get("notice");
    const offer = this.model.get("queue").stopped?.text ?? "";
    this.offer.hidden = offer === "";
    if (this.offered.textContent !== offer) this.offered.textContent = offer;
    this.notice.hidden = notice === "";
    if (this.words.innerHTML !== notice) this.words.innerHTML = notice; // escaped by Python
    this.error.hidden = !error.title;
    this.title.textContent = error.title ?? "";
    this.text.textContent = error.text ?? "";
    this.act.hidden = !error.action;
    this.act.textContent = error.action?.label ?? "";
    this.details.hidden = !error.trace;
    if (this.trace.textContent !== (error.trace ?? "")) {
      this.trace.textContent = error.trace ?? "";
      this.details.open = false;
    }
    // A message that is closed leaves the keys with the foot, not with the page.
    if (held && !held.checkVisibility()) this.next()?.focus();
  }

  /**
   * Return what takes the focus of a message that is closed: another message, or the queue.
   * @returns {HTMLElement | undefined}
   */
  next() {
    const stops = this.box.parentElement?.querySelectorAll("button:enabled") ?? [];
    return /** @type {HTMLElement[]} */ ([...stops]).find((one) => one.checkVisibility());
  }
}
