// The sheet's link to Python: what a person changes goes there, one setting at a time, and until
// Python has answered the page shows what the person set.

import { Sender } from "../../shared/upload.js";
import { Pictures } from "./pictures.js";

/** @import { Arrived, Model, Reveal, Taken, Thumbnail, Value } from "./types" */

const GAP = 100; // ms between two values of a control that is being moved

let links = 0;

export class Link {
  /**
   * @param {Pick<Model, "get" | "send">} model
   * @param {(name: string) => void} changed called with a setting whose value is another now
   * @param {number} gap ms
   */
  constructor(model, changed, gap = GAP) {
    this.gap = gap;
    this.model = model;
    this.changed = changed;
    this.page = `${Date.now().toString(36)}-${++links}`;
    this.count = 0;
    this.files = new Sender(/** @type {any} */ (model), this.page);
    this.pictures = new Pictures(model);
    /**
     * What a person set and Python has not answered yet.
     * @type {Map<string, { value: Value, serial: string }>}
     */
    this.pending = new Map();
    /**
     * What waits for its turn to be sent, by setting.
     * @type {Map<string, { timer: ReturnType<typeof setTimeout>, isLate: boolean }>}
     */
    this.moving = new Map();
  }

  /** @param {string} name */
  value(name) {
    const own = this.pending.get(name);
    return (own ? own.value : this.model.get("values")[name]) ?? null;
  }

  /**
   * Take a person's change. Values of a control that moves are sent at most every `gap` ms, or where
   * it is not live, only shown until it rests.
   * @param {string} name
   * @param {Value} value
   * @param {boolean} isMoving
   * @param {boolean} isLive
   */
  set(name, value, isMoving, isLive = true) {
    const serial = `${this.page}-${++this.count}`;
    this.pending.set(name, { value, serial });
    const waiting = this.moving.get(name);
    if (isMoving && !isLive) {
      this.changed(name);
      return;
    }
    if (!isMoving) {
      clearTimeout(waiting?.timer);
      this.moving.delete(name);
      this.send(name, false);
    } else if (waiting) {
      waiting.isLate = true;
    } else {
      this.send(name, true);
      this.wait(name);
    }
    this.changed(name);
  }

  /** @param {string} name */
  wait(name) {
    const timer = setTimeout(() => {
      const isLate = this.moving.get(name)?.isLate;
      this.moving.delete(name);
      if (!isLate) return;
      this.send(name, true);
      this.wait(name);
    }, this.gap);
    this.moving.set(name, { timer, isLate: false });
  }

  /**
   * @param {string} name
   * @param {boolean} moving
   */
  send(name, moving) {
    const own = this.pending.get(name);
    if (own) this.model.send({ kind: "change", name, ...own, moving });
  }

  /**
   * Take what Python sends.
   * @param {Taken | Thumbnail | Arrived | Reveal} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "taken") this.taken(message);
    else if (message.kind === "thumbnail") this.pictures.hear(message, buffers);
    else if (message.kind === "part") this.files.hear(message);
  }

  /**
   * Python has answered: from now on its value is shown, unless a later one is on its way.
   * @param {Taken} message
   */
  taken({ name, serial }) {
    if (this.pending.get(name)?.serial !== serial) return;
    this.pending.delete(name);
    this.changed(name);
  }

  /** Send what waits, at the end of a view. */
  close() {
    for (const [name, { timer, isLate }] of this.moving) {
      clearTimeout(timer);
      if (isLate) this.send(name, false);
    }
    this.moving.clear();
    this.pictures.close();
  }
}
