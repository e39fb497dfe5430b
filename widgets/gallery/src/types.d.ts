// What the gallery in the browser and the one in Python (gallery.py) tell each other.
import type { AnyModel } from "@anywidget/types";

/** The traits, as in gallery.py. */
export interface Traits {
  count: number;
  generation: number;
  current: number;
  empty: string;
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

export interface Entry {
  id: string;
  title: string;
  stars: number;
  created: string;
  width: number;
  height: number;
}
