// What the shelf in the browser and the one in Python (models_shelf.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export type Sort = "name" | "newest" | "largest" | "used" | "starred";

/** The traits, as in models_shelf.py. */
export interface Traits {
  generation: number;
  search: string;
  kind: string;
  family: string;
  sort: Sort;
  opened: string;
  picking: string;
  binned: BinnedRow[];
  hashing: [] | [text: string, done: number, total: number];
  can_find: boolean;
  photos: string;
  told: [] | [text: string, action: string, id: string];
}

/** A model in the bin, as models_shelf.Binned. */
export type BinnedRow = [id: string, name: string, about: string];

export type Model = AnyModel<Traits>;

export interface Card {
  id: string;
  name: string;
  kind: string;
  family: string;
  size: string;
  bytes: number;
  changed: number;
  preview: string;
  words: string;
  tags: string[];
  starred: boolean;
  used: number;
  refused: string;
  unfit: string;
}

/** A card as Python sends it: the fields of models_shelf.Card. */
export type Row = [
  id: string,
  name: string,
  kind: string,
  family: string,
  size: string,
  bytes: number,
  changed: number,
  preview: string,
  words: string,
  tags: string[],
  starred: boolean,
  used: number,
  refused: string,
  unfit: string,
];

export interface Filter {
  search: string;
  kind: string;
  family: string;
  sort: Sort;
}

export interface Action {
  name: string;
  label: string;
  text: string;
}

export interface Details {
  id: string;
  facts: [label: string, value: string][];
  actions: Action[];
  words: string[];
  about: string;
  notes: string;
  weight: string | null;
  known_tags: string[];
  changes: Action[];
  fixed: string;
  hint: string;
}

export type Answer =
  | { kind: "cards"; generation: number; rows: Row[] }
  | { kind: "previews"; ids: string[]; missing: string[] }
  | ({ kind: "details" } & Details);
