// What the gallery in the browser and the one in Python (gallery.py) tell each other.
import type { AnyModel } from "@anywidget/types";

/** The entries from the first to the one before the end. */
export type Range = [first: number, end: number];

export interface Filters {
  text: string;
  tags: string[];
  model: string;
  stars: number;
  since: string;
  until: string;
  order: string;
  bin: boolean;
}

/** What can be filtered by; each tag and model with its number of pictures. */
export interface Choices {
  tags: [name: string, count: number][];
  models: [name: string, count: number][];
  orders: [value: string, label: string][];
  binned: number;
}

export interface Notice {
  text: string;
  undo: boolean;
  is_error: boolean;
  number: number;
}

/** The traits, as in gallery.py. */
export interface Traits {
  count: number;
  generation: number;
  shown: number;
  selection: Range[];
  filters: Filters;
  fault: string;
  choices: Choices;
  left_out: { lines: [name: string, reason: string][]; count: number };
  notice: Notice;
}

export type Model = AnyModel<Traits>;

/** An entry as Python sends it: the fields of gallery.Entry. */
export type Row = [
  id: string,
  title: string,
  stars: number,
  created: string,
  width: number,
  height: number,
];

/** Entries and thumbnails from Python; why there is no thumbnail for those that are missing. */
export interface Answer {
  kind: "rows" | "thumbnails";
  generation: number;
  ids: string[];
  missing: Record<string, string>;
  from?: number;
  rows?: Row[];
}

/** The tags of the selected pictures, each with how many of them have it. */
export interface Tags {
  kind: "tags";
  tags: [name: string, count: number][];
  of: number;
}

/** A part of a file; the first has its name, type and size. */
export interface Part {
  kind: "part";
  number: number;
  is_last: boolean;
  name?: string;
  type?: string;
  size?: number;
}

export interface Failed {
  kind: "failed";
  number: number;
  text: string;
}

export interface Entry {
  id: string;
  title: string;
  stars: number;
  created: string;
  width: number;
  height: number;
}
