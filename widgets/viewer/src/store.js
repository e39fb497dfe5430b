// What all views of one viewer in this page share: decoded pictures, the mask, the boxes.
import { Mask } from "./mask.js";
import { Sender, isPicture } from "./upload.js";

export class Store {
  constructor(model) {
    this.model = model;
    // Not crypto.randomUUID: that is missing where JupyterLab is served without TLS.
    this.page = Math.random().toString(36).slice(2);
    this.sender = new Sender(model, this.page);
    this.views = new Set();
    this.picture = this.before = this.preview = this.mask = null;
    this.boxes = model.get("boxes");
    this.selected = -1;
    this.history = { done: [], undone: [] }; // boxes as they were
    this.files = {}; // what has come from Python and is not decoded yet
    this.previews = 0;
    this.hasMask = this.isLoading = this.isSendingMask = false;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:boxes", () => {
      if (model.get("boxes") === this.boxes) return; // a person's change
      this.boxes = model.get("boxes");
      this.history = { done: [], undone: [] };
      this.selected = Math.min(this.selected, this.boxes.length - 1);
      this.changed();
    });
    const shown = ["mode", "busy", "split", "size"];
    const brush = ["brush_size", "brush_hardness", "brush_opacity", "brush_erases"];
    for (const name of [...shown, ...brush]) model.on(`change:${name}`, () => this.changed());
    model.send({ kind: "hello" });
  }

  changed() {
    for (const view of this.views) view.update();
  }

  say(text, more) {
    for (const view of this.views) view.say(text, more);
  }

  // Set traits, here and in Python.
  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
  }

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
  // What comes while one is decoded waits, and of those that wait only the last is decoded.
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

  // The bitmap of a file: `known` if none has come, null if there is no picture any more.
  async decoded(bytes, known, options = {}) {
    if (bytes === undefined) return known;
    if (!bytes.byteLength) return null;
    try {
      return await createImageBitmap(new Blob([bytes]), options);
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }

  // A mask belongs to one size of picture; undefined leaves it as it is.
  putMask(bitmap) {
    const { picture } = this;
    const isNew = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isNew) this.mask = picture && new Mask(picture.width, picture.height);
    if (this.mask && bitmap !== undefined) this.mask.load(bitmap);
    if (this.mask && isNew) this.mask.done = [];
    this.hasMask = this.mask !== null && !this.mask.isEmpty;
  }

  // --- what a person does ----------------------------------------------------------------------
  // Change the mask by one of its methods; Python hears of it if that changed anything.
  changeMask(act) {
    if (!this.mask || !act(this.mask)) return;
    this.hasMask = !this.mask.isEmpty;
    this.changed();
    this.sendMask();
  }

  // Only the newest mask matters: while one is sent, the next waits.
  async sendMask() {
    this.isMaskNew = true;
    if (this.isSendingMask) return;
    this.isSendingMask = true;
    while (this.isMaskNew) {
      this.isMaskNew = false;
      await this.sender.send("mask", "mask.png", new Blob([await this.mask.toPNG()]));
    }
    this.isSendingMask = false;
  }

  changeBoxes(boxes, selected = this.selected) {
    this.history.done.push(this.boxes);
    this.history.undone = [];
    this.selected = selected;
    this.putBoxes(boxes);
  }

  // Take the last change of the boxes back ("done"), or make it again ("undone").
  stepBoxes(from, to) {
    const boxes = this.history[from].pop();
    if (!boxes) return;
    this.history[to].push(this.boxes);
    this.selected = Math.min(this.selected, boxes.length - 1);
    this.putBoxes(boxes);
  }

  putBoxes(boxes) {
    this.boxes = boxes;
    this.set({ boxes });
    this.changed();
  }

  select(index) {
    this.selected = index;
    this.changed();
  }

  async drop(files) {
    const [file] = files;
    if (!file) return;
    const name = file.name || "picture";
    if (!(await isPicture(file))) {
      this.say(`${name} is no picture that can be opened; choose a PNG, JPEG or WebP file.`, {
        isError: true,
      });
      return;
    }
    const show = (share) => this.say(`Opening ${name}…`, { share });
    show(0);
    try {
      await this.sender.send("drop", name, file, show);
      for (const view of this.views) view.endProgress();
    } catch (error) {
      this.say(`${name} could not be read: ${error.message}`, { isError: true });
    }
  }
}
