// The list beside the picture: for each box whether it counts, its place, its prompt and strength.
import { make } from "../../shared/dom.js";
import { nameOf } from "./boxes.js";
import { asPercent, makeButton, makeSlider } from "./controls.js";

export class BoxList {
  constructor(store) {
    this.store = store;
    this.rows = [];
    this.list = make("ol", { class: "mls-viewer-list" });
    this.none = make(
      "p",
      { class: "mls-viewer-none" },
      "No boxes. Add one, then drag over the part to repaint.",
    );
    this.root = make(
      "div",
      { class: "mls-viewer-side", role: "group", "aria-label": "Parts to repaint" },
      this.none,
      this.list,
    );
  }

  update() {
    const { boxes, selected } = this.store;
    while (this.rows.length < boxes.length) {
      this.rows.push(new BoxRow(this, this.rows.length));
      this.list.append(this.rows.at(-1).root);
    }
    while (this.rows.length > boxes.length) this.rows.pop().root.remove();
    this.rows.forEach((row, index) =>
      row.show(boxes[index], index === selected, index === boxes.length - 1),
    );
    this.none.hidden = boxes.length > 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }

  change(index, fields) {
    const { store } = this;
    store.changeBoxes(store.boxes.map((find, i) => (i === index ? { ...find, ...fields } : find)));
  }

  move(index, by) {
    const boxes = [...this.store.boxes];
    const [find] = boxes.splice(index, 1);
    boxes.splice(index + by, 0, find);
    this.store.changeBoxes(boxes, index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }

  remove(index) {
    const boxes = this.store.boxes.filter((_, i) => i !== index);
    this.store.changeBoxes(boxes, Math.min(index, boxes.length - 1));
  }
}

class BoxRow {
  constructor(list, index) {
    const { store } = list;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => list.change(index, { enabled: this.tick.checked }),
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => store.select(store.selected === index ? -1 : index),
    });
    this.up = makeButton("up", "up", "Draw it earlier", () => list.move(index, -1));
    this.down = makeButton("down", "down", "Draw it later", () => list.move(index, 1));
    this.remove = makeButton("remove", "trash", "Remove it", () => {
      list.remove(index);
      (list.rows[Math.min(index, list.rows.length - 1)]?.name ?? list.whenEmpty)?.focus();
    });
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => list.change(index, { prompt: this.prompt.value.trim() || null }),
    });
    this.strength = makeSlider(
      "strength",
      "Strength",
      { min: 0, max: 1, step: 0.05, text: (value) => value.toFixed(2) },
      () => {},
    );
    // Told when let go, so that a drag is one change.
    this.strength.input.addEventListener("input", () =>
      this.strength.show(Number(this.strength.input.value)),
    );
    this.strength.input.addEventListener("change", () =>
      list.change(index, { denoising_strength: Number(this.strength.input.value) }),
    );
    this.reset = makeButton("reset", "reset", "Use the stage’s strength", () =>
      list.change(index, { denoising_strength: null }),
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset),
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.remove);
    this.index = index;
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details,
    );
  }

  show(find, isChosen, isLast) {
    const name = nameOf(find, this.index);
    const sure = find.confidence < 1 ? asPercent(find.confidence) : "";
    this.root.dataset.selected = isChosen;
    this.root.dataset.enabled = find.enabled;
    this.tick.checked = find.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = find.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, sure));
    this.name.setAttribute("aria-expanded", isChosen);
    this.up.disabled = this.index === 0;
    this.down.disabled = isLast;
    this.details.hidden = !isChosen;
    const isTyped = this.prompt.getRootNode().activeElement === this.prompt;
    if (!isTyped) this.prompt.value = find.prompt ?? "";
    const strength = find.denoising_strength;
    this.strength.show(strength ?? 0.4);
    this.strength.row.dataset.unset = strength === null;
    if (strength === null) this.strength.readout.textContent = "as stage";
    this.reset.disabled = strength === null;
  }
}
