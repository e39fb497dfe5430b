// The handle between two panels of a flex row. It sets the width of one of its neighbours.
import { addTo } from "../../shared/dom.js";

const STEP = 16; // px an arrow key; with Shift four times that

function render({ model, el }) {
  const handle = addTo(el, "div", {
    class: "mls-splitter",
    tabindex: 0,
    role: "separator",
    "aria-orientation": "vertical",
  });
  el.classList.add("mls-split-host");
  const ended = new AbortController();
  const options = { signal: ended.signal };

  // In a notebook `el` is the row's child itself; in other hosts it may be wrapped.
  const own = () => {
    let found = el;
    while (found.parentElement && !/flex/.test(getComputedStyle(found.parentElement).display))
      found = found.parentElement;
    return found;
  };
  const isBefore = () => model.get("side") === "before";
  const panel = () => (isBefore() ? own().previousElementSibling : own().nextElementSibling);
  const other = () => (isBefore() ? own().nextElementSibling : own().previousElementSibling);
  const limited = (width) =>
    Math.round(Math.max(model.get("smallest"), Math.min(model.get("largest"), width)));

  // By a class of ours: a panel's own inline style is its layout's, and comes back unharmed.
  let sized = null;
  const setWidth = (width) => {
    if (sized !== panel()) sized?.classList.remove("mls-split");
    sized = panel();
    sized.classList.toggle("mls-split", width > 0);
    sized.style.setProperty("--mls-split", `${width}px`);
  };
  const isWrapped = () => {
    const [one, two] = [panel().getBoundingClientRect(), other().getBoundingClientRect()];
    return one.bottom <= two.top || two.bottom <= one.top || !one.width || !two.width;
  };
  /** Show the width that is wanted, or the widest that the row has room for without wrapping. */
  const draw = () => {
    if (!el.isConnected || !panel() || !other()) return;
    const wanted = model.get("width");
    el.style.display = "";
    let width = wanted && limited(wanted);
    setWidth(width);
    while (isWrapped() && width > model.get("smallest")) {
      width = Math.max(model.get("smallest"), width - STEP);
      setWidth(width);
    }
    const isHidden = isWrapped();
    if (isHidden) setWidth(0);
    el.style.display = isHidden ? "none" : "";
    tell();
  };
  const tell = () => {
    const width = Math.round(panel().getBoundingClientRect().width);
    handle.setAttribute("aria-label", `Width of the ${model.get("label")}`);
    handle.setAttribute("aria-valuenow", width);
    handle.setAttribute("aria-valuemin", model.get("smallest"));
    handle.setAttribute("aria-valuemax", model.get("largest"));
    handle.setAttribute("aria-valuetext", `${width} pixels`);
  };
  /** Python is told at the end of a drag, not all along it. */
  const set = (width, isLast) => {
    model.set("width", width && limited(width));
    if (isLast) model.save_changes();
  };

  let drag = null;
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !panel()) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    drag = { from: event.clientX, width: panel().getBoundingClientRect().width };
  }, options);
  handle.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const by = event.clientX - drag.from;
    if (by) set(drag.width + (isBefore() ? by : -by), false);
  }, options);
  for (const name of ["pointerup", "pointercancel"]) {
    handle.addEventListener(name, () => {
      if (drag) model.save_changes();
      drag = null;
    }, options);
  }
  handle.addEventListener("dblclick", () => set(0, true), options);
  handle.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !panel()) return;
    if (event.key !== "Tab") event.stopPropagation(); // JupyterLab would take it
    const width = panel().getBoundingClientRect().width;
    const by = STEP * (event.shiftKey ? 4 : 1) * (isBefore() ? 1 : -1);
    const wanted = {
      ArrowRight: width + by,
      ArrowLeft: width - by,
      Home: model.get("smallest"),
      End: model.get("largest"),
      Enter: 0,
    }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    set(wanted, true);
  }, options);

  const traits = ["width", "smallest", "largest", "side", "label"];
  for (const name of traits) model.on(`change:${name}`, draw);
  // The row is known only when the view is in the page; it changes with the window.
  const watch = new ResizeObserver(draw);
  const begin = () => {
    if (ended.signal.aborted) return;
    if (!el.isConnected || !own().parentElement) return requestAnimationFrame(begin);
    watch.observe(own().parentElement);
    draw();
  };
  begin();
  return () => {
    watch.disconnect();
    for (const name of traits) model.off(`change:${name}`, draw);
    sized?.classList.remove("mls-split");
    ended.abort();
  };
}

export default { render };
