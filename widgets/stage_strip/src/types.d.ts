// What the stage strip in the browser and the one in Python (stage_strip.py) share.

export type State = "off" | "waiting" | "cached" | "running" | "done";

/** A stage of a run, and how many seconds it took so far, if that is known. */
export interface Stage {
  name: string;
  title: string;
  state: State;
  seconds: number | null;
}

/** The traits, as in stage_strip.py. */
export interface Traits {
  stages: Stage[];
}
