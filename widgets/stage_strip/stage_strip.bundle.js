// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/stage_strip/src/stage_strip.js
// source: widgets/stage_strip/src/states.js
// sha256 of the sources: 349d380f9bb35c5668d12b73d83f1b333089ec6062bb0d3e3f3637bbc5239371
// sha256 of the lines below: 3a9ee6cb510d5b2c9863d350236a75b1005b62c109d8361f70751c21867d726e
// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}
function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes });
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    set(shape, { d: path, ...own });
    svg.append(shape);
  }
  return svg;
}
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

// widgets/stage_strip/src/states.js
var secondsText = (seconds) => seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
function stateText({ state, seconds }) {
  const isTimed = typeof seconds === "number" && (state === "running" || state === "done");
  return isTimed ? `${state} ${secondsText(seconds)}` : state;
}
var canChoose = ({ state }) => state === "cached" || state === "done";

// widgets/stage_strip/src/stage_strip.js
var SIGNS = {
  off: "M6 12h12",
  waiting: "M12 5a7 7 0 1 0 .01 0",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: "M5 13l5 5L19 7"
};
var StageItem = class {
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
};
function render({ model, el }) {
  const root = addTo(el, "ol", { class: "mls-stage-strip", "aria-label": "Stages" });
  const items = [];
  const choose = (name) => model.send({ kind: "choose", name });
  const draw = () => {
    const stages = model.get("stages");
    for (const { item } of items.splice(stages.length)) item.remove();
    while (items.length < stages.length) items.push(new StageItem(root, choose));
    stages.forEach((stage, at) => items[at].draw(stage));
  };
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  draw();
  model.on("change:stages", draw);
  return () => model.off("change:stages", draw);
}
var stage_strip_default = { render };
export {
  stage_strip_default as default
};
