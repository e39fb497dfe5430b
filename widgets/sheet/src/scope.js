// Where a row finds its setting: in a model with the sheet's traits, or inside a unit of a list.

/** @import { Link } from "./link.js" */
/** @import { Scope } from "./types" */

/**
 * Return the scope of the settings at the top of a model.
 * @param {any} model with the sheet's traits, of which `words` and `tokens` may be absent
 * @param {Link} link
 * @param {(text: string) => void} say say a text to a screen reader
 * @returns {Scope}
 */
export function scopeOf(model, link, say) {
  return {
    path: (name) => name,
    value: (name) => link.value(name),
    inherited: (name) => model.get("inherited")[name] ?? null,
    message: (name) => model.get("messages")[name] ?? null,
    reason: (name) => model.get("disabled")[name] ?? "",
    words: () => model.get("words") ?? [],
    tokens: (name) => model.get("tokens")?.[name] ?? "",
    set: (name, value, isMoving, isLive) => link.set(name, value, isMoving, isLive),
    wrong: (name, text) => model.send({ kind: "wrong", name, text }),
    act: (field, action, detail) => model.send({ kind: "act", field, action, detail }),
    pictures: link.pictures,
    files: link.files,
    say,
  };
}
