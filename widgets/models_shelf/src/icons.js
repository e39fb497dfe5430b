// An icon for each kind of model, and those of the shelf's buttons.
import { makeSvg } from "../../shared/dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  checkpoint: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  lora: "M12 4l9 5-9 5-9-5zM3 14l9 5 9-5",
  embedding: "M4 18L8.5 6h1L14 18M5.6 14h6.8M16 18v-5a2 2 0 0 1 4 0v5M16 15h4",
  vae: "M4 5h5v14H4zM15 5h5v14h-5zM9 9l6 3-6 3",
  controlnet: "M12 4a2 2 0 1 0 .01 0M12 8v6M6 10l6-1 6 1M12 14l-4 6M12 14l4 6",
  upscaler: "M4 14v6h6M20 10V4h-6M4 20l7-7M20 4l-7 7",
  detector: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M12 9a3 3 0 1 0 .01 0",
  refresh: "M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6",
  back: "M14 6l-6 6 6 6",
  find: "M12 3v11M7 10l5 5 5-5M4 16v4h16v-4",
  bin: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1 5.5-4.9-2.7L7.1 19l1-5.5L4 9.7 9.6 9z",
};

/**
 * Make an icon; an unknown kind has a checkpoint's.
 * @param {string} name
 * @param {number} size in pixels
 */
export function icon(name, size) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.5 };
  const round = { "stroke-linejoin": "round", "stroke-linecap": "round" };
  const path = PATHS[name] ?? PATHS.checkpoint;
  return makeSvg([[path, { ...stroke, ...round }]], { width: size, height: size });
}
