// Keys pressed in the panel are the panel's: JupyterLab, whose plain keys cut and convert cells, does
// not hear them. Ctrl+Enter (Cmd+Enter on a Mac) presses the button that makes pictures, Ctrl+Z takes
// the last change back. A tab begins at its top, and a screen reader is told which folds and switches
// are open or on.
const PRIMARY = "button.mls-generate, button.mls-queue-batch"; // what a tab's pictures are made by
const OWN_UNDO = "input, textarea, [contenteditable], .mls-viewer"; // have an undo of their own

function render({ el }) {
  const ended = new AbortController();
  const panelOf = (target) => {
    const panel = el.closest(".mls-studio");
    return panel && target.closest?.(".mls-studio") === panel ? panel : null;
  };
  const isSeen = (button) => button.getClientRects().length > 0 && !button.disabled;
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would run the cell, or undo what was done to cells
  };
  const press = (event) => {
    const panel = panelOf(event.target);
    if (!panel || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "enter") {
      take(event);
      // A text is sent to Python when it changes, which the browser says only when focus leaves it.
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
      [...panel.querySelectorAll(PRIMARY)].find(isSeen)?.click();
    } else if ((key === "z" || key === "y") && !event.target.closest(OWN_UNDO)) {
      take(event);
      const again = key === "y" || event.shiftKey;
      const button = panel.querySelector(again ? "button.mls-redo" : "button.mls-undo");
      if (button && isSeen(button)) button.click();
    }
  };
  // Captured on the document: JupyterLab listens for its shortcuts further down.
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
    // A head with no text of its own is named by its tooltip.
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
    // A click beside the controls gives the panel itself the focus: the notebook does not get it.
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

export default { render };
