// What the line in the browser and the one in Python (batch_bar.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export type State = "waiting" | "running" | "stopped" | "done" | "failed";

export interface Batch {
  name: string;
  state: State;
  told: string;
  share: number;
  left: number;
  failed: number;
  page: number;
  pages: number;
  title: string;
}

export interface Notice {
  text: string;
  undo: boolean;
  is_error: boolean;
  number: number;
}

/** The traits, as in batch_bar.py. */
export interface Traits {
  batch: Batch;
  marked: number;
  tags: [name: string, count: number][];
  offers: string[];
  notice: Notice;
}

export type Model = AnyModel<Traits>;

/** From Python: a text to download. */
export interface File {
  kind: "file";
  name: string;
  text: string;
}
