// Built by `npm run build`; change the sources, not this file.
// source: widgets/keyboard/src/keyboard.js
// source: widgets/shared/dom.js
// source: widgets/shared/keys.js
// sha256 of the sources: 346cdecd3f30654f242af5696538dd91fbc7692b51770d63fb82c909c4e9e8f7
// sha256 of the lines below: 0531a5291cbfb42bcc02b93b84b441749d9baa5ef951922906402f38c1c88082
// widgets/shared/dom.js
function targetOf(event) {
  return (
    /** @type {HTMLElement} */
    event.target
  );
}

// widgets/shared/keys.js
var TEXT_FIELD = "input:not([type=button], [type=checkbox], [type=color], [type=file], [type=radio], [type=range]), textarea, [contenteditable]";
var KEYS = {
  studio: {
    title: "Anywhere in the studio",
    rows: {
      generate: [["Ctrl+Enter"], "Generate"],
      undo: [["Ctrl+Z"], "Undo the last change of a setting"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"],
      left: [["T"], "Show the settings, or fold them away"],
      shelf: [["G"], "Show the shelf, or fold it away"],
      keys: [["?"], "Show this list"],
      escape: [["Escape"], "Close what lies on top; leave the filled window"]
    }
  },
  prompt: {
    title: "In a prompt",
    rows: {
      weigh: [["Ctrl+ArrowUp", "Ctrl+ArrowDown"], "Raise or lower the weight of the chosen words"],
      accept: [["Enter", "Tab"], "Take the offered word"],
      step: [["ArrowUp", "ArrowDown"], "Go through the offered words"],
      hide: [["Escape"], "Close the offered words"]
    }
  },
  number: {
    title: "In a number or on a slider",
    rows: {
      step: [["ArrowUp", "ArrowDown"], "One step more or less; with Shift ten"],
      slide: [["ArrowRight", "ArrowLeft"], "The same, on a slider"],
      page: [["PageUp", "PageDown"], "Ten steps more or less"],
      ends: [["Home", "End"], "To the least, to the most"],
      take: [["Enter"], "Take the typed number"],
      leave: [["Escape"], "Keep the number as it was"]
    }
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
      leave: [["Escape"], "Back to the grid; leave the chosen box"]
    }
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
      leave: [["Escape"], "Back to the picture"]
    }
  },
  compare: {
    title: "While comparing",
    rows: {
      how: [["S"], "Slider, side by side, blink"],
      play: [["P"], "Start or stop the blinking"],
      hold: [["X"], "Held: show the other picture"],
      split: [["ArrowLeft", "ArrowRight", "Home", "End"], "Move the dividing line"]
    }
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
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"]
    }
  },
  boxes: {
    title: "While editing boxes",
    rows: {
      add: [["A"], "Add a box"],
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Move the box; with Shift 10 px"],
      size: [
        ["Ctrl+ArrowLeft", "Ctrl+ArrowRight", "Ctrl+ArrowUp", "Ctrl+ArrowDown"],
        "Change its size"
      ],
      remove: [["Delete", "Backspace"], "Remove the box"],
      undo: [["Ctrl+Z"], "Undo the last change of a box"],
      redo: [["Ctrl+Shift+Z", "Ctrl+Y"], "Redo it"]
    }
  },
  queue: {
    title: "In the queue",
    rows: {
      move: [["Alt+ArrowUp", "Alt+ArrowDown"], "Move the waiting picture up or down"]
    }
  },
  history: {
    title: "In the history",
    rows: {
      move: [
        ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
        "Look at another picture; with Shift select all between; with Ctrl only go there"
      ],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      use: [["Enter"], "Use the picture's settings"],
      select: [["Space"], "Select it too, or no longer"],
      all: [["Ctrl+A"], "Select all pictures"],
      only: [["Escape"], "Select only the picture on the canvas"],
      stars: [["0", "1", "2", "3", "4", "5"], "Give those selected so many stars"],
      delete: [["Delete", "Backspace"], "Move those selected to the bin"]
    }
  },
  models: {
    title: "In the models",
    rows: {
      move: [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Go to another model"],
      page: [["PageUp", "PageDown"], "A page up or down"],
      ends: [["Home", "End"], "The first, the last"],
      open: [["Enter", "Space"], "Open it"]
    }
  },
  splitter: {
    title: "On the line between two columns",
    rows: {
      move: [["ArrowLeft", "ArrowRight"], "Wider or narrower; with Shift four times as far"],
      ends: [["Home", "End"], "The narrowest, the widest"],
      reset: [["Enter"], "As wide as at first"]
    }
  }
};
var isKey = (event, [keys]) => keys.some((key) => {
  const parts = partsOf(key);
  const last = parts[parts.length - 1];
  const isCommand = event.ctrlKey || event.metaKey;
  const isShiftRight = parts.includes("Shift") === event.shiftKey || last.length === 1 && !/[a-z]/i.test(last);
  const pressed = event.key === " " ? "Space" : event.key;
  return !event.altKey && isCommand === parts.includes("Ctrl") && isShiftRight && pressed.toLowerCase() === last.toLowerCase();
});
var partsOf = (key) => key.length === 1 ? [key] : key.split("+");

