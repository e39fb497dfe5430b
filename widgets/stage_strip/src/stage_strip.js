// The stages of a run in a row: what each is doing, by sign and by word.
import { addTo, makeSvg } from "../../shared/dom.js";

const SIGNS = {
  off: "M6 12h12",
  waiting: "M12 5a7 7 0 1 0 .01 0",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: "M5 13l5 5L19 7",
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
    // In place: the focus, and the pointer over a stage, stay where they are.
    wanted.forEach((stage, at) => stages[at].draw(stage));
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
