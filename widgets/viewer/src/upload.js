// Files to Python in parts, each sent when the one before has arrived: a Jupyter server drops a
// message above 10 MiB without a word.

export const PART_BYTES = 4 * 2 ** 20;

export class Sender {
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.waiting = new Map(); // upload -> called with the bytes that have arrived, null if refused
    this.count = 0;
  }

  // True when all of it has arrived, false when Python refused it (and says why in the viewer).
  // `progress` hears the share that has arrived.
  async send(purpose, name, blob, progress = () => {}) {
    const upload = `${this.page}-${this.count++}`;
    const base = { kind: "part", upload, purpose, name, size: blob.size, page: this.page };
    try {
      for (let offset = 0; offset === 0 || offset < blob.size; ) {
        const part = await blob.slice(offset, offset + PART_BYTES).arrayBuffer();
        const arrived = await new Promise((answer) => {
          this.waiting.set(upload, answer);
          this.model.send({ ...base, offset }, undefined, [part]);
        });
        if (arrived === null) return false;
        progress(blob.size ? arrived / blob.size : 1);
        if (arrived === 0) break; // an empty file is one empty part
        offset = arrived;
      }
      return true;
    } catch (error) {
      // The file went away while it was read.
      this.model.send({ kind: "abort", upload });
      throw error;
    } finally {
      this.waiting.delete(upload);
    }
  }

  hear(message) {
    this.waiting.get(message.upload)?.(message.arrived);
  }
}

// Whether these are the first bytes of a picture that browsers and Pillow both read.
export async function isPicture(blob) {
  const head = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return (
    text.startsWith("\x89PNG\r\n\x1a\n") ||
    text.startsWith("\xff\xd8\xff") ||
    (text.startsWith("RIFF") && text.endsWith("WEBP"))
  );
}
