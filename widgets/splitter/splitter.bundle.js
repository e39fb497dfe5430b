// Built by `npm run build`; change the sources, not this file.
// source: widgets/shared/dom.js
// source: widgets/splitter/src/splitter.js
// sha256 of the sources: 6ef9f681f84a4cce4422ebb2da99d5dc8b2163ce0181146865b6e70812a27f83
// sha256 of the lines below: f3aef3a8244a905ca09fd542bd01aa28c1f66e31baa9d498b0c9f204c983d36a
// widgets/shared/dom.js
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}

// widgets/splitter/src/splitter.js
var STEP = 16;
function render({ model, el }) {
  const handle = addTo(el, "div", {
    class: "mls-splitter",
    tabindex: 0,
    role: "separator",
    "aria-orientation": "vertical"
  });
  el.classList.add("mls-split-host");
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const own = () => {
    let found = el;
    while (found.parentElement && !/flex/.test(getComputedStyle(found.parentElement).display))
      found = found.parentElement;
    return found;
  };
  const isBefore = () => model.get("side") === "before";
  const panel = () => isBefore() ? own().previousElementSibling : own().nextElementSibling;
  const other = () => isBefore() ? own().nextElementSibling : own().previousElementSibling;
  const limited = (width) => Math.round(Math.max(model.get("smallest"), Math.min(model.get("largest"), width)));
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
    if (event.key !== "Tab") event.stopPropagation();
    const width = panel().getBoundingClientRect().width;
    const by = STEP * (event.shiftKey ? 4 : 1) * (isBefore() ? 1 : -1);
    const wanted = {
      ArrowRight: width + by,
      ArrowLeft: width - by,
      Home: model.get("smallest"),
      End: model.get("largest"),
      Enter: 0
    }[event.key];
    if (wanted === void 0) return;
    event.preventDefault();
    set(wanted, true);
  }, options);
  const traits = ["width", "smallest", "largest", "side", "label"];
  for (const name of traits) model.on(`change:${name}`, draw);
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
var splitter_default = { render };
export {
  splitter_default as default
};
