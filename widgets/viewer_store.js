// What all views of one viewer in this page share: decoded pictures, the mask, the boxes.

class Store {
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
    this.seen = {}; // the bytes that were decoded last, by trait
    this.previews = 0;
    this.isLoading = this.isSendingMask = false;
    model.on("msg:custom", (message) => this.hear(message));
    for (const name of ["_image", "_before", "_preview", "_mask"]) {
      model.on(`change:${name}`, () => this.load());
    }
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
    this.load();
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

  hear(message) {
    if (message.kind === "part") this.sender.hear(message);
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
      const [picture, before, preview] = await Promise.all([
        this.decoded("_image", this.picture),
        this.decoded("_before", this.before),
        this.decoded("_preview", this.preview),
      ]);
      if (preview && preview !== this.preview) this.previews++;
      Object.assign(this, { picture, before, preview });
      await this.loadMask();
      this.changed();
    }
    this.isLoading = false;
  }

  // The bitmap of a trait's bytes: `known` if they are those of before, null if there are none.
  async decoded(name, known) {
    const bytes = this.model.get(name);
    if (bytes === this.seen[name]) return known;
    this.seen[name] = bytes;
    if (!bytes?.byteLength) return null;
    try {
      return await createImageBitmap(new Blob([bytes]));
    } catch {
      this.say("The picture cannot be drawn: its file is broken.", { isError: true });
      return null;
    }
  }

  async loadMask() {
    const { picture, model } = this;
    const bytes = model.get("_mask");
    const isNew = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isNew) this.mask = picture && new Mask(picture.width, picture.height);
    // What this page painted comes back; by then it may have been painted on.
    const isForeign = bytes !== this.seen._mask && model.get("_mask_by") !== this.page;
    this.seen._mask = bytes;
    if (!this.mask || !(isNew || isForeign)) return;
    const bitmap = bytes?.byteLength
      ? await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" })
      : null;
    this.mask.load(bitmap);
    if (isNew) this.mask.done = [];
  }

  // --- what a person does ----------------------------------------------------------------------
  // Change the mask by one of its methods; Python hears of it if that changed anything.
  changeMask(act) {
    if (!this.mask || !act(this.mask)) return;
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
