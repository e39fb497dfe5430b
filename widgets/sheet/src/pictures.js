// Small pictures from Python, each asked for when a slot shows it.

/** @import { Model, Slot, Thumbnail } from "./types" */

export class Pictures {
  /** @param {Pick<Model, "send">} model */
  constructor(model) {
    this.model = model;
    /**
     * What is shown in a slot, by the slot's path.
     * @type {Map<string, { value: string, show: (slot: Slot) => void, urls: string[] }>}
     */
    this.slots = new Map();
  }

  /**
   * Ask for what a slot shows; it comes now and whenever Python has something newer.
   * @param {string} path
   * @param {string} value the picture's name
   * @param {(slot: Slot) => void} show
   */
  ask(path, value, show) {
    this.forget(path);
    this.slots.set(path, { value, show, urls: [] });
    this.model.send({ kind: "thumbnail", field: path, value });
  }

  /** @param {string} path */
  forget(path) {
    for (const url of this.slots.get(path)?.urls ?? []) URL.revokeObjectURL(url);
    this.slots.delete(path);
  }

  /**
   * @param {Thumbnail} message
   * @param {DataView[]} buffers the picture's bytes, and those of its prepared form; both may be empty
   */
  hear({ field, value, about }, buffers) {
    const slot = this.slots.get(field);
    if (slot?.value !== value) return; // another one is shown by now
    for (const url of slot.urls) URL.revokeObjectURL(url);
    const [image, prepared] = buffers.map((bytes) =>
      bytes.byteLength ? URL.createObjectURL(new Blob([/** @type {any} */ (bytes)])) : "",
    );
    slot.urls = [image, prepared].filter(Boolean);
    slot.show({ image, prepared, about });
  }

  close() {
    for (const path of [...this.slots.keys()]) this.forget(path);
  }
}
