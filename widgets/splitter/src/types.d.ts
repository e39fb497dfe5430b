// What the splitter in the browser and the one in Python (splitter.py) share.

/** The traits, as in splitter.py; lengths in CSS pixels. */
export interface Traits {
  width: number;
  smallest: number;
  largest: number;
  side: "before" | "after";
  label: string;
}
