// What all views of one viewer in this page share: decoded pictures, the mask, the boxes.
import { BoxStore } from "./box_store.js";
import { MaskStore } from "./mask_store.js";
import { Picture } from "./picture.js";
import { TileStore } from "./tile_store.js";
import { Sender, isPicture } from "../../shared/upload.js";

/** @import { FileName, Message, MessageOptions, Mode, Model, Traits } from "./types" */

/**
 * @typedef {{
 *   update(): void,
 *   say(text: string, options?: MessageOptions): void,
 *   endProgress(): void,
 * }} Shown a view
 */

const REDRAWN_BY = /** @type {const} */ ([
  "mode",
  "busy",
  "how",
  "labels",
  "split",
  "size",
  "boxes_size",
  "box_sets",
  "box_set",
  "can_redraw",
  "mask_tool",
  "mask_erases",
  "brush_size",
  "brush_hardness",
  "brush_opacity",
  "shows_mask",
  "tile",
  "marked",
]);
const SLOW_BYTES = 4e6; // of a file from which on it is said that it is being opened

export class Store {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    // Not crypto.randomUUID: that is missing where JupyterLab is served without TLS.
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    /** @type {Set<Shown>} */
    this.views = new Set();
    /** @type {Record<Exclude<FileName, "mask">, Picture | null>} */
    this.pictures = { image: null, left: null, right: null, preview: null };
    this.previews = 0; // how many there have been
    this.masks = new MaskStore(this);
    this.boxes = new BoxStore(this);
    this.tiles = new TileStore(this);
    /**
     * The files that have come from Python and are not decoded yet.
     * @type {Partial<Record<FileName, DataView>>}
     */
    this.files = {};
    this.isStale = false;
    this.isLoading = false;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    for (const name of REDRAWN_BY) model.on(`change:${name}`, () => this.changed());
    model.send({ kind: "hello" });
  }

  get picture() {
    return this.pictures.image;
  }

  get preview() {
    return this.pictures.preview;
  }

  /**
   * The two pictures that are compared, left and right; null where there are not two.
   * @returns {[Picture, Picture] | null}
   */
  get compared() {
    const { image, left, right } = this.pictures;
    const other = right ?? image;
    return left && other && [left, other];
  }

  changed() {
    for (const view of this.views) view.update();
  }

  /**
   * @param {string} text
   * @param {MessageOptions} [options]
   */
  say(text, options) {
    for (const view of this.views) view.say(text, options);
  }

  endProgress() {
    for (const view of this.views) view.endProgress();
  }

  /**
   * Set traits here and in Python, and draw.
   * @param {Partial<Traits>} traits
   */
  set(traits) {
    for (const name of /** @type {(keyof Traits)[]} */ (Object.keys(traits))) {
      this.model.set(name, /** @type {Traits[typeof name]} */ (traits[name]));
    }
    this.model.save_changes();
    this.changed();
  }

  /**
   * Go to a mode; from the grid to Compare with the two tiles that are marked.
   * @param {Mode} mode
   */
  enter(mode) {
    const isFromGrid = this.model.get("mode") === "grid" && mode === "compare";
    if (!isFromGrid || !this.tiles.compare()) this.set({ mode });
  }

  /**
   * @param {Message} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "part") this.sender.hear(message);
    if (message.kind === "tiles") this.tiles.take(message, buffers);
    if (message.kind === "files") {
      message.names.forEach((name, i) => {
        // What this page painted comes back; by then it may have been painted on.
        if (name !== "mask" || message.mask_by !== this.page) this.files[name] = buffers[i];
      });
      this.load();
    }
    if (message.kind === "error") {
      this.say(message.text, { title: message.name, details: message.trace, isError: true });
    }
  }

  // --- pictures from Python --------------------------------------------------------------------
  /** Decode what has come. What comes meanwhile waits, and only the last of it is decoded. */
  async load() {
    this.isStale = true;
    if (this.isLoading) return;
    this.isLoading = true;
    while (this.isStale) {
      this.isStale = false;
      const { files } = this;
      this.files = {};
      const isSlow = Object.values(files).some((file) => file.byteLength > SLOW_BYTES);
      if (isSlow) this.say("Opening the picture…", { share: NaN });
      const { pictures } = this;
      const [image, left, right, preview, mask] = await Promise.all([
        this.decoded(files.image, pictures.image),
        this.decoded(files.left, pictures.left),
        this.decoded(files.right, pictures.right),
        this.decoded(files.preview, pictures.preview),
        this.masks.decoded(files.mask),
      ]);
      if (preview && preview !== pictures.preview) this.previews++;
      this.pictures = { image, left, right, preview };
      const kept = new Set(Object.values(this.pictures));
      this.masks.take(mask, image);
      if (isSlow) this.endProgress();
      this.changed();
      // No view draws them any more; a collector would let hundreds of megabytes wait.
      for (const one of Object.values(pictures)) if (one && !kept.has(one)) one.close();
      for (const one of [image, left, right]) this.prepare(one);
    }
    this.isLoading = false;
  }

  /**
   * Return the picture in a file, `known` if none has come, null if there is none any more.
   * @param {DataView | undefined} file
   * @param {Picture | null} known
   */
  async decoded(file, known) {
    if (file === undefined) return known;
    if (!file.byteLength) return null;
    try {
      return await Picture.decode(file);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }

  /**
   * Make the smaller copies of a large picture; until they are there, it is drawn from itself.
   * @param {Picture | null} picture
   */
  async prepare(picture) {
    if (!picture?.isLarge || picture.isPrepared) return;
    await picture.prepare();
    if (!picture.isClosed) this.changed();
  }

  /**
   * Send the first of these files to Python, if it is a picture.
   * @param {File[]} files
   */
  async drop(files) {
    const [file, ...others] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!(await isPicture(file))) {
      const text = `${name} is not a picture that can be opened; choose a PNG, JPEG or WebP file.`;
      this.say(text, { isError: true });
      return;
    }
    /** @param {number} share */
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      const isTaken = await this.sender.send("drop", name, file, show);
      this.endProgress();
      if (isTaken && others.length) {
        this.say(`Only ${name} is opened: one picture is shown at a time.`);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.say(`${name} could not be read: ${reason}`, { isError: true });
    }
  }
}
