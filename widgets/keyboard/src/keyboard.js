// Keys pressed in the panel are the panel's: JupyterLab, whose plain keys cut and convert cells,
// does not hear them. Ctrl+Enter (Cmd+Enter on a Mac) presses the button that makes pictures,
// Ctrl+Z takes the last change back. A tab begins at its top, and a screen reader is told which
// folds and switches are open or on.
import { targetOf } from "../../shared/dom.js";

/** @import { RenderProps } from "@anywidget/types" */

const PRIMARY = "button.mls-generate, button.mls-queue-batch"; // what a tab's pictures are made by
const OWN_UNDO = "input, textarea, [contenteditable], .mls-viewer"; // have an undo of their own
const SWITCH = ".widget-toggle-button, .widget-toggle-buttons *";
const LOOK_AGAIN = 100; // ms, while the panel is not in the page

/** @param {RenderProps} props */
function render({ el }) {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const tellAll = () => {
    for (const button of panelAround(el)?.querySelectorAll(".jupyter-button") ?? []) tell(button);
  };
  const watcher = new MutationObserver(oncePerFrame(tellAll));
  const begin = () => {
    if (ended.signal.aborted) return;
    const panel = panelAround(el);
    if (!panel) {
      setTimeout(begin, LOOK_AGAIN);
      return;
    }
    // A click beside the controls gives the panel itself the focus: the notebook does not get it.
    panel.tabIndex = -1;
    for (const kind of /** @type {const} */ (["keydown", "keypress", "keyup"])) {
      panel.addEventListener(kind, keepPlainKeys, options);
    }
    watcher.observe(panel, { childList: true, subtree: true, attributeFilter: ["class"] });
    tellAll();
  };
  /** @type {(hear: (panel: HTMLElement, event: any) => void) => (event: Event) => void} */
  const inPanel = (hear) => (event) => {
    const panel = panelAround(el);
    if (panel && panelAround(targetOf(event)) === panel) hear(panel, event);
  };
  // Captured on the document: JupyterLab listens for its shortcuts further down.
  document.addEventListener("keydown", inPanel(press), { capture: true, ...options });
  document.addEventListener("click", inPanel(toTop), options);
  begin();
  return () => {
    ended.abort();
    watcher.disconnect();
  };
}

/**
 * @param {Element} element
 * @returns {HTMLElement | null}
 */
const panelAround = (element) => element.closest?.(".mls-studio");

/** @param {HTMLButtonElement} button */
const isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;

/**
 * Press the button that a key with Ctrl stands for.
 * @param {HTMLElement} panel
 * @param {KeyboardEvent} event
 */
function press(panel, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const target = targetOf(event);
  if (key === "enter") {
    take(event);
    // A text is sent to Python when it changes, which the browser says only when focus leaves it.
    target.dispatchEvent(new Event("change", { bubbles: true }));
    pressFirst(panel, PRIMARY);
  } else if ((key === "z" || key === "y") && !target.closest(OWN_UNDO)) {
    take(event);
    const isRedo = key === "y" || event.shiftKey;
    pressFirst(panel, isRedo ? "button.mls-redo" : "button.mls-undo");
  }
}

/** @param {Event} event */
function take(event) {
  event.preventDefault();
  event.stopPropagation(); // JupyterLab would run the cell, or undo what was done to cells
}

/**
 * Press the first of these buttons that is seen.
 * @param {HTMLElement} panel
 * @param {string} selector
 */
function pressFirst(panel, selector) {
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = panel.querySelectorAll(selector);
  [...buttons].find(isSeen)?.click();
}

/** @param {KeyboardEvent} event */
function keepPlainKeys(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}

/**
 * Scroll a tab that is opened to its top.
 * @param {HTMLElement} panel
 * @param {MouseEvent} event
 */
function toTop(panel, event) {
  if (!targetOf(event).closest(".mls-tabs button")) return;
  for (const one of panel.querySelectorAll(".mls-scroll")) one.scrollTop = 0;
}

/**
 * Tell a screen reader whether a switch is on or a fold open, and what a button without a text is.
 * @param {Element} button
 */
function tell(button) {
  const title = button.getAttribute("title");
  if (button.matches(SWITCH)) {
    const isOn = String(button.classList.contains("mod-active"));
    const name = button.matches(".mls-fold-head") ? "aria-expanded" : "aria-pressed";
    if (button.getAttribute(name) !== isOn) button.setAttribute(name, isOn);
  }
  if (title && !button.textContent?.trim()) button.setAttribute("aria-label", title);
}

/**
 * Return a function that has `act` called in the next frame, once for all its calls until then.
 * @param {() => void} act
 */
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

export default { render };
