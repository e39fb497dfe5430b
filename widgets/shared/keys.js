// Every key of the studio, in one table: the list on the screen is made from it, the studio's own
// keys are looked up in it, and a test holds those of the other widgets against it.

/**
 * The keys of a row, any of which does it, and what they do.
 * @typedef {[keys: string[], does: string]} Row
 */
/** @typedef {{ title: string, rows: Record<string, Row> }} Section */

/** What a person types text in: the other inputs are pressed or dragged. */
export const TEXT_FIELD =
  "input:not([type=button], [type=checkbox], [type=color], [type=file], [type=radio], " +
  "[type=range]), textarea, [contenteditable]";

/** @satisfies {Record<string, Section>} */
export const KEYS = {
  studio: {
    title: "Anywhere in the studio",
    rows: {
      generate: [["Ctrl+Enter"], "Generate"],
      undo: [["Ctrl+Z"], "Undo the last change of a setting"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"],
      left: [["T"], "Show the settings, or fold them away"],
      shelf: [["G"], "Show the shelf, or fold it away"],
      keys: [["?"], "Show this list"],
      escape: [["Escape"], "Close what lies on top; leave the filled window"],
    },
  },
  prompt: {
    title: "In a prompt",
    rows: {
      weigh: [["Ctrl+ArrowUp", "Ctrl+ArrowDown"], "Raise or lower the weight of the chosen words"],
      accept: [["Enter", "Tab"], "Take the offered word"],
      step: [["ArrowUp", "ArrowDown"], "Go through the offered words"],
      hide: [["Escape"], "Close the offered words"],
    },
  },
  number: {
    title: "In a number or on a slider",
    rows: {
      step: [["ArrowUp", "ArrowDown"], "One step more or less; with Shift ten"],
      slide: [["ArrowRight", "ArrowLeft"], "The same, on a slider"],
      page: [["PageUp", "PageDown"], "Ten steps more or less"],
      ends: [["Home", "End"], "To the least, to the most"],
      take: [["Enter"], "Take the typed number"],
      leave: [["Escape"], "Keep the number as it was"],
    },
  },
  picture: {
    title: "On the picture",
    rows: {
      view: [["V"], "View"],
      compare: [["C"], "Compare two pictures"],
      mask: [["M"], "Paint a mask"],
      boxes: [["B"], "Edit boxes"],
      fit: [["0"], "Fit the picture in"],
      actual: [["1"], "Show it at 100 %"],
      larger: [["+", "="], "Zoom in"],
      smaller: [["-"], "Zoom out"],
      pan: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Move the picture"],
      hold: [["Space"], "Held: drag the picture in any mode"],
      open: [["O"], "Open a picture"],
      download: [["D"], "Download the picture with its settings"],
      copy: [["Ctrl+C"], "Copy the picture"],
      page: [["PageUp", "PageDown"], "The batch's previous or next picture"],
      leave: [["Escape"], "Back to the grid; leave the chosen box"],
    },
  },
  grid: {
    title: "In the grid of a batch or sweep",
    rows: {
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Go to another picture"],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      open: [["Enter"], "Show the picture alone"],
      mark: [["Space"], "Mark it, or no longer; two that are marked are compared by C"],
      stars: [["0", "1", "2", "3", "4", "5"], "Give those marked so many stars"],
      delete: [["Delete", "Backspace"], "Move those marked to the bin"],
      leave: [["Escape"], "Back to the picture"],
    },
  },
  compare: {
    title: "While comparing",
    rows: {
      how: [["S"], "Slider, side by side, blink"],
      play: [["P"], "Start or stop the blinking"],
      hold: [["X"], "Held: show the other picture"],
      split: [["ArrowLeft", "ArrowRight", "Home", "End"], "Move the dividing line"],
    },
  },
  mask: {
    title: "While painting a mask",
    rows: {
      brush: [["P"], "Brush"],
      lasso: [["L"], "Lasso"],
      rectangle: [["R"], "Rectangle"],
      size: [["[", "]"], "Smaller or larger brush"],
      erase: [["E"], "Erase instead of paint"],
      hide: [["H"], "Hide or show the mask"],
      invert: [["I"], "Invert"],
      fill: [["F"], "Fill"],
      clear: [["Delete", "Backspace"], "Clear"],
      undo: [["Ctrl+Z"], "Undo the last stroke"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"],
    },
  },
  boxes: {
    title: "While editing boxes",
    rows: {
      add: [["A"], "Add a box"],
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Move the box; with Shift 10 px"],
      size: [
        ["Ctrl+ArrowLeft", "Ctrl+ArrowRight", "Ctrl+ArrowUp", "Ctrl+ArrowDown"],
        "Change its size",
      ],
      remove: [["Delete", "Backspace"], "Remove the box"],
      undo: [["Ctrl+Z"], "Undo the last change of a box"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"],
    },
  },
  queue: {
    title: "In the queue",
    rows: {
      move: [["Alt+ArrowUp", "Alt+ArrowDown"], "Move the waiting picture up or down"],
    },
  },
  history: {
    title: "In the history",
    rows: {
      move: [
        ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
        "Look at another picture; with Shift select all between; with Ctrl only go there",
      ],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      use: [["Enter"], "Use the picture's settings"],
      select: [["Space"], "Select it too, or no longer"],
      all: [["Ctrl+A"], "Select all pictures"],
      only: [["Escape"], "Select only the picture on the canvas"],
      stars: [["0", "1", "2", "3", "4", "5"], "Give those selected so many stars"],
      delete: [["Delete", "Backspace"], "Move those selected to the bin"],
    },
  },
  models: {
    title: "In the models",
    rows: {
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Go to another model"],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      open: [["Enter", "Space"], "Open it"],
    },
  },
  splitter: {
    title: "On the line between two columns",
    rows: {
      move: [["ArrowLeft", "ArrowRight"], "Wider or narrower; with Shift four times as far"],
      ends: [["Home", "End"], "The narrowest, the widest"],
      reset: [["Enter"], "As wide as at first"],
    },
  },
};

/** @type {Record<string, string>} */
const SHOWN = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  Escape: "Esc",
};

/**
 * Return a key as it is written on the screen, in the parts that are pressed together.
 * @param {string} key
 */
export const keyCaps = (key) => partsOf(key).map((part) => SHOWN[part] ?? part);

/**
 * Say whether a key of the row was pressed. Ctrl is Cmd on a Mac.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }}
 *   event
 * @param {Row} row
 */
export const isKey = (event, [keys]) =>
  keys.some((key) => {
    const parts = partsOf(key);
    const last = parts[parts.length - 1];
    const isCommand = event.ctrlKey || event.metaKey;
    // Shift makes a sign another one, of which the event tells; a letter stays the letter.
    const isShiftRight =
      parts.includes("Shift") === event.shiftKey || (last.length === 1 && !/[a-z]/i.test(last));
    const pressed = event.key === " " ? "Space" : event.key;
    return (
      !event.altKey &&
      isCommand === parts.includes("Ctrl") &&
      isShiftRight &&
      pressed.toLowerCase() === last.toLowerCase()
    );
  });

/**
 * Return the sections with the rows that a search finds, by what they do or by their keys.
 * @param {string} words
 * @param {Record<string, Section>} sections
 * @returns {Section[]}
 */
export function foundKeys(words, sections = KEYS) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return Object.values(sections)
    .map(({ title, rows }) => {
      const kept = Object.entries(rows).filter(([, [keys, does]]) => {
        const text = [title, does, ...keys.map((key) => keyCaps(key).join("+")), ...keys].join(" ");
        return wanted.every((word) => text.toLowerCase().includes(word));
      });
      return { title, rows: Object.fromEntries(kept) };
    })
    .filter(({ rows }) => Object.keys(rows).length > 0);
}

/**
 * Return the parts of a key: "Ctrl+Shift+Z" has three, "+" has one.
 * @param {string} key
 */
const partsOf = (key) => (key.length === 1 ? [key] : key.split("+"));
