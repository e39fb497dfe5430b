// Which filters are in force, in words; pure.

/** @import { Filters } from "./types" */

/** @type {Filters} */
export const NONE = {
  text: "",
  tags: [],
  model: "",
  stars: 0,
  since: "",
  until: "",
  order: "newest",
  bin: false,
};

/**
 * Return the filters in force but for the search: what each is called, and what takes it away.
 * @param {Filters} filters
 * @returns {{ label: string, without: Partial<Filters> }[]}
 */
export function inForce({ tags, model, stars, since, until, bin }) {
  /** @type {{ label: string, without: Partial<Filters> }[]} */
  const found = bin ? [{ label: "In the bin", without: { bin: false } }] : [];
  for (const tag of tags) {
    found.push({ label: tag, without: { tags: tags.filter((one) => one !== tag) } });
  }
  if (model) found.push({ label: model, without: { model: "" } });
  if (stars) found.push({ label: `★ ${stars} or more`, without: { stars: 0 } });
  if (since) found.push({ label: `from ${since}`, without: { since: "" } });
  if (until) found.push({ label: `to ${until}`, without: { until: "" } });
  return found;
}

/**
 * Return what is said where no picture is listed, and whether filters are the reason.
 * @param {Filters} filters
 */
export function emptyText(filters) {
  const { text, bin } = filters;
  const narrowed = inForce({ ...filters, bin: false }).length > 0;
  if (text.trim()) return { text: `No pictures match “${text.trim()}”`, isFiltered: true };
  if (narrowed) return { text: "No pictures match the filters", isFiltered: true };
  return { text: bin ? "The bin is empty" : "No pictures yet", isFiltered: bin };
}

/**
 * Return the number of pictures in words.
 * @param {number} count
 */
export const countText = (count) =>
  `${count.toLocaleString("en")} picture${count === 1 ? "" : "s"}`;
