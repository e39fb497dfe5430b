// The caret of a text area: where it is in the page, and text put in as if it were typed.

/** Put `piece` where [from, to) is, as if it were typed: the browser's undo takes it back. */
export function replace(area, from, to, piece) {
  area.focus();
  area.setSelectionRange(from, to);
  const wasTyped = document.execCommand(piece ? "insertText" : "delete", false, piece);
  if (wasTyped) return;
  area.setRangeText(piece, from, to, "end"); // a browser without; its undo forgets
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Where the caret is in the page, as a rectangle: a hidden copy of the text is measured. */
export function caretBox(area, caret) {
  const copy = document.createElement("div");
  const style = getComputedStyle(area);
  for (const name of [
    "boxSizing", "width", "borderWidth", "borderStyle", "padding", "font", "letterSpacing",
    "lineHeight", "tabSize", "textIndent",
  ]) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "fixed", top: 0, left: 0, visibility: "hidden",
    whiteSpace: "pre-wrap", overflowWrap: "break-word",
  });
  const mark = document.createElement("span");
  mark.textContent = "\u200b";
  copy.append(area.value.slice(0, caret), mark);
  document.body.append(copy);
  const at = area.getBoundingClientRect();
  const box = mark.getBoundingClientRect();
  copy.remove();
  const top = at.top + box.top - area.scrollTop;
  return { left: at.left + box.left - area.scrollLeft, top, bottom: top + box.height };
}
