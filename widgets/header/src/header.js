// The bar above the studio: its name, what is at work, and the buttons of the room. Another widget
// may put buttons of its own into `.mls-header-more`.
import { addTo, makeSvg } from "../../shared/dom.js";
import { Lost } from "./lost.js";
import { Room } from "./room.js";

/** @import { RenderProps } from "@anywidget/types" */
/** @import { Traits } from "./types" */

const LOOK_AGAIN = 50; // ms, while the bar is not in the page
const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 1.75 };
const ICONS = {
  left: "M4 5h16v14H4zM10 5v14",
  shelf: "M4 5h16v14H4zM14 5v14",
  keys: "M3 7h18v11H3zM7 14.5h10M6.5 10.5v.01M10 10.5v.01M14 10.5v.01M17.5 10.5v.01",
  fill: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  return: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
};

class Bar {
  /**
   * @param {HTMLElement} el
   * @param {{ left: () => void, shelf: () => void, keys: () => void, fill: () => void }} acts
   */
  constructor(el, acts) {
    this.root = addTo(el, "div", { class: "mls-header" });
    this.left = this.addButton("left", acts.left);
    addTo(this.root, "h2", { class: "mls-header-name" }, "Media Lab Studio");
    this.facts = addTo(this.root, "span", { class: "mls-header-facts" });
    this.more = addTo(this.root, "span", { class: "mls-header-more" });
    this.keys = this.addButton("keys", acts.keys);
    this.shelf = this.addButton("shelf", acts.shelf);
    this.fill = this.addButton("fill", acts.fill);
  }

  /**
   * @param {string} name
   * @param {() => void} act
   */
  addButton(name, act) {
    const attributes = { class: `mls-header-button mls-${name}-button`, type: "button" };
    return addTo(this.root, "button", { ...attributes, onclick: act });
  }

  /** @param {Room} room */
  draw(room) {
    draw(this.left, room.isOpen("left"), "left", "Settings (T)");
    draw(this.keys, null, "keys", "Keys (?)");
    draw(this.shelf, room.isOpen("shelf"), "shelf", "History and models (G)");
    const [icon, name] = room.isFilled
      ? /** @type {const} */ (["return", "Return to the page (Esc)"])
      : /** @type {const} */ (["fill", "Fill the window"]);
    draw(this.fill, room.isFilled, icon, name);
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean | null} isOn null for a button that is no switch
 * @param {keyof typeof ICONS} icon
 * @param {string} name
 */
function draw(button, isOn, icon, name) {
  if (isOn !== null) button.setAttribute("aria-pressed", String(isOn));
  button.setAttribute("aria-label", name);
  button.title = name;
  button.replaceChildren(makeSvg([[ICONS[icon], STROKE]], { width: 18, height: 18 }));
}

/** @param {RenderProps<Traits>} props */
function render({ model, el }) {
  /** @type {Room | undefined} */
  let room;
  /** @type {Lost | undefined} */
  let lost;
  let isEnded = false;
  const bar = new Bar(el, {
    left: () => room?.set("left"),
    shelf: () => room?.set("shelf"),
    keys: () => room?.keys.toggle(),
    fill: () => room?.fill(!room.isFilled),
  });
  const tell = () => {
    const facts = model.get("facts");
    bar.facts.textContent = facts.join(" · ");
    bar.facts.title = facts.join(" · ");
  };
  const begin = () => {
    if (isEnded) return;
    const panel = /** @type {HTMLElement | null} */ (el.closest(".mls-studio"));
    if (!panel?.isConnected) {
      setTimeout(begin, LOOK_AGAIN);
      return;
    }
    room = new Room(panel, bar.root, () => room && bar.draw(room));
    bar.draw(room);
    // The type of anywidget's manager is narrower than the manager that it is.
    lost = new Lost(panel, /** @type {any} */ (model.widget_manager)?.kernel);
  };
  model.on("change:facts", tell);
  tell();
  begin();
  return () => {
    isEnded = true;
    model.off("change:facts", tell);
    room?.close();
    lost?.close();
  };
}

export default { render };
