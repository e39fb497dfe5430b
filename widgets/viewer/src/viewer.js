// The viewer as anywidget takes it: one store for the model, a view for each place that shows it.
import { Store } from "./store.js";
import { View } from "./view.js";

/** @import { AnyWidget } from "@anywidget/types" */
/** @import { Traits } from "./types" */

/** @type {AnyWidget<Traits>} */
export default () => {
  /** @type {Store} */
  let store;
  return {
    initialize({ model }) {
      store = new Store(model);
    },
    render({ el }) {
      const view = new View(store, el);
      return () => view.close();
    },
  };
};
