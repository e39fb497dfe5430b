// What every batch has below its fields: a name, what it will cost, and what is wrong with it all.
import { addTo } from "../../shared/dom.js";
import { addPlace, write } from "./fields.js";

/** @import { Asked } from "./types" */
/** @import { Change } from "./fields.js" */

/**
 * @param {HTMLElement} body
 * @param {Change} change
 */
export function makeNaming(body, change) {
  const line = addTo(body, "label", { class: "mls-many-line" });
  addTo(line, "span", {}, "Name");
  /** @type {HTMLInputElement} */
  const name = addTo(line, "input", {
    type: "text",
    class: "mls-many-name",
    maxlength: 100,
    title: "The name of the batch; the same name and settings go on where it was stopped",
    oninput: () => change({ name: name.value }),
  });
  /** @type {Record<string, HTMLElement>} */
  const places = { name: addPlace(body), "": addPlace(body) };
  const plan = addTo(body, "p", { class: "mls-many-plan", role: "status" });
  /**
   * @param {Asked} asked
   * @param {string} proposed
   * @param {string} told
   */
  const draw = (asked, proposed, told) => {
    write(name, asked.name);
    name.placeholder = proposed;
    if (plan.textContent !== told) plan.textContent = told;
    plan.hidden = told === "";
  };
  return { draw, places };
}
