// What the list of stages in the browser and the one in Python (stage_list.py) share.
import type { AnyModel } from "@anywidget/types";
import type { Traits as Sheet } from "../../sheet/src/types";

/** A stage: `switch` and `main` name a tick and a number among the fields, "" for none. */
export interface StageRow {
  name: string;
  title: string;
  switch: string;
  main: string;
  note: string;
  message: string;
}

/** A stage that is off. */
export interface OffStage {
  name: string;
  title: string;
  help: string;
}

/** The traits, as in stage_list.py. */
export interface Traits {
  fields: Sheet["fields"];
  values: Sheet["values"];
  inherited: Sheet["inherited"];
  groups: Sheet["groups"];
  messages: Sheet["messages"];
  disabled: Sheet["disabled"];
  words: Sheet["words"];
  tokens: Sheet["tokens"];
  rows: StageRow[];
  more: OffStage[];
  opened: string;
}

export type Model = AnyModel<Traits>;
