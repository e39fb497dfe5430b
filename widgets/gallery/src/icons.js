// The icons of the gallery, on a field of 24 x 24.
import { makeSvg } from "../../shared/dom.js";

const PATHS = {
  back: "M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-3",
  check: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M8.5 12l2.5 2.5 5-5",
  compare: "M12 4v16M4 6h5v12H4zM15 6h5v12h-5z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  differ: "M5 9h14M5 15h14M15 5L9 19",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  filter: "M4 6h16M7 12h10M10 18h4",
  start: "M4 5h10v10H4zM17 9l4 4-4 4M21 13h-9",
  star: "M12 4l2.4 5.2 5.6.6-4.2 3.8 1.2 5.6L12 16.4 7 19.2l1.2-5.6L4 9.8l5.6-.6z",
  tag: "M4 5h8l8 8-7 7-9-9zM8.5 9.5h.01",
  use: "M4 7h9M4 12h6M4 17h9M14 12h7M18 8l4 4-4 4",
  x: "M6 6l12 12M18 6L6 18",
};

/**
 * Make an icon.
 * @param {keyof typeof PATHS} name
 * @param {number} size in pixels
 */
export function icon(name, size = 18) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  const round = { "stroke-linejoin": "round", "stroke-linecap": "round" };
  return makeSvg([[PATHS[name], { ...stroke, ...round }]], { width: size, height: size });
}
