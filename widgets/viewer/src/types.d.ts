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

export type Mode = "view" | "compare" | "mask" | "boxes";

/** The traits, as in viewer.py. */
export interface Traits {
  mode: Mode;
  boxes: Detection[];
  brush_size: number;
  brush_hardness: number;
  brush_opacity: number;
  brush_erases: boolean;
  split: number;
  busy: boolean;
  size: [number, number];
}

export type Model = AnyModel<Traits>;

/** A picture's file, or none of its kind where it is empty. */
export type FileName = "image" | "before" | "preview" | "mask";

/** From Python. */
export type Message =
  | { kind: "files"; names: FileName[]; mask_by: string }
  | { kind: "part"; upload: string; arrived: number | null }
  | { kind: "error"; name: string; text: string; trace: string };

/** How a message at the foot of the stage looks; `share` is how much of a task is done. */
export interface MessageOptions {
  title?: string;
  details?: string;
  share?: number;
  isError?: boolean;
}
