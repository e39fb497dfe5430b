// The first line: progress, what is being done, and the caption of the shown picture.
import { addTo } from "../../shared/dom.js";
import { addMenu } from "../../shared/popup.js";
import { statusText } from "./texts.js";

/** @import { Clock, Model, Send } from "./types" */

const USES = [
  { value: "all", label: "All settings" },
  { value: "prompt", label: "Prompt" },
  { value: "seed", label: "Seed" },
  { value: "size", label: "Size" },
  { value: "stages", label: "Stages" },
];

export class Line {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   * @param {Clock} clock
   */
  constructor(root, model, send, clock) {
    this.model = model;
    this.clock = clock;
    this.track = addTo(root, "div", { class: "mls-bar", "aria-hidden": "true" });
    this.bar = addTo(this.track, "div", { class: "mls-bar-done" });
    this.line = addTo(root, "div", { class: "mls-foot-line" });
    this.status = addTo(this.line, "span", { class: "mls-status" });
    this.text = addTo(this.status, "span");
    this.caption = addTo(this.line, "span", { class: "mls-caption" });
    // Apart from what is seen, since that changes with every step.
    this.said = addTo(this.line, "span", { class: "mls-foot-said", role: "status" });
    this.save = addTo(this.line, "button", {
      class: "mls-foot-button mls-keep",
      type: "button",
      title: "Save this picture and its settings in the history",
      onclick: () => send("save"),
    });
    this.save.textContent = "Save";
    this.use = addMenu(this.line, "Use settings", USES, (what) => send("use", { what }), {
      class: "mls-foot-button mls-use-settings",
      title: "Fill the form with the settings that made this picture",
    });
  }

  draw() {
    const status = this.model.get("status");
    const caption = this.model.get("caption");
    const isRunning = status.state === "running";
    const looking = this.model.get("looking");
    const stage = this.model.get("stages").find(({ name }) => name === looking);
    const after = stage && this.model.get("compared") === "" ? `After ${stage.title} · ` : "";
    this.text.dataset.state = status.state;
    this.track.dataset.state = status.state;
    this.track.toggleAttribute("data-unknown", isRunning && typeof status.share !== "number");
    this.bar.style.width = `${100 * (isRunning ? (status.share ?? 0) : 0)}%`;
    // While a picture is made, the line tells nothing of the last one.
    this.caption.textContent = isRunning ? "" : after + (caption.text ?? "");
    this.caption.title = isRunning ? "" : (caption.title ?? "");
    this.caption.hidden = this.caption.textContent === "";
    this.save.hidden = isRunning || !caption.can_save;
    this.use.hidden = isRunning || !caption.can_use;
    const said = this.model.get("said");
    if (this.said.textContent !== said) this.said.textContent = said;
    this.tick();
  }

  tick() {
    const status = this.model.get("status");
    const text = statusText(status, this.clock());
    if (this.text.textContent === text) return;
    this.text.textContent = text;
    this.status.title = text;
    this.status.hidden = text === "";
  }
}
