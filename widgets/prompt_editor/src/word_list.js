// The list of words under the caret.
import { addTo, make } from "../../shared/dom.js";
import { caretBox } from "./caret.js";

const MARKS = { lora: "LoRA", wildcard: "wildcard", embedding: "embedding", style: "style", word: "" };

/** The list of words under the caret; `accept` is called with the chosen one. */
export function makeList(root, area, id, accept) {
  const list = addTo(root, "ul", { class: "mls-completion" });
  list.id = `${id}-words`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  // The top layer, where nothing around the panel can cut it off.
  if (list.showPopover) list.popover = "manual";
  area.setAttribute("aria-controls", list.id);
  let words = [];
  let at = 0;

  const isOpen = () => !list.hidden;
  const mark = (index) => {
    at = (index + words.length) % words.length;
    [...list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === at));
    });
    list.children[at].scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const close = () => {
    if (list.hidden) return;
    if (list.popover) list.hidePopover();
    list.hidden = true;
    area.setAttribute("aria-expanded", "false");
    area.removeAttribute("aria-activedescendant");
  };
  const open = (found, start) => {
    words = found;
    list.replaceChildren(
      ...found.map((word, place) => {
        const option = make("li", { class: "mls-word" });
        option.id = `${id}-word-${place}`;
        option.setAttribute("role", "option");
        addTo(option, "span", { class: "mls-word-label" }).textContent = word.label;
        addTo(option, "span", { class: "mls-word-kind" }).textContent = MARKS[word.kind] ?? "";
        return option;
      }),
    );
    list.hidden = false;
    if (list.popover) list.showPopover();
    area.setAttribute("aria-expanded", "true");
    list.scrollTop = 0;
    place(list, caretBox(area, start));
    mark(0);
  };
  // Pressed, not clicked: the focus stays in the text.
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("li");
    event.preventDefault();
    if (option) accept(words[[...list.children].indexOf(option)]);
  });
  const step = (by) => mark(at + by);
  return { isOpen, open, close, step, chosen: () => words[at], element: list };
}

/** Under the caret's line, or above it where there is no room below; never out of the window. */
function place(list, caret) {
  const { width, height } = list.getBoundingClientRect();
  const left = Math.max(4, Math.min(caret.left, innerWidth - width - 4));
  const below = caret.bottom + 4;
  const top = below + height > innerHeight ? Math.max(4, caret.top - height - 4) : below;
  list.style.left = `${left}px`;
  list.style.top = `${top}px`;
}
