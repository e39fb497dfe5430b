// The studio is as high as the part of the page that is seen: in JupyterLab the notebook's, else the
// window's.

const SCROLLERS = ".jp-WindowedPanel-outer, .jp-LinkedOutputView";
const MARGIN = 8; // CSS pixels between the studio and the edge of a notebook's pane
const LEAST = 320; // CSS pixels; a lower pane scrolls
const SETTLING = 1500; // ms in which a notebook still moves what it has just drawn
const RUNNING = 20_000; // ms after which a cell has run, and the notebook has scrolled to it
const RESIZING = 300; // ms in which a change of the room still scrolls
const HOLDING = 500; // ms in which a notebook scrolls to the cell that got the focus
const BY_A_PERSON = ["wheel", "pointerdown", "keydown", "touchstart"];

/**
 * Return the element whose visible part is the studio's room, null for the window.
 * @param {Element} panel
 * @returns {HTMLElement | null}
 */
const scrollerOf = (panel) => panel.closest(SCROLLERS);

/**
 * Return the height in CSS pixels that the studio has room for.
 * @param {HTMLElement} panel
 */
function roomOf(panel) {
  const scroller = scrollerOf(panel);
  if (scroller) return Math.max(LEAST, scroller.clientHeight - MARGIN);
  const top = panel.getBoundingClientRect().top + window.scrollY;
  const above = top < window.innerHeight / 3 ? top : 0;
  return Math.max(LEAST, window.innerHeight - above);
}

/**
 * Keep the studio as high as its room. It scrolls itself into view once, unless a person scrolls, and
 * stays there when the room changes.
 * @param {HTMLElement} panel
 * @param {AbortSignal} signal ends it
 */
export function keepHeight(panel, signal) {
  const scroller = scrollerOf(panel);
  let isInPlace = false;
  let changed = -Infinity;
  let touched = -Infinity;
  const fit = () => {
    changed = performance.now();
    panel.style.setProperty("--mls-height", `${roomOf(panel)}px`);
    if (isInPlace && panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
  };
  // A click into the studio makes its cell the notebook's active one, which then scrolls to its top.
  const touch = () => {
    if (isInPlace) touched = performance.now();
  };
  const look = () => {
    if (!scroller || performance.now() - changed < RESIZING) return; // scrolled by the change
    if (performance.now() - touched < HOLDING) {
      if (panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
      return;
    }
    const above = scroller.getBoundingClientRect().top;
    isInPlace = Math.abs(panel.getBoundingClientRect().top - above) <= MARGIN;
  };
  const watch = new ResizeObserver(fit);
  watch.observe(scroller ?? document.documentElement);
  scroller?.addEventListener("scroll", look, { signal });
  for (const kind of ["pointerdown", "click", "keydown", "focusin"]) {
    panel.addEventListener(kind, touch, { capture: true, signal });
  }
  scroller?.addEventListener("wheel", () => (touched = -Infinity), { signal, passive: true });
  window.addEventListener("resize", fit, { signal });
  signal.addEventListener("abort", () => watch.disconnect());
  fit();
  if (!scroller) return;
  scrollIntoView(panel, scroller, signal);
  isInPlace = true;
}

/**
 * Scroll the studio into view, and hold it there: a notebook scrolls to a cell when it has run. What
 * a person does ends it.
 * @param {HTMLElement} panel
 * @param {HTMLElement} scroller
 * @param {AbortSignal} signal
 */
function scrollIntoView(panel, scroller, signal) {
  const ended = new AbortController();
  const options = { capture: true, signal: ended.signal };
  const end = () => ended.abort();
  for (const kind of BY_A_PERSON) window.addEventListener(kind, end, options);
  signal.addEventListener("abort", end);
  const align = () => {
    if (panel.dataset.filled !== "true") panel.scrollIntoView({ block: "start" });
  };
  align();
  const again = setInterval(align, SETTLING / 10);
  ended.signal.addEventListener("abort", () => clearInterval(again));
  setTimeout(() => clearInterval(again), SETTLING);
  scroller.addEventListener("scroll", align, options);
  setTimeout(end, RUNNING);
}
