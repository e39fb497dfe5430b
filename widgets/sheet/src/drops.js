// Files that are dropped on a slot.

/**
 * Hand on files that are dropped on an element, which is marked while some are held over it.
 * @param {HTMLElement} element
 * @param {AbortSignal} signal Ends it.
 * @param {(files: File[]) => void} take
 */
export function takeDrops(element, signal, take) {
  const options = { signal };
  let depth = 0; // of the elements within over which files are held
  /** @param {number} by */
  const hold = (by) => {
    depth = by === 0 ? 0 : depth + by;
    element.classList.toggle("mls-held", depth > 0);
  };
  element.addEventListener("dragenter", () => hold(1), options);
  element.addEventListener("dragleave", () => hold(-1), options);
  element.addEventListener("dragover", (event) => event.preventDefault(), options);
  element.addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      event.stopPropagation(); // the canvas takes files, too
      hold(0);
      take([...(event.dataTransfer?.files ?? [])]);
    },
    options,
  );
}
