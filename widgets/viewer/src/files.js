// Pictures that are dropped on the viewer or pasted into it, copied from it or downloaded.
import { make } from "../../shared/dom.js";

/** @import { Store } from "./store.js" */

/** @type {Record<string, string>} */
const EXTENSIONS = { "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp" };

/**
 * Return the name under which a picture is downloaded, with the extension of what it is.
 * @param {string} name as Python gave it, "" if it gave none
 * @param {string} kind the file's MIME type
 */
export function downloadName(name, kind) {
  if (/\.(png|jpe?g|webp)$/i.test(name)) return name;
  return `${name || "picture"}${EXTENSIONS[kind] ?? ""}`;
}

/**
 * Download the picture's own file, with all that is written in it.
 * @param {Store} store
 */
export function downloadPicture({ picture, model }) {
  if (!picture) return;
  const address = URL.createObjectURL(picture.file);
  const name = downloadName(model.get("file_name"), picture.file.type);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Copy the picture as a PNG, the one kind that every browser copies.
 * @param {Store} store
 */
export async function copyPicture(store) {
  const { picture } = store;
  if (!picture) return;
  if (!navigator.clipboard?.write) {
    const text = "This page may not copy, since it is not served securely; download the picture.";
    store.say(text, { isError: true });
    return;
  }
  try {
    // The promise itself: Safari wants it while the press is fresh.
    const png = picture.file.type === "image/png" ? picture.file : pngOf(picture.bitmap);
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    store.say("The picture is copied.");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    store.say(`The picture could not be copied: ${reason}`, { isError: true });
  }
}

/**
 * @param {ImageBitmap} bitmap
 * @returns {Promise<Blob>}
 */
function pngOf(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * Call `take` with the files of each drop and paste; the element says in data-dropping whether
 * files are held over it.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {(files: File[]) => void} take
 */
export function hearFiles(root, signal, take) {
  /** @type {(name: string, hear: (event: any) => void) => void} */
  const on = (name, hear) => root.addEventListener(name, hear, { signal });
  // A child's dragleave is not the end: count what was entered.
  let depth = 0;
  /** @param {number} change */
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    root.dataset.dropping = String(depth > 0);
  };
  /** @param {DragEvent} event */
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  on("dragenter", (event) => isFile(event) && mark(1));
  on("dragleave", (event) => isFile(event) && mark(-1));
  on("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  on("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark(-depth);
    take([...event.dataTransfer.files]);
  });
  on("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    take(files);
  });
}
