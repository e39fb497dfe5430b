// Elements and icons, for every widget.

const SVG = "http://www.w3.org/2000/svg";

// An element with attributes ("class", "aria-label"…; null and undefined are left out), `on…`
// listeners and children.
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// The same as the last child of `parent`.
export function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}

// An icon on a field of 24 x 24: paths, each with its attributes, and those of the whole.
export function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  const whole = { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes };
  for (const [name, value] of Object.entries(whole)) svg.setAttribute(name, value);
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: path, ...own })) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}
