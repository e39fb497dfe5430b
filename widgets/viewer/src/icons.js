// The icons, as strokes on a field of 24 x 24.
import { makeSvg } from "../../shared/dom.js";

const ICONS = {
  grid: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
  view: "M8 13V5.5a1.5 1.5 0 0 1 3 0V12m0-6.5v-1a1.5 1.5 0 0 1 3 0V12m0-5.5a1.5 1.5 0 0 1 3 0V12m0-3.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-2a6 6 0 0 1-5-2.7L5.2 15.6a1.6 1.6 0 0 1 2.6-1.8L8 14",
  compare: "M12 3v18M4 5h5v14H4zM15 5h5v14h-5",
  mask: "M4.5 12a7.5 7.5 0 1 0 15 0 7.5 7.5 0 1 0-15 0M7 6.500l10.500 10.500M5 10l9 9M10 5l9 9",
  boxes:
    "M4 8V5a1 1 0 0 1 1-1h3m8 0h3a1 1 0 0 1 1 1v3m0 8v3a1 1 0 0 1-1 1h-3m-8 0H5a1 1 0 0 1-1-1v-3M9 9h6v6H9z",
  open: "M3 18V6a1 1 0 0 1 1-1h5l2 3h8a1 1 0 0 1 1 1v1.500M3 18l2.500-7h16L19 19H4a1 1 0 0 1-1-1z",
  download: "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3M12 4v11m-4-4 4 4 4-4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V5a1 1 0 0 1 1-1h4m6 0h4a1 1 0 0 1 1 1v4m0 6v4a1 1 0 0 1-1 1h-4m-6 0H5a1 1 0 0 1-1-1v-4",
  brush:
    "M20 4a2 2 0 0 0-2.8 0L9 12.2l2.8 2.8L20 6.8A2 2 0 0 0 20 4zM9 13.5c-2.6 0-3.7 1.7-3.7 3.5 0 1.6-.8 2.4-2.3 2.8 2.5 1.4 8 1.2 8-3.1",
  lasso:
    "M12 4c-4.700 0-8.500 2.500-8.500 5.500S7.300 15 12 15s8.500-2.500 8.500-5.500S16.700 4 12 4zM6.500 13.500c-1 .8-1.300 2-.6 2.900.8 1 2.300.9 3-.1M6 16.700c0 1.600.4 2.700 1.600 3.800",
  rectangle: "M4 6h16v12H4z",
  erase:
    "m8 19-4.3-4.300a1.5 1.5 0 0 1 0-2.100l8.8-8.800a1.5 1.5 0 0 1 2.1 0l5 5a1.5 1.5 0 0 1 0 2.100L11.5 19H8zM8 8l8 8M8 19h12",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  invert: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  fill: "M5 5h14v14H5zM5 12l7-7M5 19 19 5M12 19l7-7",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM9 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  slider: "M12 3v18M8 9l-3 3 3 3M16 9l3 3-3 3",
  beside: "M4 5h7v14H4zM13 5h7v14h-7z",
  blink: "M4 4h11v11H4zM9 19h11V9",
  pause: "M9 5v14M15 5v14",
  play: "M7 4.500v15l12-7.500z",
  hold: "M9 11V5.500a1.500 1.500 0 0 1 3 0V11l4.500 1a2 2 0 0 1 1.500 2.300l-.7 3.700a3 3 0 0 1-3 2.500h-2.800a3 3 0 0 1-2.400-1.200L5.500 14.500a1.500 1.500 0 0 1 2.300-1.900L9 13.500",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  left: "m15 6-6 6 6 6",
  right: "m9 6 6 6-6 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  reset: "M4 4v5h5M4.5 9a8 8 0 1 1-.5 4",
};
/** @typedef {keyof typeof ICONS} IconName */

/** @type {Partial<Record<IconName, string>>} */
const FILLED = { invert: "M12 3a9 9 0 1 0 0 18z" };

/**
 * Make an icon, drawn in strokes.
 * @param {IconName} name
 */
export function makeIcon(name) {
  const filled = FILLED[name];
  return makeSvg([...(filled ? [part(filled, { fill: "currentColor" })] : []), part(ICONS[name])]);
}

/**
 * @param {string} path
 * @param {Record<string, string>} attributes
 * @returns {[string, Record<string, string>]}
 */
const part = (path, attributes = {}) => [path, attributes];
