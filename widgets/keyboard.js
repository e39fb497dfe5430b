// Ctrl+Enter (Cmd+Enter on a Mac) in a text of the panel presses Generate. A tab begins at its top,
// and a screen reader is told which folds and switches are open or on.
function render({ el }) {
  const ended = new AbortController();
  const panelOf = (target) => {
    const panel = el.closest(".mls-studio");
    return panel && target.closest?.(".mls-studio") === panel ? panel : null;
  };
  const press = (event) => {
    const panel = panelOf(event.target);
    if (!panel || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would run the cell
    // A text is sent to Python when it changes, which the browser says only when focus leaves it.
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
    panel.querySelector("button.mls-generate").click();
  };
  // Captured on the document: JupyterLab listens for its shortcuts further down.
  document.addEventListener("keydown", press, { capture: true, signal: ended.signal });
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
