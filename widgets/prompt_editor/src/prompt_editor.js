// The prompt editor as anywidget takes it.
import { Editor } from "./editor.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  const editor = new Editor(model, el);
  return () => editor.close();
}

export default { render };
