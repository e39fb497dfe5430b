// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/stage_strip/src/stage_strip.js
// sha256 of the sources: 6c63cd40742da4e402c6a4bcd6a1f38a4468a2ff223ecd4f60c64b34330268da
// sha256 of the lines below: cec6b003aaa52706ee5014a9681ed3cea3678165868398030e2812cfe1efee63
// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, value);
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
  const whole = { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes };
  for (const [name, value] of Object.entries(whole)) svg.setAttribute(name, value);
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: path, ...own })) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

// widgets/stage_strip/src/stage_strip.js
var SIGNS = {
  off: "M6 12h12",
  waiting: "M12 5a7 7 0 1 0 .01 0",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: "M5 13l5 5L19 7"
};
function secondsText(seconds) {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}
function stateText({ state, seconds }) {
  const isTimed = typeof seconds === "number" && ["running", "done"].includes(state);
  return isTimed ? `${state} ${secondsText(seconds)}` : state;
}
function makeStage(parent, choose) {
  const item = addTo(parent, "li", { class: "mls-stage" });
  const button = addTo(item, "button", { class: "mls-stage-button", type: "button" });
  const title = addTo(button, "span", { class: "mls-stage-title" });
  const sign = addTo(button, "span", { class: "mls-stage-sign", "aria-hidden": "true" });
  const state = addTo(button, "span", { class: "mls-stage-state" });
  let shown = {};
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "false") choose(shown.name);
  });
  const draw = (stage) => {
    if (stage.state !== shown.state) {
      const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
      const icon = makeSvg([[SIGNS[stage.state], stroke]], { width: 14, height: 14 });
      sign.replaceChildren(icon);
    }
    shown = stage;
    const canChoose = stage.state === "cached" || stage.state === "done";
    item.dataset.name = stage.name;
    item.dataset.state = stage.state;
    title.textContent = stage.title;
    state.textContent = stateText(stage);
    button.setAttribute("aria-disabled", String(!canChoose));
    const hint = canChoose ? "run again from here" : "";
    button.title = [stage.title, hint].filter(Boolean).join(": ");
    button.setAttribute("aria-label", [stage.title, stateText(stage), hint].filter(Boolean).join(", "));
  };
  return { item, draw };
}
function render({ model, el }) {
  const root = addTo(el, "ol", { class: "mls-stage-strip", "aria-label": "Stages" });
  const stages = [];
  const choose = (name) => model.send({ kind: "choose", name });
  const draw = () => {
    const wanted = model.get("stages");
    while (stages.length > wanted.length) stages.pop().item.remove();
    while (stages.length < wanted.length) stages.push(makeStage(root, choose));
    wanted.forEach((stage, at) => stages[at].draw(stage));
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
