// What the button in the browser and the one in Python (generate.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export type Mode = "one" | "times" | "lines" | "sweep";
export type How = "grid" | "zip" | "random";

export interface Axis {
  name: string;
  values: string;
}

export interface Asked {
  mode: Mode;
  times: number;
  lines: string;
  seeds: number;
  axes: Axis[];
  how: How;
  count: number;
  name: string;
}

export interface Fault {
  at: string;
  text: string;
}

/** The traits, as in generate.py. */
export interface Traits {
  asked: Asked;
  note: string;
  plan: string;
  proposed: string;
  faults: Fault[];
  running: number;
  waiting: number;
}

export type Model = AnyModel<Traits>;

/** A setting that an axis can have, and values to begin with. */
export interface Setting {
  name: string;
  label: string;
  group: string;
  kind: string;
  choices: string[];
  values: string;
}

/** A batch that there is, and how much of it is made. */
export interface Listed {
  name: string;
  told: string;
}

/** From Python. */
export type Told =
  | { kind: "settings"; settings: Setting[]; reveal?: string }
  | { kind: "batches"; batches: Listed[] };
