// What `npm run stylelint` holds the style sheets of widgets/ to.

/** @type {import("stylelint").Config} */
export default {
  extends: "stylelint-config-standard",
  ignoreFiles: ["node_modules/**"],
  rules: {
    // A later rule for a part of the panel may well be a weaker one for another part.
    "no-descending-specificity": null,
    // Many classes are JupyterLab's, ipywidgets' and noUiSlider's.
    "selector-class-pattern": null,
  },
};
