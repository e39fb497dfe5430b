// What the presets in the browser and those in Python (preset_menu.py) tell each other.
import type { AnyModel } from "@anywidget/types";

export interface Entry {
  name: string;
  description: string;
  shipped: boolean;
}

export interface Notice {
  text: string;
  is_error: boolean;
  number: number;
}

/** The traits, as in preset_menu.py. */
export interface Traits {
  presets: Entry[];
  notice: Notice;
}

export type Model = AnyModel<Traits>;

/** What Python sends: a preset's changes, that the settings are others now, a file, a taken name. */
export type Message =
  | { kind: "settings" }
  | {
      kind: "changes";
      name: string;
      rows: [string, string, string][];
      reasons: string[];
      is_vain: boolean;
    }
  | { kind: "file"; name: string; text: string }
  | { kind: "taken"; text: string };