// widgets/keyboard/src/keyboard.js
var PRIMARY = "button.mls-generate";
var OWN_UNDO = `${TEXT_FIELD}, .mls-viewer`;
var DIALOG = "[aria-modal=true]";
var SWITCH = ".widget-toggle-button, .widget-toggle-buttons *";
var LOOK_AGAIN = 100;
function render({ el }) {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const tellAll = () => {
    const panel = panelAround(el);
    for (const button of panel?.querySelectorAll(".jupyter-button") ?? []) tell(button);
    for (const one of panel?.querySelectorAll('[title="null"]') ?? []) one.removeAttribute("title");
  };
  const watcher = new MutationObserver(oncePerFrame(tellAll));
  let focused = null;
  const disabling = new MutationObserver((changes) => {
    if (!changes.some(({ target }) => target === focused && isDisabled(target))) return;
    setTimeout(() => {
      const isLost = document.activeElement === document.body || isDisabled(document.activeElement);
      if (isLost) panelAround(el)?.focus({ preventScroll: true });
    }, LOOK_AGAIN);
  });
  const begin = () => {
    if (ended.signal.aborted) return;
    const panel = panelAround(el);
    if (!panel) {
      setTimeout(begin, LOOK_AGAIN);
      return;
    }
    panel.tabIndex = -1;
    for (
      const kind of
      /** @type {const} */
      ["keydown", "keypress", "keyup"]
    ) {
      panel.addEventListener(kind, keepPlainKeys, options);
    }
    panel.addEventListener("focusin", ({ target }) => focused = target, options);
    disabling.observe(panel, { subtree: true, attributeFilter: ["disabled"] });
    watcher.observe(panel, { childList: true, subtree: true, attributeFilter: ["class"] });
    tellAll();
  };
  const inPanel = (hear) => (event) => {
    const panel = panelAround(el);
    if (panel && panelAround(targetOf(event)) === panel) hear(panel, event);
  };
  document.addEventListener("keydown", inPanel(press), { capture: true, ...options });
  begin();
  return () => {
    ended.abort();
    watcher.disconnect();
    disabling.disconnect();
  };
}
var panelAround = (element) => element.closest?.(".mls-studio");
var isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;
var isDisabled = (node) => node instanceof HTMLElement && node.matches(":disabled");
function press(panel, event) {
  const { rows } = KEYS.studio;
  const target = targetOf(event);
  if (isKey(event, rows.generate)) {
    take(event);
    if (event.repeat || target.closest(DIALOG)) return;
    target.dispatchEvent(new Event("change", { bubbles: true }));
    pressFirst(panel, PRIMARY);
  } else if (!target.closest(`${OWN_UNDO}, ${DIALOG}`)) {
    if (isKey(event, rows.undo)) pressInstead(event, panel, "button.mls-undo");
    else if (isKey(event, rows.redo)) pressInstead(event, panel, "button.mls-redo");
  }
}
function pressInstead(event, panel, selector) {
  take(event);
  pressFirst(panel, selector);
}
function take(event) {
  event.preventDefault();
  event.stopPropagation();
}
function pressFirst(panel, selector) {
  const buttons = panel.querySelectorAll(selector);
  [...buttons].find(isSeen)?.click();
}
function keepPlainKeys(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}
function tell(button) {
  const title = button.getAttribute("title");
  if (button.matches(SWITCH)) {
    const isOn = String(button.classList.contains("mod-active"));
    if (button.getAttribute("aria-pressed") !== isOn) button.setAttribute("aria-pressed", isOn);
  }
  if (title && !button.textContent?.trim()) button.setAttribute("aria-label", title);
}
function oncePerFrame(act) {
  let isAwaited = false;
  return () => {
    if (isAwaited) return;
    isAwaited = true;
    requestAnimationFrame(() => {
      isAwaited = false;
      act();
    });
  };
}
var keyboard_default = { render };
export {
  keyboard_default as default
};
