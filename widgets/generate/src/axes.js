// The fields of a sweep: its settings, each with its values, and how they are combined.
import { addTo, make } from "../../shared/dom.js";
import { AxisFields } from "./axis.js";
import { addNumber, addPlace, writeNumber } from "./fields.js";

/** @import { Asked, Axis, Setting } from "./types" */
/** @import { Change, Fields } from "./fields.js" */

/** @type {[value: string, label: string][]} */
const HOWS = [
  ["grid", "Every combination"],
  ["zip", "Side by side: the first values, the second …"],
  ["random", "Some, chosen by chance"],
];
const HINT =
  "3, 5, 7 are three values, 1-10 (+2) every second one, 0-1 [5] five at equal distances.";
const MOST = 100_000; // pictures

/**
 * @param {HTMLElement} body
 * @param {Change} change
 * @param {Setting[]} settings
 * @returns {Fields & { reveal: (name: string) => boolean }}
 */
export function makeAxes(body, change, settings) {
  /** @type {Axis[]} */
  let axes = [];
  const list = addTo(body, "div", { class: "mls-axes" });
  /** @type {AxisFields[]} */
  let drawn = [];
  /** @type {Record<string, HTMLElement>} */
  const places = {};
  const add = addTo(
    body,
    "button",
    {
      class: "mls-many-add",
      type: "button",
      onclick: () => {
        change({ axes: [...axes, { name: "", values: "" }] });
        drawn.at(-1)?.name.focus();
      },
    },
    "+ Setting",
  );
  const how = addTo(body, "label", { class: "mls-many-line" });
  addTo(how, "span", {}, "Combine");
  /** @type {HTMLSelectElement} */
  const select = addTo(how, "select", {
    "aria-label": "Combine",
    onchange: () => change({ how: /** @type {Asked["how"]} */ (select.value) }),
  });
  select.append(...HOWS.map(([value, label]) => make("option", { value }, label)));
  places.how = addPlace(body);
  const count = addNumber(body, "How many of them", (value) => change({ count: value }), MOST);
  places.count = addPlace(body);
  addTo(body, "p", { class: "mls-many-hint" }, HINT);

  const build = () => {
    list.replaceChildren();
    drawn = axes.map(
      (_, at) =>
        new AxisFields(
          list,
          at,
          settings,
          (changes) =>
            change({
              axes: axes.map((axis, place) => (place === at ? { ...axis, ...changes } : axis)),
            }),
          () => {
            const left = axes.filter((_axis, place) => place !== at);
            change({ axes: left.length ? left : [{ name: "", values: "" }] });
            add.focus();
          },
        ),
    );
    for (const place of Object.keys(places)) if (place.startsWith("axis ")) delete places[place];
    drawn.forEach((fields, at) => (places[`axis ${at}`] = fields.place));
  };
  const draw = (/** @type {Asked} */ asked) => {
    const isOther = asked.axes.length !== axes.length;
    axes = asked.axes;
    if (isOther) build();
    drawn.forEach((fields, at) => fields.draw(axes[at]));
    how.hidden = asked.axes.length < 2 && asked.how === "grid";
    select.value = asked.how;
    const isRandom = asked.how === "random";
    /** @type {HTMLElement} */ (count.parentElement).hidden = !isRandom;
    writeNumber(count, asked.count);
  };
  const reveal = (/** @type {string} */ name) => {
    const at = axes.findIndex((axis) => axis.name === name);
    drawn[at]?.root.scrollIntoView({ block: "nearest" });
    drawn[at]?.focus();
    return at >= 0;
  };
  return { draw, places, reveal };
}
