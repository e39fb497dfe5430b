// A picture's slot: a small picture, what it is, and the ways to another one.
import { make } from "../../../shared/dom.js";
import { iconButton, textButton } from "../buttons.js";
import { takeDrops } from "../drops.js";

/** @import { Action, Control, Host, Shown, Slot } from "../types" */

/** @type {Action[]} */
const USUAL = [
  { name: "canvas", label: "Use this picture", help: "Take the picture on the canvas" },
  { name: "history", label: "From history", help: "Choose a picture of the history" },
];
const EMPTY = "None. Drop a picture here.";

/**
 * Make the slot. A value is the name of a stored picture, null for none.
 * @param {Host} host
 * @returns {Control}
 */
export function makePicture(host) {
  const slot = new PictureSlot(host);
  return {
    element: slot.element,
    target: null,
    describe(field) {
      const actions = field.actions ?? USUAL;
      const buttons = actions.map(({ name, label, help }) =>
        textButton(label, () => host.act(name), help),
      );
      slot.buttons.replaceChildren(...buttons, slot.open);
    },
    show: (shown) => slot.show(shown),
    disable: (isDisabled) => slot.disable(isDisabled),
    close: () => host.pictures.forget(host.path()),
  };
}

class PictureSlot {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    /** @type {string | null} */
    this.value = null;
    this.isSending = false;
    /** @type {File | null} */
    this.next = null; // given while another is being sent, whose place it takes
    this.isDisabled = false;
    this.image = make("img", { class: "mls-thumbnail", alt: "", hidden: "" });
    this.prepared = make("img", {
      class: "mls-thumbnail",
      alt: "Prepared for the model",
      hidden: "",
    });
    this.about = make("p", { class: "mls-picture-about" }, EMPTY);
    const { label } = host.field;
    this.away = iconButton("remove", `${label}: remove the picture`, () => host.set(null));
    this.file = make("input", { type: "file", accept: "image/*", hidden: "", tabindex: "-1" });
    this.file.addEventListener("change", () => {
      const [file] = this.file.files ?? [];
      if (file) this.send(file);
      this.file.value = ""; // so that the same file can be chosen again
    });
    this.open = textButton(
      "File…",
      () => this.file.click(),
      "Open a file; it can be dropped here, too",
    );
    this.buttons = make("div", { class: "mls-picture-buttons" });
    const pictures = make("div", { class: "mls-thumbnails" }, this.image, this.prepared);
    this.element = make(
      "div",
      { class: "mls-picture" },
      pictures,
      this.about,
      this.away,
      this.buttons,
      this.file,
    );
    takeDrops(this.element, host.signal, ([file]) => {
      if (file && !this.isDisabled) this.send(file);
    });
  }

  /** @param {File} file */
  async send(file) {
    if (this.isSending) {
      this.next = file;
      return;
    }
    this.isSending = true;
    this.host.wrong(null);
    this.about.textContent = `Reading ${file.name}…`;
    try {
      await this.host.files.send(this.host.path(), file.name, file, (share) => {
        this.about.textContent = `Reading ${file.name}, ${Math.round(share * 100)} %`;
      });
    } catch {
      this.host.wrong({ text: `${file.name} could not be read.` });
    } finally {
      this.isSending = false;
      if (this.about.textContent.startsWith("Reading")) this.about.textContent = this.said;
    }
    const { next } = this;
    this.next = null;
    if (next) await this.send(next);
  }

  /** What is said of the picture. */
  said = EMPTY;

  /** @param {Shown} shown */
  show({ value, inherited, note }) {
    const inForce = [inherited, note].filter(Boolean).join(", ");
    this.away.hidden = value === null;
    this.element.classList.toggle("mls-empty", value === null);
    if (value === this.value && value !== null) return;
    this.value = value;
    this.image.hidden = this.prepared.hidden = true;
    this.tell(value === null ? inForce || EMPTY : "");
    const path = this.host.path();
    if (value === null) this.host.pictures.forget(path);
    else this.host.pictures.ask(path, value, (slot) => this.fill(slot));
  }

  /** @param {Slot} slot */
  fill({ image, prepared, about }) {
    const { label } = this.host.field;
    for (const [element, url] of /** @type {const} */ ([
      [this.image, image],
      [this.prepared, prepared],
    ])) {
      element.hidden = !url;
      if (url) element.src = url;
      else element.removeAttribute("src");
    }
    this.image.alt = [label, about].filter(Boolean).join(": ");
    this.tell(about);
  }

  /** @param {string} text */
  tell(text) {
    this.said = text;
    if (!this.isSending) this.about.textContent = text;
  }

  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    this.isDisabled = isDisabled;
    for (const button of this.element.querySelectorAll("button")) button.disabled = isDisabled;
  }
}
