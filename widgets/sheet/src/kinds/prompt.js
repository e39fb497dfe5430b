// A prompt: words are offered, and weighed by keys; how many tokens it has stands above it.
import { make } from "../../../shared/dom.js";
import { PromptArea } from "../../../shared/prompt/prompt_area.js";

/** @import { Control, Host, Shown } from "../types" */

const ROWS = 3;

/**
 * Make a prompt's text area.
 * @param {Host} host
 * @returns {Control}
 */
export function makePrompt(host) {
  let { field } = host;
  const element = make("div", { class: "mls-prompt-box" });
  const tokens = make("span", {
    class: "mls-tokens",
    title: "Tokens used, and how many fit",
  });
  const prompt = new PromptArea(element, {
    id: host.id,
    words: () => host.words(),
    tell: (text) => host.set(text === "" && field.optional ? null : text),
  });
  const { area } = prompt;
  return {
    element,
    target: area,
    aside: tokens,
    describe(described) {
      field = described;
      area.style.setProperty("--rows", String(described.rows ?? ROWS));
    },
    /** @param {Shown} shown */
    show({ value, inherited, note }) {
      prompt.show(value ?? "");
      area.placeholder = [inherited, note].filter(Boolean).join(", ") || (field.example ?? "");
      tokens.textContent = host.tokens();
    },
    disable: (isDisabled) => (area.disabled = isDisabled),
    close: () => prompt.close(),
  };
}
