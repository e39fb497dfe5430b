// A list of pictures: each small, with its number, to be moved and removed; files are dropped on it.
import { make } from "../../../shared/dom.js";
import { iconButton, textButton } from "../buttons.js";
import { takeDrops } from "../drops.js";

/** @import { Control, Field, Host, Shown, Slot } from "../types" */

const EMPTY = "None. Drop pictures here.";

/**
 * Make the list. A value is a list of the names of stored pictures.
 * @param {Host} host
 * @returns {Control}
 */
export function makePictures(host) {
  const list = new PictureList(host);
  return {
    element: list.element,
    target: null,
    describe: (field) => list.describe(field),
    show: (shown) => list.show(shown),
    disable: (isDisabled) => list.disable(isDisabled),
    close: () => list.forget(),
  };
}

class PictureList {
  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    /** @type {string[]} */
    this.names = [];
    this.isSending = false;
    /** @type {File[]} */
    this.waiting = []; // given while others are being sent
    this.isDisabled = false;
    this.first = 1; // the number of the first picture
    this.list = make("ol", { class: "mls-pictures-list" });
    this.about = make("p", { class: "mls-picture-about" }, EMPTY);
    this.file = make("input", {
      type: "file",
      accept: "image/*",
      multiple: "",
      hidden: "",
      tabindex: "-1",
    });
    this.file.addEventListener("change", async () => {
      await this.send([...(this.file.files ?? [])]);
      this.file.value = ""; // so that the same files can be chosen again
    });
    this.open = textButton(
      "Files…",
      () => this.file.click(),
      "Open files; they can be dropped here, too",
    );
    this.buttons = make("div", { class: "mls-picture-buttons" });
    this.element = make(
      "div",
      { class: "mls-pictures mls-empty" },
      this.list,
      this.about,
      this.buttons,
      this.file,
    );
    takeDrops(this.element, host.signal, (files) => {
      if (!this.isDisabled) this.send(files);
    });
  }

  /** @param {Field} field */
  describe(field) {
    this.first = field.min ?? 1;
    const buttons = (field.actions ?? []).map(({ name, label, help }) =>
      textButton(label, () => this.host.act(name), help),
    );
    this.buttons.replaceChildren(...buttons, this.open);
  }

  /**
   * Send files one after the other, so that they arrive in their order.
   * @param {File[]} files
   */
  async send(files) {
    this.waiting.push(...files);
    if (this.isSending || !files.length) return;
    this.isSending = true;
    this.host.wrong(null);
    for (let file = this.waiting.shift(); file; file = this.waiting.shift()) {
      this.about.hidden = false;
      this.about.textContent = `Reading ${file.name}…`;
      try {
        await this.host.files.send(this.host.path(), file.name, file, () => {});
      } catch {
        this.host.wrong({ text: `${file.name} could not be read.` });
      }
    }
    this.isSending = false;
    this.tell();
  }

  /** @param {Shown} shown */
  show({ value }) {
    /** @type {string[]} */
    const names = value ?? [];
    this.element.classList.toggle("mls-empty", names.length === 0);
    if (JSON.stringify(names) === JSON.stringify(this.names)) return;
    this.forget();
    this.names = names;
    this.list.replaceChildren(...names.map((name, index) => this.item(name, index)));
    this.tell();
  }

  /**
   * @param {string} name
   * @param {number} index
   */
  item(name, index) {
    const said = `Picture ${this.first + index}`;
    const image = make("img", { class: "mls-thumbnail", alt: said });
    const buttons = [
      iconButton("earlier", `${said}: move forward`, () => this.move(index, index - 1)),
      iconButton("later", `${said}: move back`, () => this.move(index, index + 1)),
      iconButton("remove", `${said}: remove`, () => this.remove(index)),
    ];
    buttons[0].disabled = this.isDisabled || index === 0;
    buttons[1].disabled = this.isDisabled || index === this.names.length - 1;
    buttons[2].disabled = this.isDisabled;
    this.host.pictures.ask(this.path(index), name, (/** @type {Slot} */ slot) => {
      if (slot.image) image.src = slot.image;
      image.alt = [said, slot.about].filter(Boolean).join(": ");
      image.title = slot.about;
    });
    const head = make("span", { class: "mls-pictures-name" }, said);
    return make("li", {}, image, head, make("div", { class: "mls-pictures-row" }, ...buttons));
  }

  /** @param {number} index */
  path(index) {
    return `${this.host.path()}.${index}`;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  move(from, to) {
    const names = [...this.names];
    names.splice(to, 0, ...names.splice(from, 1));
    this.host.set(names);
    // The same button of the picture that moved, or the other one where it cannot go further.
    const buttons = this.list.children[to]?.querySelectorAll("button") ?? [];
    const [same, other] = to < from ? [buttons[0], buttons[1]] : [buttons[1], buttons[0]];
    (same?.disabled ? other : same)?.focus();
  }

  /** @param {number} index */
  remove(index) {
    this.host.set(this.names.filter((_, at) => at !== index));
    const next = this.list.children[Math.min(index, this.names.length - 1)];
    ([...(next?.querySelectorAll("button") ?? [])].at(-1) ?? this.open).focus();
  }

  tell() {
    if (this.isSending) return;
    this.about.textContent = EMPTY;
    this.about.hidden = this.names.length > 0;
  }

  forget() {
    for (const index of this.names.keys()) this.host.pictures.forget(this.path(index));
  }

  /** @param {boolean} isDisabled */
  disable(isDisabled) {
    this.isDisabled = isDisabled;
    for (const button of this.element.querySelectorAll("button")) button.disabled = isDisabled;
    const ends = [this.list.firstElementChild, this.list.lastElementChild];
    for (const [at, end] of ends.entries()) {
      const button = end?.querySelectorAll("button")[at];
      if (button) button.disabled = true;
    }
  }
}
