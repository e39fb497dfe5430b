// What the finder in the browser and the one in Python (model_finder.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export interface Filter {
  name: string;
  title: string;
  choices: string[];
  default: string;
}

export type FoundRow = [id: string, name: string, about: string, tags: string];

export interface FoundFile {
  key: string;
  name: string;
  about: string;
  refused: string;
}

export interface FoundVersion {
  key: string;
  name: string;
  facts: [label: string, value: string][];
  words: string[];
  about: string;
  restricted: string;
  files: FoundFile[];
}

export interface FoundModel {
  id: string;
  name: string;
  facts: [label: string, value: string][];
  about: string;
  page: string;
  versions: FoundVersion[];
}

export type DownloadRow = [
  id: string,
  name: string,
  state: "queued" | "running" | "done" | "failed" | "cancelled" | "left",
  done: number,
  total: number,
  told: string,
  error: string,
];

/** The traits, as in model_finder.py. */
export interface Traits {
  sources: [name: string, title: string][];
  source: string;
  filters: Record<string, Filter[]>;
  busy: string;
  told: string;
  found: FoundRow[];
  more: boolean;
  model: FoundModel | null;
  downloads: DownloadRow[];
}

export type Model = AnyModel<Traits>;
export type Send = (message: Record<string, unknown>) => void;
