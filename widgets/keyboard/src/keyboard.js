// Keys pressed in the panel are the panel's: JupyterLab, whose plain keys cut and convert cells,
// does not hear them. Ctrl+Enter (Cmd+Enter on a Mac) presses the button that makes pictures,
// Ctrl+Z takes the last change back. A screen reader is told which switches are on.
import { targetOf } from "../../shared/dom.js";
import { KEYS, TEXT_FIELD, isKey } from "../../shared/keys.js";

/** @import { RenderProps } from "@anywidget/types" */

const PRIMARY = "button.mls-generate";
const OWN_UNDO = `${TEXT_FIELD}, .mls-viewer`; // have an undo of their own
const DIALOG = "[aria-modal=true]";
const SWITCH = ".widget-toggle-button, .widget-toggle-buttons *";
const LOOK_AGAIN = 100; // ms, while the panel is not in the page

/** @param {RenderProps} props */
function render({ el }) {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const tellAll = () => {
    const panel = panelAround(el);
    for (const button of panel?.querySelectorAll(".jupyter-button") ?? []) tell(button);
    // ipywidgets writes the word where there is no tooltip.
    for (const one of panel?.querySelectorAll('[title="null"]') ?? []) one.removeAttribute("title");
  };
  const watcher = new MutationObserver(oncePerFrame(tellAll));
  /** @type {EventTarget | null} */
  let focused = null; // last, in the panel
  // A button that is disabled while it has the focus loses it to the page, which has other keys.
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
    // A click beside the controls gives the panel itself the focus: the notebook does not get it.
    panel.tabIndex = -1;
    for (const kind of /** @type {const} */ (["keydown", "keypress", "keyup"])) {
      panel.addEventListener(kind, keepPlainKeys, options);
    }
    panel.addEventListener("focusin", ({ target }) => (focused = target), options);
    disabling.observe(panel, { subtree: true, attributeFilter: ["disabled"] });
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
  begin();
  return () => {
    ended.abort();
    watcher.disconnect();
    disabling.disconnect();
  };
}

/**
 * @param {Element} element
 * @returns {HTMLElement | null}
 */
const panelAround = (element) => element.closest?.(".mls-studio");

/** @param {HTMLButtonElement} button */
const isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;

/** @param {Node | null} node */
const isDisabled = (node) => node instanceof HTMLElement && node.matches(":disabled");

/**
 * Press the button that a key with Ctrl stands for.
 * @param {HTMLElement} panel
 * @param {KeyboardEvent} event
 */
function press(panel, event) {
  const { rows } = KEYS.studio;
  const target = targetOf(event);
  if (isKey(event, rows.generate)) {
    take(event);
    // A key that is held asks for one picture, and in what lies over the panel for none.
    if (event.repeat || target.closest(DIALOG)) return;
    // A text is sent to Python when it changes, which the browser says only when focus leaves it.
    target.dispatchEvent(new Event("change", { bubbles: true }));
    pressFirst(panel, PRIMARY);
  } else if (!target.closest(`${OWN_UNDO}, ${DIALOG}`)) {
    if (isKey(event, rows.undo)) pressInstead(event, panel, "button.mls-undo");
    else if (isKey(event, rows.redo)) pressInstead(event, panel, "button.mls-redo");
  }
}

/**
 * @param {Event} event
 * @param {HTMLElement} panel
 * @param {string} selector
 */
function pressInstead(event, panel, selector) {
  take(event);
  pressFirst(panel, selector);
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
 * Tell a screen reader whether a switch is on, and what a button without a text is.
 * @param {Element} button
 */
function tell(button) {
  const title = button.getAttribute("title");
  if (button.matches(SWITCH)) {
    const isOn = String(button.classList.contains("mod-active"));
    if (button.getAttribute("aria-pressed") !== isOn) button.setAttribute("aria-pressed", isOn);
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
