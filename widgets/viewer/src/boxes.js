// The detections as boxes: where the pointer grips them, and where they lie once dragged.

const GRIP = 8; // screen pixels around a corner or an edge that take hold of it
const SMALLEST_BOX = 4; // pixels of the picture

// Which edges of a box [left, top, right, bottom] the pointer grips: "l", "rt", … or "move" inside
// it, null outside. All in screen pixels.
export function gripOf([left, top, right, bottom], { x, y }) {
  const inside = x > left - GRIP && x < right + GRIP && y > top - GRIP && y < bottom + GRIP;
  if (!inside) return null;
  // In a small box half of it is an edge's, so that it can be moved too.
  const reach = (low, high) => Math.min(GRIP, (high - low) / 4);
  const across = x < left + reach(left, right) ? "l" : x > right - reach(left, right) ? "r" : "";
  const down = y < top + reach(top, bottom) ? "t" : y > bottom - reach(top, bottom) ? "b" : "";
  return across + down || "move";
}

export const GRIP_CURSORS = {
  move: "move",
  l: "ew-resize",
  r: "ew-resize",
  t: "ns-resize",
  b: "ns-resize",
  lt: "nwse-resize",
  rb: "nwse-resize",
  rt: "nesw-resize",
  lb: "nesw-resize",
};

// A box whose gripped edges were dragged by (dx, dy) pixels of the picture, kept inside it.
export function draggedBox([left, top, right, bottom], grip, dx, dy, { width, height }) {
  const clamp = (value, low, high) => Math.round(Math.min(Math.max(value, low), high));
  if (grip === "move") {
    const x = clamp(left + dx, 0, width - (right - left));
    const y = clamp(top + dy, 0, height - (bottom - top));
    return [x, y, x + right - left, y + bottom - top];
  }
  return [
    grip.includes("l") ? clamp(left + dx, 0, right - SMALLEST_BOX) : left,
    grip.includes("t") ? clamp(top + dy, 0, bottom - SMALLEST_BOX) : top,
    grip.includes("r") ? clamp(right + dx, left + SMALLEST_BOX, width) : right,
    grip.includes("b") ? clamp(bottom + dy, top + SMALLEST_BOX, height) : bottom,
  ];
}

// The box between two points of the picture; null if it is too small to be meant.
export function boxBetween(one, other, { width, height }) {
  const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  const xs = [clamp(one.x, width), clamp(other.x, width)].sort((a, b) => a - b);
  const ys = [clamp(one.y, height), clamp(other.y, height)].sort((a, b) => a - b);
  if (xs[1] - xs[0] < SMALLEST_BOX || ys[1] - ys[0] < SMALLEST_BOX) return null;
  return [xs[0], ys[0], xs[1], ys[1]];
}

// A find as a person adds it: nothing said yet but where.
export function newFind(box, label) {
  const unsaid = { mask: null, confidence: 1, prompt: null, denoising_strength: null };
  return { label, box, enabled: true, ...unsaid };
}

// A find at another place; its shape, if it has one, was of the place before.
export const movedFind = (find, box) => ({ ...find, box, mask: null });

export const nameOf = (find, index) => `${index + 1} ${find.label || "part"}`;
