// The sheet as anywidget takes it.
import { SheetView } from "./view.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const view = new SheetView(model, el);
  return () => view.close();
}

export default { render };
