// One box in the panel.
import { make } from "../../shared/dom.js";
import { movedDetection, nameOf, typedBox } from "./boxes.js";
import { asPercent, isFocused, makeButton, makeGroup, makeSlider } from "./controls.js";

/** @import { Box } from "../../shared/geometry.js" */
/** @import { BoxPanel } from "./box_panel.js" */
/** @import { Detection } from "./types" */

const STAGE_STRENGTH = 0.4; // where the slider stands while the stage's strength counts

/** @type {[label: string, help: string][]} */
const NUMBERS = [
  ["X", "Left edge in pixels"],
  ["Y", "Upper edge in pixels"],
  ["W", "Width in pixels"],
  ["H", "Height in pixels"],
];

export class BoxRow {
  /**
   * @param {BoxPanel} panel
   * @param {number} index
   */
  constructor(panel, index) {
    this.panel = panel;
    this.index = index;
    const { boxes } = panel;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => boxes.changeOne(index, { enabled: this.tick.checked }),
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => boxes.select(boxes.selected === index ? -1 : index),
    });
    this.up = makeButton("up", "up", "Earlier", "Draw it earlier", () => panel.move(index, -1));
    this.down = makeButton("down", "down", "Later", "Draw it later", () => panel.move(index, 1));
    this.trash = makeButton("remove", "trash", "Remove", "Remove it (Delete)", () =>
      panel.remove(index),
    );
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => boxes.changeOne(index, { prompt: this.prompt.value.trim() || null }),
    });
    this.numbers = NUMBERS.map(([label, help]) => this.makeNumber(label, help));
    // Python is told when the slider is let go, so that a drag is one change.
    this.strength = makeSlider(
      "strength",
      "Strength",
      { min: 0, max: 1, step: 0.05 },
      { change: (strength) => boxes.changeOne(index, { denoising_strength: strength }) },
    );
    this.reset = makeButton("reset", "reset", "As the stage", "Use the stage’s strength", () =>
      boxes.changeOne(index, { denoising_strength: null }),
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset),
      makeGroup(
        "mls-viewer-numbers",
        "Place",
        ...this.numbers.map((number, i) => make("label", {}, NUMBERS[i][0], number)),
      ),
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.trash);
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details,
    );
  }

  /**
   * @param {string} label
   * @param {string} help
   */
  makeNumber(label, help) {
    return make("input", {
      type: "number",
      class: "mls-viewer-number",
      title: help,
      "aria-label": help,
      "data-edge": label,
      min: 0,
      step: 1,
      onchange: () => this.type(),
    });
  }

  /** Take the numbers as they are typed; those that cannot be are brought into the picture. */
  type() {
    const { boxes, stage } = this.panel;
    const { frame } = stage;
    const detection = boxes.all[this.index];
    const [x, y, width, height] = this.numbers.map((number) => Number(number.value));
    if (!frame) return;
    const box = typedBox({ x, y, width, height }, frame);
    this.showNumbers(box, true);
    if (box.some((edge, i) => edge !== detection.box[i])) {
      boxes.changeOne(this.index, movedDetection(detection, box));
    }
  }

  /**
   * @param {Detection} detection
   * @param {boolean} isChosen
   */
  show(detection, isChosen) {
    const name = nameOf(detection, this.index);
    const confidence = detection.confidence < 1 ? asPercent(detection.confidence) : "";
    this.root.dataset.selected = String(isChosen);
    this.root.dataset.enabled = String(detection.enabled);
    this.tick.checked = detection.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = detection.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, confidence));
    this.name.setAttribute("aria-expanded", String(isChosen));
    this.up.disabled = this.index === 0;
    this.down.disabled = this.index === this.panel.boxes.all.length - 1;
    this.details.hidden = !isChosen;
    if (!isFocused(this.prompt)) this.prompt.value = detection.prompt ?? "";
    const strength = detection.denoising_strength;
    this.strength.show(strength ?? STAGE_STRENGTH, strength === null);
    this.strength.row.dataset.unset = String(strength === null);
    this.reset.disabled = strength === null;
    this.showNumbers(detection.box, false);
  }

  /**
   * @param {Box} box
   * @param {boolean} all even the one that is being typed in
   */
  showNumbers([left, top, right, bottom], all) {
    const values = [left, top, right - left, bottom - top];
    this.numbers.forEach((number, i) => {
      if (all || !isFocused(number)) number.value = String(values[i]);
    });
  }
}
