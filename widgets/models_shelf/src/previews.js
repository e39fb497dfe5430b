// The previews that the browser has; others are asked for when their cards come into view.

/** @import { Answer, Card, Model } from "./types" */

const MOST = 400; // kept as blobs, 3 kB each
const ANSWER_WITHIN = 5000; // ms after which a question counts as lost

export class Previews {
  /**
   * The blob URL of each preview by its key, the longest unused first; "" where there is none.
   * @type {Map<string, string>}
   */
  urls = new Map();
  asked = -Infinity; // when the question without an answer was asked

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
  }

  close() {
    for (const url of this.urls.values()) if (url) URL.revokeObjectURL(url);
    this.urls.clear();
  }

  /**
   * Return the URL of a card's preview; "" where there is none, undefined where it is not known.
   * @param {Card} card
   */
  url(card) {
    if (!card.preview) return "";
    const url = this.urls.get(keyOf(card));
    if (url === undefined) return undefined;
    this.urls.delete(keyOf(card));
    this.urls.set(keyOf(card), url);
    return url;
  }

  /**
   * Ask for the previews of these cards that are not known.
   * @param {Card[]} cards
   */
  want(cards) {
    const lacking = cards.filter((card) => card.preview && !this.urls.has(keyOf(card)));
    const now = performance.now();
    if (!lacking.length || now - this.asked < ANSWER_WITHIN) return;
    this.asked = now;
    this.model.send({ kind: "previews", ids: lacking.map(({ id }) => id) });
  }

  /**
   * @param {Extract<Answer, { kind: "previews" }>} answer
   * @param {DataView[]} buffers
   * @param {(id: string) => Card | undefined} cardOf
   */
  take({ ids, missing }, buffers, cardOf) {
    this.asked = -Infinity;
    /** @type {(id: string, url: string) => void} */
    const keep = (id, url) => {
      const card = cardOf(id);
      if (card) this.urls.set(keyOf(card), url);
      else if (url) URL.revokeObjectURL(url);
    };
    ids.forEach((id, place) => keep(id, urlOf(buffers[place])));
    for (const id of missing) keep(id, "");
  }

  /**
   * Forget the previews that have not been seen for the longest, but none of these cards.
   * @param {Card[]} shown
   */
  tidy(shown) {
    const kept = new Set(shown.map(keyOf));
    for (const [key, url] of this.urls) {
      if (this.urls.size <= MOST) return;
      if (kept.has(key)) continue;
      if (url) URL.revokeObjectURL(url);
      this.urls.delete(key);
    }
  }
}

/** @param {DataView} content of a picture's file */
export const urlOf = (content) =>
  URL.createObjectURL(new Blob([/** @type {BlobPart} */ (content)], { type: "image/webp" }));

/** @param {Card} card */
const keyOf = ({ id, preview }) => `${preview} ${id}`;
