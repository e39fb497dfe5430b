// The details of the shown picture as anywidget takes them.
import { addTo } from "../../shared/dom.js";
import { View } from "./view.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-details-host");
  const view = new View(model, addTo(el, "div", { class: "mls-details" }));
  return () => view.close();
}

export default { render };
