// Files from Python, a part at a time, and how they are saved.

/** @import { Failed, Model, Part } from "./types" */
/** @typedef {{ name: string, blob: Blob }} File */
/**
 * @typedef {{
 *   resolve: (file: File) => void, reject: (error: Error) => void,
 *   progress: (done: number, size: number) => void,
 *   parts: BlobPart[], done: number, name: string, type: string, size: number,
 * }} Open
 */

let numbers = 0; // of all galleries in the page: each view hears every message

export class Transfers {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Map<number, Open>} */
    this.open = new Map();
    const first = (Date.now() % 1e6) * 1e3; // another page has other numbers
    numbers ||= first;
    /** @type {(message: Part | Failed, buffers: DataView[]) => void} */
    this.heard = (message, buffers) => {
      if (message.kind === "part") this.take(message, buffers[0]);
      else if (message.kind === "failed") this.fail(message.number, message.text);
    };
    model.on("msg:custom", this.heard);
  }

  close() {
    this.model.off("msg:custom", this.heard);
    this.cancel();
  }

  /**
   * Ask for a file of the selected pictures.
   * @param {"files" | "picture" | "text"} what
   * @param {(done: number, size: number) => void} progress told the bytes so far, and all of them
   * @returns {Promise<File>}
   */
  fetch(what, progress = () => {}) {
    const number = ++numbers;
    return new Promise((resolve, reject) => {
      const empty = { parts: [], done: 0, name: "", type: "", size: 0 };
      this.open.set(number, { resolve, reject, progress, ...empty });
      this.model.send({ kind: "fetch", what, number });
    });
  }

  /** Give up all that is on its way. */
  cancel() {
    for (const number of this.open.keys()) {
      this.model.send({ kind: "drop", number });
      this.fail(number, "");
    }
  }

  /**
   * @param {Part} part
   * @param {DataView} content
   */
  take(part, content) {
    const file = this.open.get(part.number);
    if (!file) return; // given up, or another page's
    if (part.name !== undefined) {
      file.name = part.name;
      file.type = part.type ?? "";
      file.size = part.size ?? 0;
    }
    file.parts.push(/** @type {BlobPart} */ (content));
    file.done += content.byteLength;
    if (part.is_last) {
      this.open.delete(part.number);
      file.resolve({ name: file.name, blob: new Blob(file.parts, { type: file.type }) });
    } else {
      file.progress(file.done, file.size);
      this.model.send({ kind: "more", number: part.number });
    }
  }

  /**
   * @param {number} number
   * @param {string} text
   */
  fail(number, text) {
    const file = this.open.get(number);
    this.open.delete(number);
    file?.reject(new Error(text));
  }
}

/**
 * Save a file where the browser saves downloads.
 * @param {File} file
 */
export function save({ name, blob }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the download has begun by then
}

/**
 * Return a picture as PNG, the only kind that clipboards take.
 * @param {Blob} blob
 * @returns {Promise<Blob>}
 */
export async function asPng(blob) {
  if (blob.type === "image/png") return blob;
  const picture = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("not a picture"))), "image/png");
  });
}
