// What `npm run eslint` holds the JavaScript of widgets/ and its tests to.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/*.bundle.js"] },
  js.configs.recommended,
  {
    rules: {
      complexity: ["error", 16],
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 150],
      "no-implicit-coercion": "error",
      "no-param-reassign": "error",
      "no-sequences": "error",
      "no-shadow": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: ["widgets/*/src/**", "widgets/*/page/**", "widgets/shared/**"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["widgets/*.js", "tests/**"],
    languageOptions: { globals: globals.node },
    rules: { "max-lines-per-function": "off" },
  },
];
