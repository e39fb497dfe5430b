// What keys do in the gallery.

/** @import { Grid } from "./grid.js" */

/**
 * Do what a key means while the grid has the focus; a button in it keeps its own keys.
 * @param {Grid} grid
 * @param {KeyboardEvent} event
 */
export function press(grid, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation(); // JupyterLab would take it for a shortcut
  if (event.target !== grid.scroll) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    grid.act("keep", grid.current);
    return;
  }
  const act = actOf(grid, event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

/**
 * @param {Grid} grid
 * @param {string} key
 */
function actOf(grid, key) {
  const { columns } = grid.layout;
  /** @param {string} action */
  const act = (action) => () => grid.act(action, grid.current);
  if (/^[0-5]$/.test(key)) return act(`stars:${key}`);
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => grid.move(-1),
    ArrowRight: () => grid.move(1),
    ArrowUp: () => grid.current >= columns && grid.move(-columns),
    ArrowDown: () => grid.move(columns),
    PageUp: () => grid.move(-grid.page),
    PageDown: () => grid.move(grid.page),
    Home: () => grid.move(-Infinity),
    End: () => grid.move(Infinity),
    Enter: act("open"),
    e: act("enhance"),
    s: act("sidecar"),
    Delete: act("delete"),
    Backspace: act("delete"),
  };
  return keys[key];
}
