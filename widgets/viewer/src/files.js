// Pictures that are dropped on the viewer, or pasted into it.

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
