// The presets as anywidget takes them.
import { Panel } from "./panel.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-presets-host");
  const panel = new Panel(model, el);
  return () => panel.close();
}

export default { render };
