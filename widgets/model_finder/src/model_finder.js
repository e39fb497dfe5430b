// The finder as anywidget takes it.
import { Finder } from "./finder.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  el.classList.add("mls-finder-host");
  const finder = new Finder(model, el);
  return () => finder.close();
}

export default { render };
