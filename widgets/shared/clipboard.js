// Texts and pictures for the clipboard, which may still be on their way when they are asked for.

/**
 * Put a file on the clipboard. A click allows that for a moment only, so the browser is told at
 * once, and given the content when it has come.
 * @param {Promise<Blob>} content
 * @param {"image/png" | "text/plain"} type
 */
export async function copy(content, type) {
  if (!navigator.clipboard?.write) {
    const blob = await content;
    if (type === "text/plain" && copyOldWay(await blob.text())) return;
    throw new Error("This browser copies only on a page of https or of this machine; use Download");
  }
  await navigator.clipboard.write([new ClipboardItem({ [type]: content })]);
}

/**
 * Copy a text in a page that has no clipboard of its own.
 * @param {string} text
 */
function copyOldWay(text) {
  const field = document.createElement("textarea");
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  field.value = text;
  document.body.append(field);
  field.select();
  // No other way is left where navigator.clipboard is absent.
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isCopied;
}
