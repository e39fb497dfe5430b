// The history as anywidget takes it: search and filters, the grid, what is done with the selection.
import { addTo, make } from "../../shared/dom.js";
import { Bar } from "./bar.js";
import { NONE, emptyText } from "./filters.js";
import { Grid } from "./grid.js";
import { Head } from "./head.js";
import { press } from "./keys.js";
import { Popovers } from "./popover.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Model, Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-gallery-host");
  const root = addTo(el, "div", { class: "mls-gallery" });
  const popovers = new Popovers(root);
  const head = new Head(addTo(root, "div", { class: "mls-gallery-head" }), model, popovers);
  const grid = new Grid(model, addTo(root, "div", { class: "mls-gallery-body" }));
  const leftOut = addTo(root, "details", { class: "mls-gallery-left-out" });
  const bar = new Bar(addTo(root, "div", { class: "mls-gallery-bar" }), model, popovers, {
    clear: () => grid.selectShown(),
  });
  const tellEmpty = () => drawEmpty(grid.nothing, model, head);
  const tellLeftOut = () => drawLeftOut(leftOut, model);
  model.on("change:filters", tellEmpty);
  model.on("change:left_out", tellLeftOut);
  tellEmpty();
  tellLeftOut();
  const acts = {
    act: (/** @type {string} */ action) => bar.act(action),
    close: () => popovers.close(),
  };
  root.addEventListener("keydown", (event) => press(grid, acts, event));
  return () => {
    model.off("change:filters", tellEmpty);
    model.off("change:left_out", tellLeftOut);
    popovers.end();
    head.close();
    grid.close();
    bar.close();
  };
}

/**
 * Say why no picture is listed, and offer to take the filters away if they are the reason.
 * @param {HTMLElement} element
 * @param {Model} model
 * @param {Head} head
 */
function drawEmpty(element, model, head) {
  const { text, isFiltered } = emptyText({ ...NONE, ...model.get("filters") });
  element.replaceChildren(make("p", {}, text));
  if (!isFiltered) return;
  const clear = () => {
    head.search.value = "";
    head.set({ ...NONE, order: head.filters.order });
  };
  const button = { class: "mls-gallery-button", type: "button", onclick: clear };
  element.append(make("button", button, "Show all pictures"));
}

/**
 * @param {HTMLDetailsElement} element
 * @param {Model} model
 */
function drawLeftOut(element, model) {
  const { lines, count } = model.get("left_out");
  element.hidden = count === 0;
  const files = count === 1 ? "1 file is" : `${count.toLocaleString("en")} files are`;
  element.replaceChildren(
    make("summary", {}, `${files} not shown here`),
    make("ul", {}, ...lines.map(([name, why]) => make("li", {}, make("b", {}, name), `: ${why}`))),
  );
  if (count > lines.length) {
    element.append(make("p", {}, `and ${(count - lines.length).toLocaleString("en")} more`));
  }
}

export default { render };
