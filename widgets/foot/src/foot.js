// The foot of the canvas: what is being done, what is shown, the queue, and the stages that ran.
import { addTo } from "../../shared/dom.js";
import { Chips } from "./chips.js";
import { Line } from "./line.js";
import { Notes } from "./notes.js";
import { QueueList } from "./queue.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Send, Traits } from "./types" */

const TICK = 500; // ms between two looks at the clock

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const root = addTo(el, "section", { class: "mls-foot", "aria-label": "Progress and stages" });
  /** @type {Send} */
  const send = (kind, words = {}) => model.send({ kind, ...words });
  let ahead = 0; // seconds that Python's clock is ahead of this one
  const clock = () => Date.now() / 1000 + ahead;
  const notes = new Notes(root, model, send);
  const line = new Line(root, model, send, clock);
  const queue = new QueueList(line.line, model, send, clock);
  const chips = new Chips(root, model, send);

  // Space and Enter press a button; JupyterLab would take them for the cell's.
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });

  /** @type {[name: string, draw: () => void][]} */
  const listeners = [
    ...["status", "said", "caption", "looking", "compared"].map((name) => [
      name,
      () => line.draw(),
    ]),
    ...["status", "stages", "looking", "compared"].map((name) => [name, () => chips.draw()]),
    ...["jobs", "queue"].map((name) => [name, () => queue.draw()]),
    ...["error", "notice", "queue"].map((name) => [name, () => notes.draw()]),
  ].map(([name, draw]) => [`change:${name}`, /** @type {() => void} */ (draw)]);
  /** @param {{ kind: string, now: number }} message */
  const hear = ({ kind, now }) => {
    if (kind === "clock") ahead = now - Date.now() / 1000;
  };
  for (const [event, draw] of listeners) model.on(event, draw);
  model.on("msg:custom", hear);
  for (const part of [line, chips, queue, notes]) part.draw();
  send("clock");
  const timer = setInterval(() => [line, queue].forEach((part) => part.tick()), TICK);
  return () => {
    clearInterval(timer);
    for (const [event, draw] of listeners) model.off(event, draw);
    model.off("msg:custom", hear);
  };
}

export default { render };
