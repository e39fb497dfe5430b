// The list of stages as anywidget takes it.
import { StageListView } from "./view.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const view = new StageListView(model, el);
  return () => view.close();
}

export default { render };
