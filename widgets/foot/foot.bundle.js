// Built by `npm run build`; change the sources, not this file.
// source: widgets/foot/src/chips.js
// source: widgets/foot/src/foot.js
// source: widgets/foot/src/line.js
// source: widgets/foot/src/notes.js
// source: widgets/foot/src/queue.js
// source: widgets/foot/src/texts.js
// source: widgets/shared/dom.js
// source: widgets/shared/popup.js
// sha256 of the sources: 685cc43cf563163e2cf7e09838be98824a6d013f691b04b2263c9fea3c758b26
// sha256 of the lines below: ab8f950064998ec6a170a4cc771cb09e062eac9ff1a53800f53cdd9c60715b6e
// widgets/shared/dom.js
var SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== void 0) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
function addTo(parent, tag, attributes = {}, ...children) {
  const made = make(tag, attributes, ...children);
  parent.append(made);
  return made;
}
function makeSvg(paths, attributes = {}) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes });
  for (const [path, own] of paths) {
    const shape = document.createElementNS(SVG, "path");
    set(shape, { d: path, ...own });
    svg.append(shape);
  }
  return svg;
}
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

// widgets/foot/src/texts.js
function timeText(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${(whole / 3600).toFixed(1)} h`;
}
var secondsText = (seconds) => seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
var leftText = (until, now) => typeof until === "number" ? `${timeText(Math.max(until - now, 1))} left` : "";
function statusText({ state, text, since, until }, now) {
  if (state !== "running") return text;
  const left = leftText(until, now);
  const spent = typeof since === "number" && now - since >= 1 ? timeText(now - since) : "";
  return [text, left || spent].filter(Boolean).join(" · ");
}
function stageText({ state, seconds, pictures }) {
  if (state !== "done" || typeof seconds !== "number") return "";
  return pictures > 1 ? `${pictures} × ${secondsText(seconds)}` : secondsText(seconds);
}
function stageLabel(stage) {
  const { title, state } = stage;
  const text = stageText(stage);
  const words = { waiting: "waiting", cached: "from the cache", running: "running", done: text };
  return [title, words[state]].filter(Boolean).join(", ");
}
function queueText(jobs, { paused, stopped }) {
  const waiting = jobs.filter((job) => job.state === "queued").length;
  const failed = jobs.filter((job) => job.state === "failed").length;
  if (stopped) return "Queue stopped";
  if (paused) return waiting ? `Paused, ${waiting} waiting` : "Queue paused";
  if (waiting) return `${waiting} waiting`;
  return failed ? `${failed} failed` : "Queue";
}
function jobText({ facts, state, since, until, takes, why, is_batch }, now) {
  if (is_batch) return [facts, leftText(until, now)].filter(Boolean).join(" · ");
  if (state === "failed") return [facts, why || "failed"].filter(Boolean).join(" · ");
  if (state === "queued") {
    const needs = typeof takes === "number" ? `about ${timeText(takes)}` : "";
    return [facts, "waiting", needs].filter(Boolean).join(" · ");
  }
  const spent = typeof since === "number" ? `running ${timeText(now - since)}` : "running";
  return [facts, spent, leftText(until, now)].filter(Boolean).join(" · ");
}
function headText(jobs, { left }) {
  const waiting = jobs.filter((job) => job.state === "queued").length;
  const count = waiting ? `${waiting} waiting` : "nothing waits";
  const time = waiting && typeof left === "number" ? `about ${timeText(left)} in all` : "";
  return [count, time].filter(Boolean).join(" · ");
}

// widgets/foot/src/chips.js
var STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
var SIGNS = {
  waiting: "",
  cached: "M5 8c0-4 14-4 14 0v8c0 4-14 4-14 0zM5 8c0 4 14 4 14 0M5 12c0 4 14 4 14 0",
  running: "M12 5a7 7 0 1 1-7 7",
  done: ""
  // its seconds say so
};
var AGAIN = "M19 12a7 7 0 1 1-2-5m2-3v4h-4";
var COMPARE = "M12 4v16M9 8l-4 4 4 4M15 8l4 4-4 4";
var icon = (path) => makeSvg([[path, STROKE]], { width: 14, height: 14 });
var Chip = class {
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.item = addTo(parent, "li", { class: "mls-stage" });
    this.look = addTo(this.item, "button", { class: "mls-stage-look", type: "button" });
    this.sign = addTo(this.look, "span", { class: "mls-stage-sign", "aria-hidden": "true" });
    this.title = addTo(this.look, "span", { class: "mls-stage-title" });
    this.look.append(" ");
    this.seconds = addTo(this.look, "span", { class: "mls-stage-seconds" });
    this.again = addTo(this.item, "button", { class: "mls-stage-again", type: "button" });
    this.again.append(icon(AGAIN));
    this.shown = null;
    this.look.addEventListener("click", (event) => {
      if (!this.shown || !this.canLook()) return;
      send(event.shiftKey ? "compare" : "look", { stage: this.shown.name });
    });
    this.again.addEventListener("click", () => {
      if (this.shown && this.again.ariaDisabled !== "true") {
        send("again", { stage: this.shown.name });
      }
    });
  }
  canLook() {
    return Boolean(this.shown?.pictured && this.isMade());
  }
  isMade() {
    return this.shown?.state === "done" || this.shown?.state === "cached";
  }
  /**
   * @param {Stage} stage
   * @param {boolean} isLooked
   * @param {boolean} isRunning
   */
  draw(stage, isLooked, isRunning) {
    const { item, look, again } = this;
    if (stage.state !== this.shown?.state) {
      this.sign.replaceChildren(...SIGNS[stage.state] ? [icon(SIGNS[stage.state])] : []);
    }
    this.shown = stage;
    item.dataset.name = stage.name;
    item.dataset.state = stage.state;
    this.title.textContent = stage.title;
    this.seconds.textContent = stageText(stage);
    const hint = this.canLook() ? "look at the picture after it; Shift+click compares it" : "";
    look.title = [stageLabel(stage), hint].filter(Boolean).join(": ");
    look.setAttribute("aria-pressed", String(isLooked));
    look.ariaDisabled = String(!this.canLook());
    again.ariaDisabled = String(isRunning || !this.isMade());
    again.title = `Run again from ${stage.title}`;
    again.setAttribute("aria-label", `Run again from ${stage.title}`);
  }
};
var Chips = class {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   */
  constructor(root, model, send) {
    this.model = model;
    this.send = send;
    const line = addTo(root, "div", { class: "mls-foot-line" });
    this.list = addTo(line, "ol", { class: "mls-stages", "aria-label": "Stages of this picture" });
    this.compare = addTo(line, "button", {
      class: "mls-foot-button mls-stage-compare",
      type: "button",
      title: "Compare with result",
      "aria-label": "Compare with result",
      onclick: () => send("compare", { stage: model.get("looking") })
    });
    this.compare.append(icon(COMPARE));
    addTo(this.compare, "span").textContent = "Compare with result";
    this.chips = [];
  }
  draw() {
    const { chips, list, model } = this;
    const stages = model.get("stages");
    const isRunning = model.get("status").state === "running";
    const last = stages.filter((stage) => stage.pictured).at(-1)?.name;
    const looking = model.get("looking");
    for (const { item } of chips.splice(stages.length)) item.remove();
    while (chips.length < stages.length) chips.push(new Chip(list, this.send));
    stages.forEach((stage, at) => {
      chips[at].draw(stage, !isRunning && stage.name === (looking || last), isRunning);
    });
    this.compare.hidden = isRunning || looking === "";
    this.compare.setAttribute(
      "aria-pressed",
      String(looking !== "" && model.get("compared") === looking)
    );
  }
};

// widgets/shared/popup.js
var GAP = 4;
function openAt(button, panel, toggled = () => {
}) {
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
function placeAt(button, panel) {
  const { top, bottom, right, left } = button.getBoundingClientRect();
  const isAbove = top > window.innerHeight - bottom;
  const isRight = right > window.innerWidth / 2;
  const room = (isAbove ? top : window.innerHeight - bottom) - 2 * GAP;
  Object.assign(panel.style, {
    top: isAbove ? "auto" : `${bottom + GAP}px`,
    bottom: isAbove ? `${window.innerHeight - top + GAP}px` : "auto",
    left: isRight ? "auto" : `${left}px`,
    right: isRight ? `${document.documentElement.clientWidth - right}px` : "auto",
    maxHeight: `${room}px`
  });
}
function addMenu(parent, label, items, choose, attributes = {}) {
  const button = addTo(parent, "button", {
    type: "button",
    "aria-haspopup": "menu",
    ...attributes
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
function next(key, at, count) {
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}

// widgets/foot/src/line.js
var USES = [
  { value: "all", label: "All settings" },
  { value: "prompt", label: "Prompt" },
  { value: "seed", label: "Seed" },
  { value: "size", label: "Size" },
  { value: "stages", label: "Stages" }
];
var Line = class {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   * @param {Clock} clock
   */
  constructor(root, model, send, clock) {
    this.model = model;
    this.clock = clock;
    this.track = addTo(root, "div", { class: "mls-bar", "aria-hidden": "true" });
    this.bar = addTo(this.track, "div", { class: "mls-bar-done" });
    this.line = addTo(root, "div", { class: "mls-foot-line" });
    this.status = addTo(this.line, "span", { class: "mls-status" });
    this.text = addTo(this.status, "span");
    this.caption = addTo(this.line, "span", { class: "mls-caption" });
    this.said = addTo(this.line, "span", { class: "mls-foot-said", role: "status" });
    this.save = addTo(this.line, "button", {
      class: "mls-foot-button mls-keep",
      type: "button",
      title: "Save this picture and its settings in the history",
      onclick: () => send("save")
    });
    this.save.textContent = "Save";
    this.use = addMenu(this.line, "Use settings", USES, (what) => send("use", { what }), {
      class: "mls-foot-button mls-use-settings",
      title: "Fill the form with the settings that made this picture"
    });
  }
  draw() {
    const status = this.model.get("status");
    const caption = this.model.get("caption");
    const isRunning = status.state === "running";
    const looking = this.model.get("looking");
    const stage = this.model.get("stages").find(({ name }) => name === looking);
    const after = stage && this.model.get("compared") === "" ? `After ${stage.title} · ` : "";
    this.text.dataset.state = status.state;
    this.track.dataset.state = status.state;
    this.track.toggleAttribute("data-unknown", isRunning && typeof status.share !== "number");
    this.bar.style.width = `${100 * (isRunning ? status.share ?? 0 : 0)}%`;
    this.caption.textContent = isRunning ? "" : after + (caption.text ?? "");
    this.caption.title = isRunning ? "" : caption.title ?? "";
    this.caption.hidden = this.caption.textContent === "";
    this.save.hidden = isRunning || !caption.can_save;
    this.use.hidden = isRunning || !caption.can_use;
    const said = this.model.get("said");
    if (this.said.textContent !== said) this.said.textContent = said;
    this.tick();
  }
  tick() {
    const status = this.model.get("status");
    const text = statusText(status, this.clock());
    if (this.text.textContent === text) return;
    this.text.textContent = text;
    this.status.title = text;
    this.status.hidden = text === "";
  }
};

// widgets/foot/src/notes.js
var Notes = class {
  /**
   * @param {HTMLElement} root
   * @param {Model} model
   * @param {Send} send
   */
  constructor(root, model, send) {
    this.model = model;
    this.box = addTo(root, "div", { class: "mls-notes" });
    this.notice = this.note("mls-notice", "status", "notice", send);
    this.words = addTo(this.notice, "div", { class: "mls-said" });
    this.offer = addTo(this.box, "div", { class: "mls-note mls-offer", role: "status" });
    this.offered = addTo(this.offer, "p");
    for (const [label, what] of [
      ["Continue", "continue"],
      ["Discard", "discard"]
    ]) {
      const button = addTo(this.offer, "button", {
        class: `mls-foot-button mls-offer-${what}`,
        type: "button",
        onclick: () => send("queue", { do: what })
      });
      button.textContent = label;
    }
    this.error = this.note("mls-error", "alert", "error", send);
    const alert = addTo(this.error, "div", { class: "mls-alert" });
    this.title = addTo(alert, "strong");
    this.text = addTo(alert, "p");
    this.act = addTo(alert, "button", {
      class: "mls-foot-button mls-error-act",
      type: "button",
      onclick: () => send("message", { name: model.get("error").action?.name })
    });
    this.details = addTo(alert, "details");
    addTo(this.details, "summary").textContent = "Technical details";
    this.trace = addTo(this.details, "pre");
  }
  /**
   * @param {string} name
   * @param {string} role
   * @param {string} what
   * @param {Send} send
   */
  note(name, role, what, send) {
    const note = addTo(this.box, "div", { class: `mls-note ${name}`, role });
    const close = addTo(note, "button", {
      class: "mls-foot-icon mls-note-close",
      type: "button",
      title: "Close",
      "aria-label": "Close this message",
      onclick: () => send("dismiss", { what })
    });
    close.textContent = "✕";
    return note;
  }
  draw() {
    const held = (
      /** @type {HTMLElement | null} */
      this.box.querySelector(":focus")
    );
    const error = this.model.get("error");
    const notice = this.model.get("notice");
    const offer = this.model.get("queue").stopped?.text ?? "";
    this.offer.hidden = offer === "";
    if (this.offered.textContent !== offer) this.offered.textContent = offer;
    this.notice.hidden = notice === "";
    if (this.words.innerHTML !== notice) this.words.innerHTML = notice;
    this.error.hidden = !error.title;
    this.title.textContent = error.title ?? "";
    this.text.textContent = error.text ?? "";
    this.act.hidden = !error.action;
    this.act.textContent = error.action?.label ?? "";
    this.details.hidden = !error.trace;
    if (this.trace.textContent !== (error.trace ?? "")) {
      this.trace.textContent = error.trace ?? "";
      this.details.open = false;
    }
    if (held && !held.checkVisibility()) this.next()?.focus();
  }
  /**
   * Return what takes the focus of a message that is closed: another message, or the queue.
   * @returns {HTMLElement | undefined}
   */
  next() {
    const stops = this.box.parentElement?.querySelectorAll("button:enabled") ?? [];
    return (
      /** @type {HTMLElement[]} */
      [...stops].find((one) => one.checkVisibility())
    );
  }
};

// widgets/foot/src/queue.js
var STROKE2 = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
var PATHS = {
  open: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  front: "M5 5h14M12 20V10M7 14l5-5 5 5",
  up: "M12 19V6M6 12l6-6 6 6",
  down: "M12 5v13M6 12l6 6 6-6",
  keep: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  retry: "M19 12a7 7 0 1 1-2-5m2-3v4h-4",
  cancel: "M6 6l12 12M18 6L6 18"
};
var TITLES = {
  open: "Show the batch",
  front: "Make this one next",
  up: "Move up",
  down: "Move down",
  keep: "Stop now and save the picture as far as it is",
  retry: "Try again",
  cancel: "Remove from the queue"
};
var OPPOSITE = { front: "down", up: "down", down: "up" };
var DOES = (
  /** @type {(keyof typeof PATHS)[]} */
  Object.keys(PATHS)
);
var EMPTY = "Nothing waits. Press Generate while a picture is being made to queue the next one.";
var Row = class {
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.item = addTo(parent, "li", { class: "mls-job" });
    const text = addTo(this.item, "div", { class: "mls-job-text" });
    this.label = addTo(text, "p");
    this.told = addTo(text, "small");
    this.job = null;
    this.buttons = Object.fromEntries(
      DOES.map((name) => {
        const button = addTo(this.item, "button", {
          class: `mls-foot-icon mls-job-${name}`,
          type: "button",
          onclick: () => this.job && send("job", { name: this.job.name, do: name, place: null })
        });
        button.append(makeSvg([[PATHS[name], STROKE2]], { width: 16, height: 16 }));
        return [name, button];
      })
    );
  }
  /**
   * @param {Job} job
   * @param {number} place among those that wait; negative for others
   * @param {number} count of those that wait
   */
  draw(job, place, count) {
    this.job = job;
    this.item.dataset.state = job.state;
    this.item.dataset.name = job.name;
    this.item.draggable = place >= 0 && count > 1;
    this.label.textContent = job.label;
    this.label.title = job.label;
    const seen = {
      front: place > 0,
      up: place > 0,
      down: place >= 0 && place < count - 1,
      open: job.is_batch,
      keep: job.state === "running" && !job.is_batch,
      retry: job.state === "failed",
      cancel: true
    };
    for (const [name, button] of Object.entries(this.buttons)) {
      const title = name === "cancel" ? cancelTitle(job) : TITLES[name];
      button.title = title;
      button.setAttribute("aria-label", `${title}: ${job.label}, ${job.facts}`);
      const isPart = ["open", "keep", "retry", "cancel"].includes(name);
      button.hidden = isPart ? !seen[name] : place < 0 || count < 2;
      button.disabled = !seen[name];
    }
  }
  /** @param {number} now */
  tick(now) {
    const text = this.job ? jobText(this.job, now) : "";
    if (this.told.textContent === text) return;
    this.told.textContent = text;
    this.told.title = text;
  }
};
function cancelTitle({ state, is_batch }) {
  if (is_batch) return "Stop the batch";
  if (state === "running") return "Cancel";
  return state === "failed" ? "Dismiss" : TITLES.cancel;
}
var QueueList = class {
  /**
   * @param {HTMLElement} parent of the button
   * @param {Model} model
   * @param {Send} send
   * @param {Clock} clock
   */
  constructor(parent, model, send, clock) {
    this.model = model;
    this.send = send;
    this.clock = clock;
    this.isOpen = false;
    this.button = addTo(parent, "button", {
      class: "mls-foot-button mls-waiting",
      type: "button",
      "aria-haspopup": "dialog"
    });
    this.count = addTo(this.button, "span");
    addTo(this.button, "span", { class: "mls-arrow", "aria-hidden": "true" });
    this.panel = addTo(parent, "div", {
      class: "mls-queue",
      role: "dialog",
      "aria-label": "Queue"
    });
    const head = addTo(this.panel, "div", { class: "mls-queue-head" });
    addTo(head, "strong").textContent = "Queue";
    this.head = addTo(head, "span");
    this.pause = this.action(
      head,
      "pause",
      "",
      () => model.get("queue").paused ? "go on" : "pause"
    );
    this.all = this.action(head, "cancel-all", "Cancel all", () => "cancel all");
    this.list = addTo(this.panel, "ul", { class: "mls-queue-rows", "aria-label": "Jobs" });
    this.empty = addTo(this.panel, "p", { class: "mls-queue-empty" });
    this.empty.textContent = EMPTY;
    this.rows = [];
    openAt(this.button, this.panel, (isOpen) => {
      this.isOpen = isOpen;
      this.tick();
    });
    this.listenToDrags();
    this.listenToKeys();
  }
  /**
   * @param {Element} parent
   * @param {string} name
   * @param {string} label
   * @param {() => string} what
   */
  action(parent, name, label, what) {
    const button = make("button", {
      class: `mls-foot-button mls-${name}`,
      type: "button",
      onclick: () => this.send("queue", { do: what() })
    });
    button.textContent = label;
    parent.append(button);
    return button;
  }
  draw() {
    const jobs = this.model.get("jobs");
    const queue = this.model.get("queue");
    const text = queueText(jobs, queue);
    this.count.textContent = text;
    this.button.title = text === "Queue" ? "Show the queue" : `Show the queue: ${text}`;
    this.button.dataset.alert = String(Boolean(queue.stopped));
    this.head.textContent = headText(jobs, queue);
    this.pause.textContent = queue.paused ? "Continue" : "Pause";
    this.pause.title = queue.paused ? "Go on with the pictures that wait" : "Finish the present picture, and begin no other";
    this.pause.hidden = !queue.can_pause;
    this.all.disabled = jobs.every((job) => job.state === "failed");
    this.empty.hidden = jobs.length > 0;
    const held = this.held();
    const before = new Map(this.rows.map((row) => [row.job?.name, row]));
    this.rows = jobs.map(({ name }) => {
      const row = before.get(name) ?? new Row(this.list, this.send);
      before.delete(name);
      return row;
    });
    for (const { item } of before.values()) item.remove();
    this.rows.forEach(({ item }, at) => {
      const there = this.list.children[at];
      if (there !== item) this.list.insertBefore(item, there ?? null);
    });
    const first = jobs.findIndex((job) => job.state === "queued");
    const count = jobs.filter((job) => job.state === "queued").length;
    jobs.forEach((job, at) => {
      this.rows[at].draw(job, job.state === "queued" ? at - first : -1, count);
    });
    if (held) this.giveBack(held);
    this.tick();
  }
  /**
   * Return the button of a row that has the focus: its name, and its row.
   * @returns {{ name: string, row: Row } | null}
   */
  held() {
    const active = document.activeElement;
    const row = this.rows.find(({ item }) => item.contains(active));
    const name = row && Object.keys(row.buttons).find((one) => row.buttons[one] === active);
    return name ? { name, row } : null;
  }
  /**
   * Give the focus back to a button whose row was moved, or to its opposite where it can do no more.
   * What can do nothing any more, or is gone, gives it to the queue: the same key, pressed again, is
   * not to cancel a picture.
   * @param {{ name: string, row: Row }} held
   */
  giveBack({ name, row }) {
    const able = [name, OPPOSITE[name]].map((one) => row.buttons[one]).find((button) => button && row.item.isConnected && !button.hidden && !button.disabled);
    (able ?? this.button).focus();
  }
  tick() {
    if (!this.isOpen) return;
    const now = this.clock();
    for (const row of this.rows) row.tick(now);
  }
  /** Let waiting rows be dragged to another place. */
  listenToDrags() {
    let dragged = null;
    const rowAt = (event) => this.rows.find(({ item }) => event.target instanceof Node && item.contains(event.target));
    this.list.addEventListener("dragstart", (event) => {
      dragged = rowAt(event)?.job?.name ?? null;
      event.dataTransfer?.setData("text/plain", dragged ?? "");
    });
    this.list.addEventListener("dragover", (event) => {
      if (dragged !== null && rowAt(event)?.job?.state === "queued") event.preventDefault();
    });
    this.list.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      const target = rowAt(event)?.job;
      const waiting = this.model.get("jobs").filter((job) => job.state === "queued");
      const place = waiting.findIndex((job) => job.name === target?.name);
      if (dragged !== null && place >= 0) this.send("job", { name: dragged, do: "move", place });
      dragged = null;
    });
    this.list.addEventListener("dragend", () => dragged = null);
  }
  /** Let Alt and an arrow move the waiting row that has the focus. */
  listenToKeys() {
    this.list.addEventListener("keydown", (event) => {
      const name = { ArrowUp: "up", ArrowDown: "down" }[event.key];
      const row = this.rows.find(({ item }) => item.contains(document.activeElement));
      if (!event.altKey || !name || !row) return;
      event.preventDefault();
      row.buttons[name].click();
    });
  }
};

// widgets/foot/src/foot.js
var TICK = 500;
function render({ model, el }) {
  const root = addTo(el, "section", { class: "mls-foot", "aria-label": "Progress and stages" });
  const send = (kind, words = {}) => model.send({ kind, ...words });
  let ahead = 0;
  const clock = () => Date.now() / 1e3 + ahead;
  const notes = new Notes(root, model, send);
  const line = new Line(root, model, send, clock);
  const queue = new QueueList(line.line, model, send, clock);
  const chips = new Chips(root, model, send);
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  const listeners = [
    ...["status", "said", "caption", "looking", "compared"].map((name) => [
      name,
      () => line.draw()
    ]),
    ...["status", "stages", "looking", "compared"].map((name) => [name, () => chips.draw()]),
    ...["jobs", "queue"].map((name) => [name, () => queue.draw()]),
    ...["error", "notice", "queue"].map((name) => [name, () => notes.draw()])
  ].map(([name, draw]) => [
    `change:${name}`,
    /** @type {() => void} */
    draw
  ]);
  const hear = ({ kind, now }) => {
    if (kind === "clock") ahead = now - Date.now() / 1e3;
  };
  for (const [event, draw] of listeners) model.on(event, draw);
  model.on("msg:custom", hear);
  for (const part of [line, chips, queue, notes]) part.draw();
  send("clock");
  const timer = setInterval(() => [line, queue].forEach((part) => part.tick()), TICK);
  return () => {
    clearInterval(timer);
    for (const [event, draw] of listeners) model.off(event, draw);
    model.off("msg:custom", hear);
  };
}
var foot_default = { render };
export {
  foot_default as default
};
