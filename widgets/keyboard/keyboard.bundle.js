// Built by `npm run build`; change the sources, not this file.
// source: widgets/keyboard/src/keyboard.js
// source: widgets/shared/dom.js
// sha256 of the sources: d6b8b987a78503096551489e0a1977d19fb5e10d9d09f5bbbd71c90e43cc959f
// sha256 of the lines below: d8fc719a4f1ffcbf7febdb2d617fe51f90a1db6c4fe2c2cb53aa973333834338
// widgets/shared/dom.js
function targetOf(event) {
  return (
    /** @type {HTMLElement} */
    event.target
  );
}

// widgets/keyboard/src/keyboard.js
var PRIMARY = "button.mls-generate, button.mls-queue-batch";
var OWN_UNDO = "input, textarea, [contenteditable], .mls-viewer";
var SWITCH = ".widget-toggle-button, .widget-toggle-buttons *";
var LOOK_AGAIN = 100;
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
    panel.tabIndex = -1;
    for (
      const kind of
      /** @type {const} */
      ["keydown", "keypress", "keyup"]
    ) {
      panel.addEventListener(kind, keepPlainKeys, options);
    }
    watcher.observe(panel, { childList: true, subtree: true, attributeFilter: ["class"] });
    tellAll();
  };
  const inPanel = (hear) => (event) => {
    const panel = panelAround(el);
    if (panel && panelAround(targetOf(event)) === panel) hear(panel, event);
  };
  document.addEventListener("keydown", inPanel(press), { capture: true, ...options });
  document.addEventListener("click", inPanel(toTop), options);
  begin();
  return () => {
    ended.abort();
    watcher.disconnect();
  };
}
var panelAround = (element) => element.closest?.(".mls-studio");
var isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;
function press(panel, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const target = targetOf(event);
  if (key === "enter") {
    take(event);
    target.dispatchEvent(new Event("change", { bubbles: true }));
    pressFirst(panel, PRIMARY);
  } else if ((key === "z" || key === "y") && !target.closest(OWN_UNDO)) {
    take(event);
    const isRedo = key === "y" || event.shiftKey;
    pressFirst(panel, isRedo ? "button.mls-redo" : "button.mls-undo");
  }
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
function toTop(panel, event) {
  if (!targetOf(event).closest(".mls-tabs button")) return;
  for (const one of panel.querySelectorAll(".mls-scroll")) one.scrollTop = 0;
}
function tell(button) {
  const title = button.getAttribute("title");
  if (button.matches(SWITCH)) {
    const isOn = String(button.classList.contains("mod-active"));
    const name = button.matches(".mls-fold-head") ? "aria-expanded" : "aria-pressed";
    if (button.getAttribute(name) !== isOn) button.setAttribute(name, isOn);
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
