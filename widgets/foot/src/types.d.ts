// What the foot in the browser and the one in Python (foot.py) share.
import type { AnyModel } from "@anywidget/types";

export type State = "waiting" | "cached" | "running" | "done";
export type RunState = "idle" | "running" | "done" | "cancelled" | "failed";
export type Use = "all" | "prompt" | "seed" | "size" | "stages";

/** A stage of a run; `seconds` is the mean of its pictures, null if it is not known. */
export interface Stage {
  name: string;
  title: string;
  state: State;
  seconds: number | null;
  pictures: number;
  pictured: boolean;
}

/** What is being done; `since` and `until` are seconds of Python's clock. */
export interface Status {
  state: RunState;
  text: string;
  share?: number | null;
  since?: number | null;
  until?: number | null;
}

export interface Caption {
  text?: string;
  title?: string;
  can_save?: boolean;
  can_use?: boolean;
}

/** A row of the queue; `takes` are the seconds that a waiting one will need, if they are known. */
export interface Job {
  is_batch: boolean;
  name: string;
  label: string;
  facts: string;
  state: "running" | "queued" | "failed";
  since: number | null;
  until: number | null;
  takes: number | null;
  why: string;
}

/** Requests that wait for a decision: those of a stopped queue, or of an earlier kernel. */
export interface Stopped {
  kind: "stopped" | "left";
  text: string;
  why: string;
}

export interface Queue {
  paused?: boolean;
  can_pause?: boolean;
  left?: number | null;
  stopped?: Stopped | null;
}

export interface Problem {
  title?: string;
  text?: string;
  trace?: string;
  action?: { name: string; label: string } | null;
}

/** The traits, as in foot.py. */
export interface Traits {
  status: Status;
  said: string;
  caption: Caption;
  stages: Stage[];
  looking: string;
  compared: string;
  jobs: Job[];
  queue: Queue;
  error: Problem;
  notice: string;
}

export type Model = AnyModel<Traits>;

/** Sends Python what a person did. */
export type Send = (kind: string, words?: Record<string, unknown>) => void;

/** Returns the seconds of Python's clock. */
export type Clock = () => number;
