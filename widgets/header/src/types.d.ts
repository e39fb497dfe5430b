// What the header in the browser and the one in Python (header.py) share.

/** The traits, as in header.py. */
export interface Traits {
  facts: string[];
}
