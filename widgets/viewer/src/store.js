// What all views of one viewer in this page share: decoded pictures, the mask, the boxes.
import { History } from "./history.js";
import { Mask } from "./mask.js";
import { MaskOverlay, greyOf } from "./mask_overlay.js";
import { Sender, isPicture } from "./upload.js";

/** @import { Detection, FileName, Message, MessageOptions, Model, Traits } from "./types" */

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
  "split",
  "size",
  "brush_size",
  "brush_hardness",
  "brush_opacity",
  "brush_erases",
]);

export class Store {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    // Not crypto.randomUUID: that is missing where JupyterLab is served without TLS.
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    /** @type {Set<Shown>} */
    this.views = new Set();
    /** @type {ImageBitmap | null} */
    this.picture = null;
    /** @type {ImageBitmap | null} */
    this.before = null;
    /** @type {ImageBitmap | null} */
    this.preview = null;
    this.previews = 0; // how many there have been
    /** @type {Mask | null} */
    this.mask = null;
    /** @type {MaskOverlay | null} */
    this.overlay = null;
    this.boxes = model.get("boxes");
    this.selected = -1;
    /** @type {History<{ was: Detection[], is: Detection[] }>} */
    this.history = new History();
    /**
     * The files that have come from Python and are not decoded yet.
     * @type {Partial<Record<FileName, DataView>>}
     */
    this.files = {};
    this.hasMask = false;
    this.isStale = false;
    this.isLoading = false;
    this.isMaskNew = false;
    this.isSendingMask = false;
    this.listen();
    model.send({ kind: "hello" });
  }

  listen() {
    const { model } = this;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.boxes) return; // a person's change
      this.boxes = model.get("boxes");
      this.history.clear();
      this.selected = Math.min(this.selected, this.boxes.length - 1);
      this.changed();
    });
    for (const name of REDRAWN_BY) model.on(`change:${name}`, () => this.changed());
  }

  changed() {
    for (const view of this.views) view.update();
  }

  /**
   * @param {string} text
   * @param {MessageOptions} options
   */
  say(text, options) {
    for (const view of this.views) view.say(text, options);
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
   * @param {Message} message
   * @param {DataView[]} buffers
   */
  hear(message, buffers) {
    if (message.kind === "part") this.sender.hear(message);
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
      const [picture, before, preview, mask] = await Promise.all([
        this.decoded(files.image, this.picture),
        this.decoded(files.before, this.before),
        this.decoded(files.preview, this.preview),
        this.decoded(files.mask, undefined, { colorSpaceConversion: "none" }),
      ]);
      if (preview && preview !== this.preview) this.previews++;
      Object.assign(this, { picture, before, preview });
      this.putMask(mask);
      this.changed();
    }
    this.isLoading = false;
  }

  /**
   * Return the bitmap of a file, `known` if none has come, null if there is no picture any more.
   * @template Known
   * @param {DataView | undefined} file
   * @param {Known} known
   * @param {ImageBitmapOptions} options
   * @returns {Promise<ImageBitmap | null | Known>}
   */
  async decoded(file, known, options = {}) {
    if (file === undefined) return known;
    if (!file.byteLength) return null;
    try {
      return await createImageBitmap(new Blob([/** @type {BlobPart} */ (file)]), options);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }

  /**
   * Take a mask from Python; undefined leaves it as it is, but for a picture of another size.
   * @param {ImageBitmap | null | undefined} bitmap
   */
  putMask(bitmap) {
    const { picture } = this;
    const isNew = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isNew) this.makeMask();
    const { mask } = this;
    if (mask && bitmap !== undefined) {
      mask.load(bitmap && greyOf(bitmap, mask.width, mask.height));
    }
    if (isNew) mask?.history.clear();
    this.hasMask = mask !== null && !mask.isEmpty;
  }

  /** Make the empty mask of the picture, if there is one. */
  makeMask() {
    this.mask = this.overlay = null;
    if (!this.picture) return;
    const { width, height } = this.picture;
    const overlay = new MaskOverlay(width, height);
    const mask = new Mask(width, height, (area) => overlay.draw(mask, area));
    Object.assign(this, { mask, overlay });
  }

  // --- what a person does ----------------------------------------------------------------------
  /**
   * Change the mask by one of its methods; Python hears of it if that changed anything.
   * @param {(mask: Mask) => boolean} act
   */
  changeMask(act) {
    if (!this.mask || !act(this.mask)) return;
    this.hasMask = !this.mask.isEmpty;
    this.changed();
    this.sendMask();
  }

  /** Send the mask; while one is sent, the newest waits, and no other is sent. */
  async sendMask() {
    this.isMaskNew = true;
    if (this.isSendingMask) return;
    this.isSendingMask = true;
    while (this.isMaskNew && this.mask) {
      this.isMaskNew = false;
      const file = await this.mask.toPNG();
      await this.sender.send("mask", "mask.png", new Blob([file]));
    }
    this.isSendingMask = false;
  }

  /**
   * @param {Detection[]} boxes
   * @param {number} selected
   */
  changeBoxes(boxes, selected = this.selected) {
    this.history.add({ was: this.boxes, is: boxes });
    this.selected = selected;
    this.putBoxes(boxes);
  }

  /**
   * Change some fields of one box.
   * @param {number} index
   * @param {Partial<Detection>} fields
   */
  changeBox(index, fields) {
    this.changeBoxes(this.boxes.map((box, i) => (i === index ? { ...box, ...fields } : box)));
  }

  undoBoxes() {
    this.putBoxesBack(this.history.undo()?.was);
  }

  redoBoxes() {
    this.putBoxesBack(this.history.redo()?.is);
  }

  /** @param {Detection[] | undefined} boxes */
  putBoxesBack(boxes) {
    if (!boxes) return;
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.putBoxes(boxes);
  }

  /** @param {Detection[]} boxes */
  putBoxes(boxes) {
    this.boxes = boxes;
    this.set({ boxes });
  }

  /** @param {number} index */
  select(index) {
    this.selected = index;
    this.changed();
  }

  /**
   * Send the first of these files to Python, if it is a picture.
   * @param {File[]} files
   */
  async drop(files) {
    const [file] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!(await isPicture(file))) {
      const text = `${name} is no picture that can be opened; choose a PNG, JPEG or WebP file.`;
      this.say(text, { isError: true });
      return;
    }
    /** @param {number} share */
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      await this.sender.send("drop", name, file, show);
      for (const view of this.views) view.endProgress();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.say(`${name} could not be read: ${reason}`, { isError: true });
    }
  }
}
