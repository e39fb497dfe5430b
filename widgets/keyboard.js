// Ctrl+Enter (Cmd+Enter on a Mac) in a text of the panel presses Generate.
function render({ el }) {
  const ended = new AbortController();
  const press = (event) => {
    const panel = el.closest(".mls-studio");
    const isOurs = panel && event.target.closest?.(".mls-studio") === panel;
    if (!isOurs || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would run the cell
    // A text is sent to Python when it changes, which the browser says only when focus leaves it.
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
    panel.querySelector("button.mls-generate").click();
  };
  // Captured on the document: JupyterLab listens for its shortcuts further down.
  document.addEventListener("keydown", press, { capture: true, signal: ended.signal });
  return () => ended.abort();
}

export default { render };
