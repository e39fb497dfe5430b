// What the sheet in the browser and the one in Python (sheet.py, description.py) share.
import type { AnyModel } from "@anywidget/types";
import type { Word } from "../../shared/prompt/types";
import type { Sender } from "../../shared/upload.js";
import type { Pictures } from "./pictures.js";

export type Kind =
  | "boxes"
  | "choice"
  | "lines"
  | "loras"
  | "names"
  | "number"
  | "picture"
  | "pictures"
  | "prompt"
  | "seed"
  | "size"
  | "text"
  | "tick"
  | "units"
  | "whole";

/** A value of JSON. A whole number that JavaScript cannot hold is a text of digits. */
export type Value = any;

/** A button: `name` is what Python is told. */
export interface Action {
  name: string;
  label: string;
  help?: string;
}

/** A setting, as description.py has it. */
export interface Field {
  name: string;
  label: string;
  kind: Kind;
  help?: string;
  group?: string;
  optional?: boolean;
  default?: Value;
  unit?: string;
  zero?: string; // what 0 stands for
  min?: Value;
  max?: Value;
  step?: number;
  slider?: boolean;
  live?: boolean;
  choices?: [label: string, value: Value][];
  free?: boolean;
  example?: string;
  wide?: boolean;
  rows?: number;
  item?: string;
  items?: string;
  info?: Record<string, LoRAInfo>;
  also?: [label: string, value: string][];
  fields?: Field[];
  blank?: Record<string, Value>;
  actions?: Action[];
  sweep?: boolean;
}

/** A LoRA of a list; what else it has stays as it is. */
export interface LoRA {
  name: string;
  weight: number;
  enabled: boolean;
}

/** What is known of a LoRA: its family, why it cannot be used (or ""), its trigger words. */
export interface LoRAInfo {
  family?: string;
  refused?: string;
  words?: string[];
}

/** A heading and the fields under it; with `folded` it can be folded away, and begins so or open. */
export interface Group {
  name: string;
  title: string;
  folded?: boolean;
}

/** What is said beside a field: a fault, or with `level` "note" only a word. */
export interface Message {
  text: string;
  /** A button; with a `value`, it sets that, and Python is told of a change. */
  action?: (Action & { value?: Value }) | null;
  level?: "wrong" | "note";
}

/** What is in force while a setting is None: a value or a text, and perhaps where it comes from. */
export type Inherited = Value | { value: Value; note: string };

/** Where a row's setting is kept: at the top, or inside a unit. */
export interface Scope {
  /** The setting's name in messages to and from Python, such as "control.0.strength". */
  path(name: string): string;
  value(name: string): Value;
  inherited(name: string): Inherited;
  message(name: string): Message | null;
  reason(name: string): string;
  set(name: string, value: Value, isMoving: boolean, isLive: boolean): void;
  wrong(name: string, text: string | null): void;
  act(name: string, action: string, detail: Value): void;
  words(): Word[];
  tokens(name: string): string;
  pictures: Pictures;
  files: Sender;
  /** Say a text to a screen reader. */
  say(text: string): void;
}

/** The traits, as in sheet.py. */
export interface Traits {
  fields: Field[];
  values: Record<string, Value>;
  inherited: Record<string, Inherited>;
  groups: Group[];
  messages: Record<string, Message>;
  disabled: Record<string, string>;
  words: Word[];
  tokens: Record<string, string>;
}

export type Model = AnyModel<Traits>;

/** Messages to Python. `serial` is answered by `Taken`. */
export type Sent =
  | { kind: "change"; name: string; value: Value; moving: boolean; serial: string }
  | { kind: "wrong"; name: string; text: string | null }
  | { kind: "thumbnail"; field: string; value: string }
  | { kind: "act"; field: string; action: string; detail: Value };

/** Python has taken a change, and `values` are as it left them. */
export interface Taken {
  kind: "taken";
  name: string;
  serial: string;
}

/** What a picture's slot shows; its bytes come with it. */
export interface Thumbnail {
  kind: "thumbnail";
  field: string;
  value: string;
  about: string;
}

/** How many bytes of a file have arrived, null if it is refused. */
export interface Arrived {
  kind: "part";
  upload: string;
  arrived: number | null;
}

/** Python wants a field to be seen: "reveal" has the focus in it, too. */
export interface Reveal {
  kind: "reveal" | "view";
  name: string;
}

/** A picture and its prepared form, as addresses or "", and what is said of it. */
export interface Slot {
  image: string;
  prepared: string;
  about: string;
}

/** What a kind's control is given. */
export interface Host {
  /** The id of the control's main element, for which the label stands. */
  id: string;
  field: Field;
  signal: AbortSignal;
  scope: Scope;
  /**
   * Take a person's change; one that is `isMoving` is followed by others. `isLive` is the field's own
   * where it is left out.
   */
  set(value: Value, isMoving?: boolean, isLive?: boolean): void;
  /** Take the value back to what is inherited, or to the default. */
  reset(): void;
  /** Say what is wrong with what is typed, and what is typed; null when it is mended. */
  wrong(message: Message | null, text?: string): void;
  /** Return the setting's name in messages, such as "control.0.image". */
  path(): string;
  pictures: Pictures;
  files: Sender;
  /** Return the words that a prompt offers. */
  words(): Word[];
  /** Return the text that tells how many tokens a prompt has. */
  tokens(): string;
  /** Tell Python of a button. */
  act(action: string, detail?: Value): void;
}

/** What is shown: the value, null while it is inherited, and what is in force then. */
export interface Shown {
  value: Value;
  inherited: Value;
  note: string;
}

/** A control of one setting. */
export interface Control {
  element: HTMLElement;
  /** What the label names, what is described and marked as wrong; null for a group of controls. */
  target: HTMLElement | null;
  /** What stands at the right of the label, in a wide row. */
  aside?: HTMLElement;
  describe(field: Field): void;
  show(shown: Shown): void;
  disable(isDisabled: boolean): void;
  /** Have a setting inside it seen; `path` is what follows its own name. */
  reveal?(path: string): void;
  close?(): void;
}

export interface KindOfControl {
  make(host: Host): Control;
  /** Whether it takes the row to itself, with the label above. */
  isWide?: boolean;
  /** Whether it draws the field's actions itself. */
  hasActions?: boolean;
  /** Whether ↺ is not for it, since it has a way of its own. */
  hasBack?: boolean;
}
