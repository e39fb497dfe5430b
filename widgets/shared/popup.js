// What opens over the page at a button: in the browser's top layer, so that nothing cuts it off.
import { addTo } from "./dom.js";

const GAP = 4; // px between the button and what opens

/**
 * Let a button open and close a panel above it, or below where there is more room.
 *
 * Escape and a click elsewhere close it. Its edges are given, not its size, so that it stands in its
 * place before it is drawn.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} panel
 * @param {(isOpen: boolean) => void} toggled is told after each change
 */
export function openAt(button, panel, toggled = () => {}) {
  panel.popover = "auto";
  button.popoverTargetElement = panel;
  button.setAttribute("aria-expanded", "false");
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") placeAt(button, panel);
  });
  panel.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    button.setAttribute("aria-expanded", String(isOpen));
    toggled(isOpen);
  });
}

/**
 * Place a panel in the window's top layer above its button, or below where there is more room.
 * @param {HTMLElement} button
 * @param {HTMLElement} panel
 */
export function placeAt(button, panel) {
  const { top, bottom, right, left } = button.getBoundingClientRect();
  const isAbove = top > window.innerHeight - bottom;
  const isRight = right > window.innerWidth / 2;
  const room = (isAbove ? top : window.innerHeight - bottom) - 2 * GAP;
  Object.assign(panel.style, {
    top: isAbove ? "auto" : `${bottom + GAP}px`,
    bottom: isAbove ? `${window.innerHeight - top + GAP}px` : "auto",
    left: isRight ? "auto" : `${left}px`,
    right: isRight ? `${document.documentElement.clientWidth - right}px` : "auto",
    maxHeight: `${room}px`,
  });
}

/**
 * Add a button that opens a menu.
 * @param {Element} parent
 * @param {string} label of the button
 * @param {{ value: string, label: string }[]} items
 * @param {(value: string) => void} choose
 * @param {Record<string, string>} attributes of the button
 */
export function addMenu(parent, label, items, choose, attributes = {}) {
  const button = addTo(parent, "button", {
    type: "button",
    "aria-haspopup": "menu",
    ...attributes,
  });
  button.append(label, addTo(button, "span", { class: "mls-arrow", "aria-hidden": "true" }));
  const menu = addTo(parent, "div", { class: "mls-menu", role: "menu", "aria-label": label });
  const buttons = items.map((item) => {
    const one = addTo(menu, "button", { type: "button", role: "menuitem", tabindex: -1 });
    one.textContent = item.label;
    one.addEventListener("click", () => {
      menu.hidePopover();
      button.focus();
      choose(item.value);
    });
    return one;
  });
  openAt(button, menu, (isOpen) => isOpen && buttons[0]?.focus());
  menu.addEventListener("keydown", (event) => {
    const at = buttons.findIndex((one) => one === document.activeElement);
    const to = next(event.key, at, buttons.length);
    if (to === null) return;
    event.preventDefault();
    buttons[to].focus();
  });
  return button;
}

/**
 * Return where a key moves to in a list that begins again at its end; null for other keys.
 * @param {string} key
 * @param {number} at
 * @param {number} count
 */
export function next(key, at, count) {
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
