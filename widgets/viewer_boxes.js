// The finds as boxes: where the pointer grips them, how they are drawn, and the list beside them.

const GRIP = 8; // screen pixels around a corner or an edge that take hold of it
const SMALLEST_BOX = 4; // pixels of the picture
const BOX_COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };

// Which edges of a box [left, top, right, bottom] the pointer grips: "l", "rt", … or "move" inside
// it, null outside. All in screen pixels.
function gripOf([left, top, right, bottom], { x, y }) {
  const inside = x > left - GRIP && x < right + GRIP && y > top - GRIP && y < bottom + GRIP;
  if (!inside) return null;
  // In a small box half of it is an edge's, so that it can be moved too.
  const reach = (low, high) => Math.min(GRIP, (high - low) / 4);
  const across = x < left + reach(left, right) ? "l" : x > right - reach(left, right) ? "r" : "";
  const down = y < top + reach(top, bottom) ? "t" : y > bottom - reach(top, bottom) ? "b" : "";
  return across + down || "move";
}

const GRIP_CURSORS = {
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
function draggedBox([left, top, right, bottom], grip, dx, dy, { width, height }) {
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
function boxBetween(one, other, { width, height }) {
  const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  const xs = [clamp(one.x, width), clamp(other.x, width)].sort((a, b) => a - b);
  const ys = [clamp(one.y, height), clamp(other.y, height)].sort((a, b) => a - b);
  if (xs[1] - xs[0] < SMALLEST_BOX || ys[1] - ys[0] < SMALLEST_BOX) return null;
  return [xs[0], ys[0], xs[1], ys[1]];
}

// A find as a person adds it: nothing said yet but where.
function newFind(box, label) {
  const unsaid = { mask: null, confidence: 1, prompt: null, denoising_strength: null };
  return { label, box, enabled: true, ...unsaid };
}

// A find at another place; its shape, if it has one, was of the place before.
const movedFind = (find, box) => ({ ...find, box, mask: null });

const nameOf = (find, index) => `${index + 1} ${find.label || "part"}`;

// One box on the canvas, `box` in screen pixels.
function drawBox(pen, [left, top, right, bottom], name, { isChosen, isOn }) {
  const colour = isChosen ? BOX_COLOURS.chosen : isOn ? BOX_COLOURS.other : BOX_COLOURS.off;
  const [width, height] = [right - left, bottom - top];
  pen.save();
  // Dark between light: seen on any picture.
  for (const [style, thick, dashes] of [
    ["rgba(255, 255, 255, 0.9)", isChosen ? 5 : 3.5, []],
    [colour, isChosen ? 2.5 : 1.5, isOn ? [] : [6, 4]],
  ]) {
    pen.setLineDash(dashes);
    pen.strokeStyle = style;
    pen.lineWidth = thick;
    pen.strokeRect(left, top, width, height);
  }
  pen.setLineDash([]);
  if (isChosen) {
    pen.lineWidth = 1.5;
    for (const x of [left, (left + right) / 2, right]) {
      for (const y of [top, (top + bottom) / 2, bottom]) {
        if (x === (left + right) / 2 && y === (top + bottom) / 2) continue;
        pen.fillStyle = "white";
        pen.fillRect(x - 4, y - 4, 8, 8);
        pen.strokeRect(x - 4, y - 4, 8, 8);
      }
    }
  }
  drawTag(pen, name, left, top, colour);
  pen.restore();
}

// The name above the box, or inside it where there is no room above.
function drawTag(pen, name, left, top, colour) {
  pen.font = "600 12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const width = pen.measureText(name).width + 12;
  const y = top >= 24 ? top - 24 : top + 6;
  const x = top >= 24 ? left - 1 : left + 6;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(x, y, width, 20, 4);
  pen.fill();
  pen.fillStyle = "white";
  pen.fillText(name, x + 6, y + 10.5);
}

// The list: for each box whether it counts, its place in the order, its prompt and strength.
class BoxList {
  constructor(store) {
    this.store = store;
    this.rows = [];
    this.list = make("ol", { class: "mls-viewer-list" });
    this.none = make(
      "p",
      { class: "mls-viewer-none" },
      "No boxes. Add one, then drag over the part to repaint.",
    );
    this.root = make(
      "div",
      { class: "mls-viewer-side", role: "group", "aria-label": "Parts to repaint" },
      this.none,
      this.list,
    );
  }

  update() {
    const { boxes, selected } = this.store;
    while (this.rows.length < boxes.length) {
      this.rows.push(new BoxRow(this, this.rows.length));
      this.list.append(this.rows.at(-1).root);
    }
    while (this.rows.length > boxes.length) this.rows.pop().root.remove();
    this.rows.forEach((row, index) =>
      row.show(boxes[index], index === selected, index === boxes.length - 1),
    );
    this.none.hidden = boxes.length > 0;
    if (selected !== this.scrolled) {
      this.scrolled = selected;
      this.rows[selected]?.root.scrollIntoView({ block: "nearest" });
    }
  }

  change(index, fields) {
    const { store } = this;
    store.changeBoxes(store.boxes.map((find, i) => (i === index ? { ...find, ...fields } : find)));
  }

  move(index, by) {
    const boxes = [...this.store.boxes];
    const [find] = boxes.splice(index, 1);
    boxes.splice(index + by, 0, find);
    this.store.changeBoxes(boxes, index + by);
    const row = this.rows[index + by];
    const again = by < 0 ? row.up : row.down;
    (again.disabled ? row.name : again).focus();
  }

  remove(index) {
    const boxes = this.store.boxes.filter((_, i) => i !== index);
    this.store.changeBoxes(boxes, Math.min(index, boxes.length - 1));
  }
}

class BoxRow {
  constructor(list, index) {
    const { store } = list;
    this.tick = make("input", {
      type: "checkbox",
      class: "mls-viewer-tick",
      onchange: () => list.change(index, { enabled: this.tick.checked }),
    });
    this.name = make("button", {
      type: "button",
      class: "mls-viewer-name",
      onclick: () => store.select(store.selected === index ? -1 : index),
    });
    this.up = makeButton("up", "up", "Draw it earlier", () => list.move(index, -1));
    this.down = makeButton("down", "down", "Draw it later", () => list.move(index, 1));
    this.remove = makeButton("remove", "trash", "Remove it", () => {
      list.remove(index);
      (list.rows[Math.min(index, list.rows.length - 1)]?.name ?? list.whenEmpty)?.focus();
    });
    this.prompt = make("textarea", {
      rows: 2,
      placeholder: "The stage’s prompt",
      onchange: () => list.change(index, { prompt: this.prompt.value.trim() || null }),
    });
    this.strength = makeSlider(
      "strength",
      "Strength",
      { min: 0, max: 1, step: 0.05, text: (value) => value.toFixed(2) },
      () => {},
    );
    // Told when let go, so that a drag is one change.
    this.strength.input.addEventListener("input", () =>
      this.strength.show(Number(this.strength.input.value)),
    );
    this.strength.input.addEventListener("change", () =>
      list.change(index, { denoising_strength: Number(this.strength.input.value) }),
    );
    this.reset = makeButton("reset", "reset", "Use the stage’s strength", () =>
      list.change(index, { denoising_strength: null }),
    );
    this.details = make(
      "div",
      { class: "mls-viewer-details" },
      make("label", { class: "mls-viewer-prompt" }, make("span", {}, "Prompt"), this.prompt),
      make("div", { class: "mls-viewer-strength-row" }, this.strength.row, this.reset),
    );
    const order = make("span", { class: "mls-viewer-order" }, this.up, this.down, this.remove);
    this.index = index;
    this.root = make(
      "li",
      { class: "mls-viewer-box" },
      make("div", { class: "mls-viewer-head" }, this.tick, this.name, order),
      this.details,
    );
  }

  show(find, isChosen, isLast) {
    const name = nameOf(find, this.index);
    const sure = find.confidence < 1 ? asPercent(find.confidence) : "";
    this.root.dataset.selected = isChosen;
    this.root.dataset.enabled = find.enabled;
    this.tick.checked = find.enabled;
    this.tick.setAttribute("aria-label", `Repaint ${name}`);
    this.tick.title = find.enabled ? "Will be repainted" : "Will stay as it is";
    this.name.replaceChildren(name, make("small", {}, sure));
    this.name.setAttribute("aria-expanded", isChosen);
    this.up.disabled = this.index === 0;
    this.down.disabled = isLast;
    this.details.hidden = !isChosen;
    const isTyped = this.prompt.getRootNode().activeElement === this.prompt;
    if (!isTyped) this.prompt.value = find.prompt ?? "";
    const strength = find.denoising_strength;
    this.strength.show(strength ?? 0.4);
    this.strength.row.dataset.unset = strength === null;
    if (strength === null) this.strength.readout.textContent = "as stage";
    this.reset.disabled = strength === null;
  }
}
