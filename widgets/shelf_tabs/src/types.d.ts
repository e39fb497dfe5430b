// What the tabs in the browser and those in Python (shelf_tabs.py) share.

/** The traits, as in shelf_tabs.py. */
export interface Traits {
  names: string[];
  chosen: string;
}

/** What Python says: the shelf is to be opened. */
export interface Message {
  kind: "open";
}
