// The history as anywidget takes it.
import { Grid } from "./grid.js";
import { press } from "./keys.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-gallery-host");
  const grid = new Grid(model, el);
  grid.root.addEventListener("keydown", (event) => press(grid, event));
  return () => grid.close();
}

export default { render };
