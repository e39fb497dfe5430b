// The cards: searched, filtered, sorted and counted.

/** @import { Card, Filter, Row, Sort } from "./types" */

/** The kinds of models in the order of their menu, with their names for one and for many. */
export const KINDS = /** @type {const} */ ({
  checkpoint: ["Checkpoint", "Checkpoints"],
  lora: ["LoRA", "LoRAs"],
  embedding: ["Embedding", "Embeddings"],
  vae: ["VAE", "VAEs"],
  controlnet: ["ControlNet", "ControlNets"],
  upscaler: ["Upscaler", "Upscalers"],
  detector: ["Detector", "Detectors"],
});

/**
 * Return a kind's name.
 * @param {string} kind
 * @param {0 | 1} many 0 for one model, 1 for many
 * @returns {string}
 */
export function kindName(kind, many = 0) {
  return /** @type {Record<string, readonly string[]>} */ (KINDS)[kind]?.[many] ?? kind;
}

/** @type {Record<Sort, (one: Card, other: Card) => number>} */
const ORDERS = {
  name: (one, other) => compareNames(one.name, other.name),
  newest: (one, other) => other.changed - one.changed || compareNames(one.name, other.name),
  largest: (one, other) => other.bytes - one.bytes || compareNames(one.name, other.name),
  used: (one, other) => other.used - one.used || compareNames(one.name, other.name),
  starred: (one, other) =>
    Number(other.starred) - Number(one.starred) || compareNames(one.name, other.name),
};
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const compareNames = collator.compare;

/**
 * Return a card from a row of Python's.
 * @param {Row} row
 * @returns {Card}
 */
export function cardOf(row) {
  const [id, name, kind, family, size, bytes, changed, preview, words, ...own] = row;
  const [tags, starred, used, refused, unfit] = own;
  const facts = { id, name, kind, family, size, bytes, changed, preview, words };
  return { ...facts, tags, starred, used, refused, unfit };
}

/**
 * Return the cards that a filter lets through, in its order: those that can be used, and the
 * refused ones. Those that cannot be picked stand last.
 * @param {Card[]} cards
 * @param {Filter} filter
 */
export function filtered(cards, { search, kind, family, sort }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = cards.filter(
    (card) =>
      (!kind || card.kind === kind) &&
      (!family || card.family === family) &&
      words.every((word) => textOf(card).includes(word)),
  );
  const usable = found.filter((card) => !card.refused).sort(ORDERS[sort]);
  const fitting = usable.filter((card) => !card.unfit);
  return {
    usable: [...fitting, ...usable.filter((card) => card.unfit)],
    fitting: fitting.length,
    refused: found.filter((card) => card.refused).sort(ORDERS[sort]),
  };
}

/** @param {Card} card */
function textOf({ id, name, kind, family, words, tags }) {
  const own = tags.map((tag) => `#${tag}`).join(" ");
  return `${name} ${id} ${kindName(kind)} ${family} ${words} ${own}`.toLowerCase();
}

/**
 * Return the choices of the menu of kinds: value, label.
 * @param {Card[]} cards
 * @returns {[string, string][]}
 */
export function kindChoices(cards) {
  const counts = countBy(cards, ({ kind }) => kind);
  const known = Object.keys(KINDS).map((kind) => /** @type {[string, string]} */ ([kind, ""]));
  for (const kind of known) kind[1] = `${kindName(kind[0], 1)} (${counts.get(kind[0]) ?? 0})`;
  return [["", `All kinds (${cards.length})`], ...known];
}

/**
 * Return the choices of the menu of families: those of the cards of a kind.
 * @param {Card[]} cards
 * @param {string} kind "" for all
 * @param {string} chosen stays in the menu, even where there is none any more
 * @returns {[string, string][]}
 */
export function familyChoices(cards, kind, chosen) {
  const own = cards.filter((card) => !kind || card.kind === kind);
  const counts = countBy(own, ({ family }) => family);
  if (chosen && !counts.has(chosen)) counts.set(chosen, 0);
  const names = [...counts.keys()].sort(
    (one, other) =>
      Number(one === "unknown") - Number(other === "unknown") || compareNames(one, other),
  );
  const label = (/** @type {string} */ name) => (name === "unknown" ? "Not known" : name);
  return [
    ["", `All families`],
    ...names.map(
      (name) => /** @type {[string, string]} */ ([name, `${label(name)} (${counts.get(name)})`]),
    ),
  ];
}

/**
 * @param {Card[]} cards
 * @param {(card: Card) => string} key
 */
function countBy(cards, key) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const card of cards) counts.set(key(card), (counts.get(key(card)) ?? 0) + 1);
  return counts;
}

/**
 * Return how many there are, in words.
 * @param {number} shown
 * @param {number} all
 */
export function countText(shown, all) {
  const models = `${all.toLocaleString("en")} model${all === 1 ? "" : "s"}`;
  return shown === all ? models : `${shown.toLocaleString("en")} of ${models}`;
}

/**
 * Return the cards on the screen, the last excluded, with one line more above and below.
 * @param {{ count: number, columns: number, line: number, top: number, height: number }} list
 *   line: pixels from one line to the next; top: of what is seen, from the first line
 */
export function seen({ count, columns, line, top, height }) {
  const first = Math.max(0, Math.floor(top / line) - 1) * columns;
  const end = (Math.ceil((top + Math.min(height, 4000)) / line) + 1) * columns;
  return { first: Math.min(first, count), end: Math.max(0, Math.min(end, count)) };
}
