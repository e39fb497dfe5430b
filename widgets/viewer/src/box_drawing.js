// How a box is drawn on the canvas.

const BOX_COLOURS = { chosen: "#1565c0", other: "#1f1f1f", off: "#6b6b6b" };

// One box on the canvas, `box` in screen pixels.
export function drawBox(pen, [left, top, right, bottom], name, { isChosen, isOn }) {
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
