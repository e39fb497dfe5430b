// What the viewer in the browser and the one in Python (viewer.py) tell each other.
import type { AnyModel } from "@anywidget/types";
import type { Box } from "../../shared/geometry.js";

/** A part of the picture that a detailer repaints; medialab's DetectionEdit. */
export interface Detection {
  label: string;
  box: Box;
  enabled: boolean;
  mask: string | null;
  confidence: number;
  prompt: string | null;
  denoising_strength: number | null;
  /** The picture it was detected in. */
  made_for: string | null;
  /** Its number, which decides its seed; null: its place in the list. */
  index: number | null;
}

export type Mode = "view" | "compare" | "mask" | "boxes" | "grid";
export type How = "slider" | "side by side" | "blink";
export type MaskTool = "brush" | "lasso" | "rectangle";

/** A detailer that detected something. */
export interface BoxSet {
  name: string;
  title: string;
  count: number;
}

/** The grid's labels and shape; `across` is the number of columns, 0 for as many as fit best. */
export interface Grid {
  labels: string[];
  /** A few letters on each tile, such as "★3". */
  badges: string[];
  rows: string[];
  columns: string[];
  across: number;
  /** The size in pixels of the first picture, whose shape the cells have. */
  size: [number, number];
  number?: number;
}

/** The traits, as in viewer.py. */
export interface Traits {
  mode: Mode;
  size: [number, number];
  busy: boolean;
  file_name: string;
  how: How;
  labels: [string, string];
  split: number;
  boxes: Detection[];
  boxes_size: [number, number];
  box_sets: BoxSet[];
  box_set: string;
  can_redraw: boolean;
  mask_tool: MaskTool;
  mask_erases: boolean;
  brush_size: number;
  brush_hardness: number;
  brush_opacity: number;
  shows_mask: boolean;
  grid: Grid;
  tile: number;
  marked: number[];
}

export type Model = AnyModel<Traits>;

/** A picture's file, or none of its kind where it is empty. */
export type FileName = "image" | "left" | "right" | "preview" | "mask";

/** From Python. */
export type Message =
  | { kind: "files"; names: FileName[]; mask_by: string }
  | { kind: "tiles"; number: number; indices: number[] }
  | { kind: "part"; upload: string; arrived: number | null }
  | { kind: "error"; name: string; text: string; trace: string };

/** How a message at the foot of the stage looks; `share` is how much of a task is done. */
export interface MessageOptions {
  title?: string;
  details?: string;
  share?: number;
  isError?: boolean;
}
