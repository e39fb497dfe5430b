// What the browser knows of the entries. Python keeps them; they and their thumbnails are asked for
// when they come into view, one question at a time.

/** @import { Answer, Entry, Failed, Model, Part, Row, Tags } from "./types" */

const MOST_THUMBNAILS = 600; // kept as blobs, 3 kB each
const MOST_ENTRIES = 4000;
const ANSWER_WITHIN = 5000; // ms after which a question counts as lost

export class Store {
  /** @type {Map<number, Entry>} */
  entries = new Map();
  /**
   * The blob URL of each thumbnail by its entry's id, the longest unused first.
   * @type {Map<string, string>}
   */
  thumbnails = new Map();
  /**
   * Why an entry has no thumbnail, by its id.
   * @type {Map<string, string>}
   */
  missing = new Map();
  /**
   * The indices of the entries that Python has told since the last change.
   * @type {Set<number>}
   */
  fresh = new Set();
  /**
   * When each kind of question was asked that has no answer yet.
   * @type {Partial<Record<Answer["kind"], number>>}
   */
  waiting = {};

  /**
   * @param {Model} model
   * @param {() => void} changed called when something new is known
   */
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    /** @type {(answer: Answer | Tags | Part | Failed, buffers: DataView[]) => void} */
    this.heard = (answer, buffers) => {
      if (answer.kind === "rows" || answer.kind === "thumbnails") this.take(answer, buffers);
    };
    this.renewed = () => this.renew();
    model.on("msg:custom", this.heard);
    model.on("change:generation", this.renewed);
  }

  close() {
    for (const url of this.thumbnails.values()) URL.revokeObjectURL(url);
    this.model.off("msg:custom", this.heard);
    this.model.off("change:generation", this.renewed);
  }

  /** @param {number} at */
  entry(at) {
    return this.entries.get(at);
  }

  /**
   * Return the URL of a thumbnail, and count it as used now.
   * @param {string} id
   */
  thumbnail(id) {
    const url = this.thumbnails.get(id);
    if (url === undefined) return undefined;
    this.thumbnails.delete(id);
    this.thumbnails.set(id, url);
    return url;
  }

  /**
   * Return why there is no thumbnail, undefined where there is one or none has been asked for.
   * @param {string} id
   */
  why(id) {
    return this.missing.get(id);
  }

  // --- asking ----------------------------------------------------------------------------------
  /**
   * Ask for those entries that are not known.
   * @param {number} first index
   * @param {number} end the index after the last
   */
  want(first, end) {
    let [from, to] = [first, end];
    while (from < to && this.fresh.has(from)) from++;
    while (to > from && this.fresh.has(to - 1)) to--;
    if (from === to) return;
    // Where it has never been, thumbnails are wanted too: one question less until they are seen.
    const isNew = !this.entries.has(from) || !this.entries.has(to - 1);
    this.ask("rows", { from, to, thumbnails: isNew });
  }

  /**
   * Ask for those thumbnails that are not known.
   * @param {string[]} ids
   */
  wantThumbnails(ids) {
    const lacking = ids.filter((id) => !this.thumbnails.has(id) && !this.missing.has(id));
    if (lacking.length) this.ask("thumbnails", { ids: lacking });
  }

  /**
   * @param {Answer["kind"]} kind
   * @param {object} question
   */
  ask(kind, question) {
    const now = performance.now();
    if (now - (this.waiting[kind] ?? -Infinity) < ANSWER_WITHIN) return;
    this.waiting[kind] = now;
    this.model.send({ kind, ...question });
  }

  // --- what Python says ------------------------------------------------------------------------
  /**
   * @param {Answer} answer
   * @param {DataView[]} buffers
   */
  take(answer, buffers) {
    delete this.waiting[answer.kind];
    if (answer.rows && answer.generation === this.model.get("generation")) {
      this.takeRows(answer.from ?? 0, answer.rows);
    }
    answer.ids.forEach((id, place) => {
      const old = this.thumbnails.get(id);
      if (old) URL.revokeObjectURL(old);
      const blob = new Blob([/** @type {BlobPart} */ (buffers[place])], { type: "image/webp" });
      this.thumbnails.set(id, URL.createObjectURL(blob));
    });
    for (const [id, why] of Object.entries(answer.missing)) this.missing.set(id, why);
    this.changed();
  }

  /**
   * @param {number} from
   * @param {Row[]} rows
   */
  takeRows(from, rows) {
    if (this.entries.size > MOST_ENTRIES) {
      this.entries.clear();
      this.fresh.clear();
    }
    rows.forEach(([id, title, stars, created, width, height], place) => {
      this.entries.set(from + place, { id, title, stars, created, width, height });
      this.fresh.add(from + place);
    });
  }

  /** Ask for everything again as it comes into view: Python has other entries now. */
  renew() {
    this.fresh.clear();
    this.missing.clear();
    delete this.waiting.rows;
    const count = this.model.get("count");
    for (const at of this.entries.keys()) if (at >= count) this.entries.delete(at);
    this.changed();
  }

  /**
   * Forget the thumbnails that have not been seen for the longest, but none that is on the screen.
   * @param {Set<string>} shown
   */
  tidy(shown) {
    for (const [id, url] of this.thumbnails) {
      if (this.thumbnails.size <= MOST_THUMBNAILS) return;
      if (shown.has(id)) continue;
      URL.revokeObjectURL(url);
      this.thumbnails.delete(id);
    }
  }
}
