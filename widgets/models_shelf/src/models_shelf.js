// The models shelf as anywidget takes it.
import { Shelf } from "./shelf.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-models-host");
  const shelf = new Shelf(model, el);
  return () => shelf.close();
}

export default { render };
