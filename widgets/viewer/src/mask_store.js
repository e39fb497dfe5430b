// The mask of the picture: what came from Python, what a person paints, and how it is drawn.
import { Mask } from "./mask.js";
import { MaskOverlay, greyOf } from "./mask_overlay.js";

/** @import { Picture } from "./picture.js" */
/** @import { Store } from "./store.js" */

export class MaskStore {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Mask | null} */
    this.mask = null;
    /** @type {MaskOverlay | null} */
    this.overlay = null;
    this.isPainted = false; // whether anything is
    this.isNew = false;
    this.isSending = false;
  }

  /**
   * Decode a mask from Python; undefined if none has come, null if it was removed.
   * @param {DataView | undefined} file
   */
  async decoded(file) {
    if (file === undefined) return undefined;
    if (!file.byteLength) return null;
    const blob = new Blob([/** @type {BlobPart} */ (file)]);
    return createImageBitmap(blob, { colorSpaceConversion: "none" });
  }

  /**
   * Take a mask from Python; undefined leaves it as it is, but for a picture of another size.
   * @param {ImageBitmap | null | undefined} bitmap
   * @param {Picture | null} picture
   */
  take(bitmap, picture) {
    const isOther = picture?.width !== this.mask?.width || picture?.height !== this.mask?.height;
    if (isOther) this.begin(picture);
    const { mask } = this;
    if (mask && bitmap !== undefined) {
      mask.load(bitmap && greyOf(bitmap, mask.width, mask.height));
    }
    if (isOther) mask?.history.clear();
    this.isPainted = mask !== null && !mask.isEmpty;
  }

  /**
   * Begin with an empty mask for a picture, if there is one.
   * @param {Picture | null} picture
   */
  begin(picture) {
    this.mask = this.overlay = null;
    if (!picture) return;
    const { width, height } = picture;
    const overlay = new MaskOverlay(width, height);
    const mask = new Mask(width, height, (area) => overlay.draw(mask, area));
    Object.assign(this, { mask, overlay });
  }

  /**
   * Change the mask by one of its methods; Python hears of it if that changed anything.
   * @param {(mask: Mask) => boolean} act
   */
  change(act) {
    if (!this.mask || !act(this.mask)) return;
    this.isPainted = !this.mask.isEmpty;
    this.store.set({ shows_mask: true });
    this.send();
  }

  /** Send the mask; while one is sent, the newest waits, and no other is sent. */
  async send() {
    this.isNew = true;
    if (this.isSending) return;
    this.isSending = true;
    while (this.isNew && this.mask) {
      this.isNew = false;
      const file = await this.mask.toPNG();
      await this.store.sender.send("mask", "mask.png", new Blob([file]));
    }
    this.isSending = false;
  }
}
