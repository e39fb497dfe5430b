// The viewer as anywidget takes it.
import { Store } from "./store.js";
import { View } from "./view.js";

// One store for the model, a view for each place where it is shown.
export default () => {
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
