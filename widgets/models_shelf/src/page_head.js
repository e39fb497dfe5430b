// The head of what stands in place of the list: a button back to it, and a title.
import { addTo } from "../../shared/dom.js";
import { icon } from "./icons.js";

/**
 * @param {HTMLElement} parent
 * @param {() => void} goBack
 * @returns {{ head: HTMLElement, back: HTMLButtonElement, title: HTMLElement }}
 */
export function addPageHead(parent, goBack) {
  const head = addTo(parent, "div", { class: "mls-model-head" });
  const back = addTo(head, "button", {
    class: "mls-models-back",
    type: "button",
    onclick: goBack,
    title: "Back to the list (Escape)",
    "aria-label": "Back to the list",
  });
  back.append(icon("back", 18));
  const title = addTo(head, "h3", { class: "mls-model-title" });
  return { head, back, title };
}
