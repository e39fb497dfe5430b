// One tile of the grid: its picture, the buttons over it, its stars.
import { addTo, makeSvg } from "../../shared/dom.js";

const ICONS = {
  enhance: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM18 15l.9 2.1L21 18l-2.1.9L18 21l-.9-2.1L15 18l2.1-.9z",
  sidecar: "M9 4C6 4 7 8 7 9.5S6 12 5 12c1 0 2 1 2 2.5S6 20 9 20M15 4c3 0 2 4 2 5.5s1 2.5 2 2.5c-1 0-2 1-2 2.5S18 20 15 20",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
};
const TITLES = { enhance: "Enhance", sidecar: "Open the sidecar", delete: "Delete" };

function icon(name) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  return makeSvg([[ICONS[name], stroke]], { width: 18, height: 18 });
}

/** What is told of an entry: its title, stars, size and time. */
export function factsOf([, title, stars, created, width, height]) {
  const at = new Date(created);
  const facts = [title || "without a prompt"];
  if (stars) facts.push(stars === 1 ? "1 star" : `${stars} stars`);
  if (width && height) facts.push(`${width} × ${height}`);
  if (!Number.isNaN(at.getTime()))
    facts.push(at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
  return facts.join(" · ");
}

/** One tile: its picture, the buttons over it, its stars; drawn anew only when something changed. */
export function makeTile(row, id, at, act) {
  const cell = addTo(row, "div", { class: "mls-tile", role: "gridcell", id: `${id}-${at}` });
  cell.dataset.at = at;
  const picture = addTo(cell, "div", { class: "mls-tile-picture" });
  const stars = addTo(cell, "div", { class: "mls-tile-stars" });
  let drawn = "";

  const button = (kind, parent, label, content, name) =>
    addTo(
      parent,
      "button",
      {
        class: kind,
        type: "button",
        title: label,
        "aria-label": label,
        tabindex: -1,
        "data-act": name,
      },
      content,
    );
  const drawPicture = (url, why) => {
    picture.replaceChildren();
    picture.classList.toggle("mls-empty", !url && !why);
    if (url) addTo(picture, "img", { alt: "", draggable: "false" }).src = url;
    else if (why) addTo(picture, "span", { class: "mls-tile-missing", title: why }).textContent = "no picture";
  };
  const drawButtons = (entry, isAsked) => {
    stars.replaceChildren();
    for (let count = 1; count <= 5; count++) {
      const isLit = count <= entry[2];
      const label = count === 1 ? "1 star" : `${count} stars`;
      const name = `stars:${count === entry[2] ? 0 : count}`; // the same again takes them away
      const star = button("mls-star", stars, label, isLit ? "★" : "☆", name);
      star.classList.toggle("mls-lit", isLit);
      star.setAttribute("aria-pressed", String(count === entry[2]));
    }
    if (isAsked) {
      const box = addTo(picture, "div", { class: "mls-tile-ask", role: "group", "aria-label": "Delete?" });
      addTo(box, "span").textContent = "Delete?";
      button("mls-tile-yes", box, "Delete this picture and its sidecar", "Delete", "sure");
      button("mls-tile-no", box, "Keep it", "Keep", "keep");
      return;
    }
    const bar = addTo(picture, "div", { class: "mls-tile-actions" });
    for (const name of Object.keys(ICONS)) button("mls-tile-act", bar, TITLES[name], icon(name), name);
  };
  const draw = (entry, url, why, isCurrent, isAsked) => {
    cell.setAttribute("aria-selected", String(isCurrent));
    const state = JSON.stringify([entry, url, why, isAsked]);
    if (state !== drawn) {
      const held = cell.contains(document.activeElement) && document.activeElement.dataset.act;
      drawn = state;
      drawPicture(url, why);
      stars.replaceChildren();
      if (entry) {
        drawButtons(entry, isAsked);
        cell.title = factsOf(entry);
        cell.setAttribute("aria-label", factsOf(entry));
      }
      if (held) cell.querySelector(`[data-act="${held}"]`)?.focus();
    }
    // Tab goes from the grid to the current tile's buttons; stars are set by the keys 0 to 5.
    for (const one of picture.querySelectorAll("button")) one.tabIndex = isCurrent ? 0 : -1;
  };
  cell.addEventListener("click", (event) => {
    act(event.target.closest("button")?.dataset.act ?? "open", at);
  });
  return { cell, draw };
}
