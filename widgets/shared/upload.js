// Files to Python in parts, each sent when the one before has arrived: a Jupyter server drops a
// message above 10 MiB without a word.

/** @typedef {{ send(content: object, callbacks: undefined, buffers?: ArrayBuffer[]): void }} Comm */

export const PART_BYTES = 4 * 2 ** 20;

export class Sender {
  /**
   * @param {Comm} model
   * @param {string} page the name of this page, which Python gets with each part
   */
  constructor(model, page) {
    this.model = model;
    this.page = page;
    /**
     * Called with the bytes of an upload that have arrived, null if it was refused.
     * @type {Map<string, (arrived: number | null) => void>}
     */
    this.waiting = new Map();
    this.count = 0;
  }

  /**
   * Send a file; true when all of it has arrived, false if Python refused it (and says why).
   * @param {string} purpose what it is for, in Python's words
   * @param {string} name
   * @param {Blob} blob
   * @param {(share: number) => void} progress called with the share that has arrived
   */
  async send(purpose, name, blob, progress = () => {}) {
    const upload = `${this.page}-${this.count++}`;
    const base = { kind: "part", upload, purpose, name, size: blob.size, page: this.page };
    try {
      for (let offset = 0; offset === 0 || offset < blob.size;) {
        const part = await blob.slice(offset, offset + PART_BYTES).arrayBuffer();
        const arrived = await this.answerTo({ ...base, offset }, part);
        if (arrived === null) return false;
        progress(blob.size ? arrived / blob.size : 1);
        if (arrived === 0) break; // an empty file is one empty part
        offset = arrived;
      }
      return true;
    } catch (error) {
      // The file went away while it was read.
      this.model.send({ kind: "abort", upload }, undefined);
      throw error;
    } finally {
      this.waiting.delete(upload);
    }
  }

  /**
   * @param {{ upload: string, offset: number }} message
   * @param {ArrayBuffer} part
   * @returns {Promise<number | null>}
   */
  answerTo(message, part) {
    return new Promise((answer) => {
      this.waiting.set(message.upload, answer);
      this.model.send(message, undefined, [part]);
    });
  }

  /**
   * Take Python's answer to a part.
   * @param {{ upload: string, arrived: number | null }} message
   */
  hear(message) {
    this.waiting.get(message.upload)?.(message.arrived);
  }
}

/**
 * Say whether a file begins as a picture does that browsers and Pillow both read.
 * @param {Blob} blob
 */
export async function isPicture(blob) {
  const head = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return (
    text.startsWith("\x89PNG\r\n\x1a\n") ||
    text.startsWith("\xff\xd8\xff") ||
    (text.startsWith("RIFF") && text.endsWith("WEBP"))
  );
}
