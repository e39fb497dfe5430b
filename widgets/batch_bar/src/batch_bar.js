// The line of a batch as anywidget takes it.
import { Bar } from "./bar.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const bar = new Bar(model, el);
  return () => bar.close();
}

export default { render };
