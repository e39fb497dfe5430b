// Built by `npm run build`; change the sources, not this file.
// source: widgets/keyboard/src/keyboard.js
// sha256 of the sources: df41162bc556705cc8248d1ec032520be9c6e73502c347432829c61a1aa83cf0
// sha256 of the lines below: 97f5f2d16ad78dec671182fe07c9458fc966a0a73711cb90f5c6799d21e1d30b
// widgets/keyboard/src/keyboard.js
var PRIMARY = "button.mls-generate, button.mls-queue-batch";
var OWN_UNDO = "input, textarea, [contenteditable], .mls-viewer";
function render({ el }) {
  const ended = new AbortController();
  const panelOf = (target) => {
    const panel = el.closest(".mls-studio");
    return panel && target.closest?.(".mls-studio") === panel ? panel : null;
  };
  const isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const press = (event) => {
    const panel = panelOf(event.target);
    if (!panel || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "enter") {
      take(event);
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
      [...panel.querySelectorAll(PRIMARY)].find(isSeen)?.click();
    } else if ((key === "z" || key === "y") && !event.target.closest(OWN_UNDO)) {
      take(event);
      const again = key === "y" || event.shiftKey;
      const button = panel.querySelector(again ? "button.mls-redo" : "button.mls-undo");
      if (button && isSeen(button)) button.click();
    }
  };
  document.addEventListener("keydown", press, { capture: true, signal: ended.signal });
  const keep = (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  };
  const toTop = (event) => {
    const panel = panelOf(event.target);
    if (panel && event.target.closest(".mls-tabs button")) {
      for (const one of panel.querySelectorAll(".mls-scroll")) one.scrollTop = 0;
    }
  };
  document.addEventListener("click", toTop, { signal: ended.signal });
  const tell = (button) => {
    const isOn = String(button.classList.contains("mod-active"));
    const name = button.matches(".mls-fold-head") ? "aria-expanded" : "aria-pressed";
    if (button.getAttribute(name) !== isOn) button.setAttribute(name, isOn);
    if (!button.textContent.trim() && button.title) button.setAttribute("aria-label", button.title);
  };
  const tellAll = () => {
    const panel = el.closest(".mls-studio");
    for (const button of panel?.querySelectorAll(".jupyter-button") ?? []) {
      if (button.matches(".widget-toggle-button, .widget-toggle-buttons *")) tell(button);
      else if (!button.textContent.trim() && button.title) {
        button.setAttribute("aria-label", button.title);
      }
    }
  };
  let waits = false;
  const later = () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      tellAll();
    });
  };
  const watcher = new MutationObserver(later);
  const begin = () => {
    const panel = el.closest(".mls-studio");
    if (!panel) return void (!ended.signal.aborted && setTimeout(begin, 100));
    panel.tabIndex = -1;
    for (const kind of ["keydown", "keypress", "keyup"]) {
      panel.addEventListener(kind, keep, { signal: ended.signal });
    }
    watcher.observe(panel, { childList: true, subtree: true, attributeFilter: ["class"] });
    tellAll();
  };
  begin();
  return () => {
    ended.abort();
    watcher.disconnect();
  };
}
var keyboard_default = { render };
export {
  keyboard_default as default
};
