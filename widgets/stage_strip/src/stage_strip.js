// The stages of a run in a row: what each is doing, by sign and by word.
import { addTo, makeSvg } from "../../shared/dom.js";
import { canChoose, stateText } from "./states.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Stage, State, Traits } from "./types" */

/** @type {Record<State, string>} */
const SIGNS = {
  off: "M6 12h12",
  waiting: "M12 5a7 7 0 1 0 .01 0",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: "M5 13l5 5L19 7",
};

class StageItem {
  /**
   * @param {HTMLElement} parent
   * @param {(name: string) => void} choose
   */
  constructor(parent, choose) {
    this.item = addTo(parent, "li", { class: "mls-stage" });
    this.button = addTo(this.item, "button", { class: "mls-stage-button", type: "button" });
    this.title = addTo(this.button, "span", { class: "mls-stage-title" });
    this.sign = addTo(this.button, "span", { class: "mls-stage-sign", "aria-hidden": "true" });
    this.state = addTo(this.button, "span", { class: "mls-stage-state" });
    /** @type {Stage | null} */
    this.shown = null;
    this.button.addEventListener("click", () => {
      if (this.shown && canChoose(this.shown)) choose(this.shown.name);
    });
  }

  /** @param {Stage} stage */
  draw(stage) {
    const { button, item } = this;
    if (stage.state !== this.shown?.state) {
      const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
      const icon = makeSvg([[SIGNS[stage.state], stroke]], { width: 14, height: 14 });
      this.sign.replaceChildren(icon);
    }
    this.shown = stage;
    item.dataset.name = stage.name;
    item.dataset.state = stage.state;
    this.title.textContent = stage.title;
    this.state.textContent = stateText(stage);
    button.setAttribute("aria-disabled", String(!canChoose(stage)));
    const hint = canChoose(stage) ? "run again from here" : "";
    button.title = [stage.title, hint].filter(Boolean).join(": ");
    const label = [stage.title, stateText(stage), hint].filter(Boolean).join(", ");
    button.setAttribute("aria-label", label);
  }
}

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const root = addTo(el, "ol", { class: "mls-stage-strip", "aria-label": "Stages" });
  /** @type {StageItem[]} */
  const items = [];
  /** @param {string} name */
  const choose = (name) => model.send({ kind: "choose", name });
  const draw = () => {
    const stages = model.get("stages");
    for (const { item } of items.splice(stages.length)) item.remove();
    while (items.length < stages.length) items.push(new StageItem(root, choose));
    // In place: the focus, and the pointer over a stage, stay where they are.
    stages.forEach((stage, at) => items[at].draw(stage));
  };
  // Space and Enter press the button; JupyterLab would take them for the cell's.
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  draw();
  model.on("change:stages", draw);
  return () => model.off("change:stages", draw);
}

export default { render };
