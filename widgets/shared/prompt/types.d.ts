// What the editors of a prompt share.

export type WordKind = "lora" | "wildcard" | "embedding" | "style" | "word";

/** A word that is offered: `label` is what the list shows, `insert` what stands in the prompt then. */
export interface Word {
  label: string;
  insert: string;
  kind: WordKind;
}

/** What is being typed: where it begins in the text, what it says, which kinds of words it may be. */
export interface Typed {
  start: number;
  typed: string;
  kinds: WordKind[];
}

/** A change of the text: `piece` in place of what is between two places, and the selection then. */
export interface Change {
  from: number;
  to: number;
  piece: string;
  start: number;
  end: number;
}
