// The batches that there are, to open one again, and the files of others.
import { addTo } from "../../shared/dom.js";
import { addPlace } from "./fields.js";

/** @import { Listed } from "./types" */

const MOST_BYTES = 2 ** 22; // of a batch's file

/**
 * @param {HTMLElement} body
 * @param {{ open: (name: string) => void, take: (name: string, text: string) => void }} acts
 * @returns {{ draw: (batches: Listed[] | null) => void, places: Record<string, HTMLElement> }}
 */
export function makeListing(body, { open, take }) {
  const list = addTo(body, "ul", { class: "mls-batches", "aria-label": "Batches" });
  const empty = addTo(body, "p", { class: "mls-many-hint" });
  const line = addTo(body, "label", { class: "mls-batch-file" });
  addTo(line, "span", {}, "Open a batch file (YAML)");
  /** @type {HTMLInputElement} */
  const input = addTo(line, "input", {
    type: "file",
    accept: ".yaml,.yml,application/yaml",
    onchange: async () => {
      const [file] = input.files ?? [];
      if (!file) return;
      const text = file.size > MOST_BYTES ? "" : await file.text();
      if (text) take(file.name, text);
      else places.file.textContent = `${file.name} is not a batch file: it is empty or too large.`;
      input.value = "";
    },
  });
  /** @type {Record<string, HTMLElement>} */
  const places = { file: addPlace(body) };
  const draw = (/** @type {Listed[] | null} */ batches) => {
    empty.textContent = batches ? "There are no batches yet." : "Looking for batches…";
    empty.hidden = Boolean(batches?.length);
    list.replaceChildren();
    for (const { name, told } of batches ?? []) {
      const item = addTo(list, "li", {});
      const button = addTo(item, "button", {
        type: "button",
        title: `Open ${name}: ${told}`,
        onclick: () => open(name),
      });
      addTo(button, "span", {}, name);
      addTo(button, "small", {}, told);
    }
  };
  return { draw, places };
}
