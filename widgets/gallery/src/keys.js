// What keys do in the gallery.

/** @import { Grid } from "./grid.js" */
/** @typedef {{ act: (action: string) => void, close: () => boolean }} Acts */

/**
 * Do what a key means while the grid has the focus; fields and buttons keep their own keys.
 * @param {Grid} grid
 * @param {Acts} acts what is done to the selection; `close` says whether something was open
 * @param {KeyboardEvent} event
 */
export function press(grid, acts, event) {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isPlain) event.stopPropagation(); // JupyterLab would take it for a shortcut
  if (event.key === "Escape" && acts.close()) {
    event.preventDefault();
    return;
  }
  if (event.target !== grid.scroll || event.altKey) return;
  const act = actOf(grid, acts, event, isPlain);
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

/**
 * Return what a key does.
 * @param {Grid} grid
 * @param {Acts} acts
 * @param {KeyboardEvent} event
 * @param {boolean} isPlain without Ctrl
 * @returns {(() => void) | undefined}
 */
export function actOf(grid, acts, event, isPlain) {
  const { columns } = grid.layout;
  /** @param {number} by */
  const move = (by) => () => grid.move(by, event);
  /** @type {Record<string, () => void>} */
  const moves = {
    ArrowLeft: move(-1),
    ArrowRight: move(1),
    ArrowUp: () => grid.cursor >= columns && grid.move(-columns, event),
    ArrowDown: move(columns),
    PageUp: move(-grid.page),
    PageDown: move(grid.page),
    Home: move(-Infinity),
    End: move(Infinity),
  };
  if (event.key in moves) return moves[event.key];
  if (!isPlain) return event.key.toLowerCase() === "a" ? () => grid.selectAll() : undefined;
  if (/^[0-5]$/.test(event.key)) return () => acts.act(`stars:${event.key}`);
  /** @type {Record<string, () => void>} */
  const keys = {
    " ": () => grid.cursor >= 0 && grid.toggle(grid.cursor),
    Enter: () => acts.act("use"),
    Escape: () => grid.selectShown(),
    Delete: () => acts.act("delete"),
    Backspace: () => acts.act("delete"),
  };
  return keys[event.key];
}
