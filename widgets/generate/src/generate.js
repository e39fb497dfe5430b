// The Generate button as anywidget takes it.
import { Panel } from "./panel.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-generate-host");
  const panel = new Panel(model, el);
  return () => panel.close();
}

export default { render };
