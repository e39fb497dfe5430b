// The notebook's cell that the studio is the output of.

const RUN = '[data-jp-item-name="run"]'; // in the toolbar of a notebook

/**
 * Run the studio's cell, as clicks on the cell and on the toolbar's button do.
 * @param {HTMLElement} panel
 */
export function runCell(panel) {
  const cell = panel.closest(".jp-Cell");
  const item = panel.closest(".jp-NotebookPanel")?.querySelector(RUN);
  const button = item?.querySelector("jp-button, button");
  if (!cell || !button) return;
  press(cell, ["mousedown", "mouseup"]);
  press(button, ["mousedown", "mouseup", "click"]);
}

/**
 * @param {Element} element
 * @param {string[]} kinds
 */
function press(element, kinds) {
  for (const kind of kinds) {
    element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, button: 0 }));
  }
}
