import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cardOf,
  countText,
  familyChoices,
  filtered,
  kindChoices,
  kindName,
  seen,
} from "../../../widgets/models_shelf/src/cards.js";

/** @import { Card, Filter } from "../../../widgets/models_shelf/src/types" */

/**
 * @param {string} name
 * @param {Partial<Card>} told
 * @returns {Card}
 */
const card = (name, told = {}) => ({
  ...cardOf([`loras/${name}`, name, "lora", "sd15", "1 MB", 1, 1, "", "", [], false, 0, "", ""]),
  ...told,
});
/** @type {Filter} */
const ALL = { search: "", kind: "", family: "", sort: "name" };
/** @param {Card[]} cards */
const names = (cards) => cards.map(({ name }) => name);

test("every word of a search is found, in the name, the folder, the kind, the family, the words", () => {
  const cards = [
    card("Ink", { words: "brush" }),
    card("film", {
      kind: "vae",
      family: "sdxl",
      id: "vae/old/film.safetensors",
      tags: ["character:Ada"],
    }),
  ];
  for (const [search, found] of /** @type {const} */ ([
    ["ink", "Ink"],
    ["  INK  BRUSH ", "Ink"],
    ["sdxl", "film"],
    ["vae film", "film"],
    ["old", "film"],
    ["#character:ada", "film"],
    ["lora", "Ink"],
  ])) {
    assert.deepEqual(names(filtered(cards, { ...ALL, search }).usable), [found], search);
  }
  assert.deepEqual(filtered(cards, { ...ALL, search: "ink sdxl" }).usable, []);
});

test("kind and family narrow both those that can be used and the refused ones", () => {
  const cards = [card("a"), card("b", { kind: "vae" }), card("c", { refused: "a pickle" })];
  const found = filtered(cards, { ...ALL, kind: "lora" });
  assert.deepEqual([names(found.usable), names(found.refused)], [["a"], ["c"]]);
  assert.deepEqual(filtered(cards, { ...ALL, family: "sdxl" }).refused, []);
});

test("names are sorted as people count, others by time or size with names as a second", () => {
  const cards = [
    card("v10", { bytes: 5, changed: 2 }),
    card("V9", { bytes: 5, changed: 1 }),
    card("a", { bytes: 9, changed: 3 }),
  ];
  assert.deepEqual(names(filtered(cards, ALL).usable), ["a", "V9", "v10"]);
  assert.deepEqual(names(filtered(cards, { ...ALL, sort: "newest" }).usable), ["a", "v10", "V9"]);
  assert.deepEqual(names(filtered(cards, { ...ALL, sort: "largest" }).usable), ["a", "V9", "v10"]);
});

test("those that do not fit stand last, and are counted apart", () => {
  const cards = [card("a", { unfit: "is made for sdxl" }), card("b")];
  const found = filtered(cards, ALL);
  assert.deepEqual([names(found.usable), found.fitting], [["b", "a"], 1]);
});

test("the menus count, the unknown family is last, and a chosen one stays", () => {
  const cards = [card("a", { family: "unknown" }), card("b"), card("c", { kind: "vae" })];
  assert.deepEqual(kindChoices(cards).slice(0, 3), [
    ["", "All kinds (3)"],
    ["checkpoint", "Checkpoints (0)"],
    ["lora", "LoRAs (2)"],
  ]);
  assert.deepEqual(familyChoices(cards, "lora", "sdxl"), [
    ["", "All families"],
    ["sd15", "sd15 (1)"],
    ["sdxl", "sdxl (0)"],
    ["unknown", "Not known (1)"],
  ]);
});

test("counts and kinds are said in words", () => {
  assert.equal(countText(1, 1), "1 model");
  assert.equal(countText(3, 5000), "3 of 5,000 models");
  assert.equal(kindName("lora", 1), "LoRAs");
  assert.equal(kindName("motion module"), "motion module");
});

test("only the cards on the screen and a line around them are seen", () => {
  const list = { count: 5000, columns: 2, line: 68, height: 680 };
  assert.deepEqual(seen({ ...list, top: 0 }), { first: 0, end: 22 });
  assert.deepEqual(seen({ ...list, top: 6800 }), { first: 198, end: 222 });
  assert.deepEqual(seen({ ...list, count: 3, top: 9999 }), { first: 3, end: 3 });
  assert.ok(seen({ ...list, top: 0, height: 1e6 }).end < 130); // a page that gives it no height
});
