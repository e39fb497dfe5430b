// What the details in the browser and those in Python (details.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export interface Row {
  label: string;
  value: string;
  other: string;
  is_usual: boolean;
}

export interface Group {
  title: string;
  note: string;
  rows: Row[];
}

/** The traits, as in details.py. */
export interface Traits {
  name: string;
  empty: string;
  view: "settings" | "form" | "selected";
  shows_all: boolean;
  groups: Group[];
  compared: string[];
  has_pair: boolean;
  stars: number | null;
  tags: string[];
  /** What the picture has in common with others: kind, name, how many others. */
  related: ["tag" | "lora" | "model" | "seed", string, number][];
  story: string[];
  /** The address of a picture, or nothing. */
  difference: string;
  suggestions: string[];
}

export type Model = AnyModel<Traits>;

/** A text for the clipboard, or why there is none. */
export interface Answer {
  kind: "text";
  number: number;
  text?: string;
  why?: string;
}
