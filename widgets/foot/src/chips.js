// The second line: the stages that ran for the shown picture, or run for the next one.
import { addTo, makeSvg } from "../../shared/dom.js";
import { stageLabel, stageText } from "./texts.js";

/** @import { Model, Send, Stage } from "./types" */

const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
const SIGNS = {
  waiting: "",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: "", // its seconds say so
};
const AGAIN = "M19 12a7 7 0 1 1-2-5m2-3v4h-4";
const COMPARE = "M12 4v16M9 8l-4 4 4 4M15 8l4 4-4 4";

/** @param {string} path */
const icon = (path) => makeSvg([[path, STROKE]], { width: 14, height: 14 });

class Chip {
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.item = addTo(parent, "li", { class: "mls-stage" });
    this.look = addTo(this.item, "button", { class: "mls-stage-look", type: "button" });
    this.sign = addTo(this.look, "span", { class: "mls-stage-sign", "aria-hidden": "true" });
    this.title = addTo(this.look, "span", { class: "mls-stage-title" });
    this.look.append(" ");
    this.seconds = addTo(this.look, "span", { class: "mls-stage-seconds" });
    this.again = addTo(this.item, "button", { class: "mls-stage-again", type: "button" });
    this.again.append(icon(AGAIN));
    /** @type {Stage | null} */
    this.shown = null;
    this.look.addEventListener("click", (event) => {
      if (!this.shown || !this.canLook()) return;
      send(event.shiftKey ? "compare" : "look", { stage: this.shown.name });
    });
    this.again.addEventListener("click", () => {
      if (this.shown && this.again.ariaDisabled !== "true") {
        send("again", { stage: this.shown.name });
      }
    });
  }

  canLook() {
    return Boolean(this.shown?.pictured && this.isMade());
  }

  isMade() {
    return this.shown?.state === "done" || this.shown?.state === "cached";
  }

  /**
   * @param {Stage} stage
   * @param {boolean} isLooked
   * @param {boolean} isRunning
   */
  draw(stage, isLooked, isRunning) {
    const { item, look, again } = this;
    if (stage.state !== this.shown?.state) {
      this.sign.replaceChildren(...(SIGNS[stage.state] ? [icon(SIGNS[stage.state])] : []));
    }
    this.shown = stage;
    item.dataset.name = stage.name;
    item.dataset.state = stage.state;
    this.title.textContent = stage.title;
    this.seconds.textContent = stageText(stage);
    const hint = this.canLook() ? "look at the picture after it; Shift+click compares it" : "";
    look.title = [stageLabel(stage), hint].filter(Boolean).join(": ");
    look.setAttribute("aria-pressed", String(isLooked));
    look.ariaDisabled = String(!this.canLook());
    again.ariaDisabled = String(isRunning || !this.isMade());
    again.title = `Run again from ${stage.title}`;
    again.setAttribute("aria-label", `Run again from ${stage.title}`);
  }
}

export class Chips {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   */
  constructor(root, model, send) {
    this.model = model;
    this.send = send;
    const line = addTo(root, "div", { class: "mls-foot-line" });
    this.list = addTo(line, "ol", { class: "mls-stages", "aria-label": "Stages of this picture" });
    this.compare = addTo(line, "button", {
      class: "mls-foot-button mls-stage-compare",
      type: "button",
      title: "Compare with result",
      "aria-label": "Compare with result",
      onclick: () => send("compare", { stage: model.get("looking") }),
    });
    this.compare.append(icon(COMPARE));
    addTo(this.compare, "span").textContent = "Compare with result";
    /** @type {Chip[]} */
    this.chips = [];
  }

  draw() {
    const { chips, list, model } = this;
    const stages = model.get("stages");
    const isRunning = model.get("status").state === "running";
    const last = stages.filter((stage) => stage.pictured).at(-1)?.name;
    const looking = model.get("looking");
    for (const { item } of chips.splice(stages.length)) item.remove();
    while (chips.length < stages.length) chips.push(new Chip(list, this.send));
    // In place: the focus, and the pointer over a chip, stay where they are.
    stages.forEach((stage, at) => {
      chips[at].draw(stage, !isRunning && stage.name === (looking || last), isRunning);
    });
    this.compare.hidden = isRunning || looking === "";
    this.compare.setAttribute(
      "aria-pressed",
      String(looking !== "" && model.get("compared") === looking),
    );
  }
}
