// The queue: a button that tells how many wait, and the list that it opens.
import { addTo, make, makeSvg } from "../../shared/dom.js";
import { openAt } from "../../shared/popup.js";
import { headText, jobText, queueText } from "./texts.js";

/** @import { Clock, Job, Model, Send } from "./types" */

const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
const PATHS = {
  open: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  front: "M5 5h14M12 20V10M7 14l5-5 5 5",
  up: "M12 19V6M6 12l6-6 6 6",
  down: "M12 5v13M6 12l6 6 6-6",
  keep: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  retry: "M19 12a7 7 0 1 1-2-5m2-3v4h-4",
  cancel: "M6 6l12 12M18 6L6 18",
};
/** @type {Record<string, string>} */
const TITLES = {
  open: "Show the batch",
  front: "Make this one next",
  up: "Move up",
  down: "Move down",
  keep: "Stop now and save the picture as far as it is",
  retry: "Try again",
  cancel: "Remove from the queue",
};
/** The button beside one that can move its row no further. @type {Record<string, string>} */
const OPPOSITE = { front: "down", up: "down", down: "up" };
const DOES = /** @type {(keyof typeof PATHS)[]} */ (Object.keys(PATHS));
const EMPTY = "Nothing waits. Press Generate while a picture is being made to queue the next one.";

class Row {
  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.item = addTo(parent, "li", { class: "mls-job" });
    const text = addTo(this.item, "div", { class: "mls-job-text" });
    this.label = addTo(text, "p");
    this.told = addTo(text, "small");
    /** @type {Job | null} */
    this.job = null;
    this.buttons = Object.fromEntries(
      DOES.map((name) => {
        const button = addTo(this.item, "button", {
          class: `mls-foot-icon mls-job-${name}`,
          type: "button",
          onclick: () => this.job && send("job", { name: this.job.name, do: name, place: null }),
        });
        button.append(makeSvg([[PATHS[name], STROKE]], { width: 16, height: 16 }));
        return [name, button];
      }),
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
    /** @type {Record<string, boolean>} */
    const seen = {
      front: place > 0,
      up: place > 0,
      down: place >= 0 && place < count - 1,
      open: job.is_batch,
      keep: job.state === "running" && !job.is_batch,
      retry: job.state === "failed",
      cancel: true,
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
}

/** @param {Job} job */
function cancelTitle({ state, is_batch }) {
  if (is_batch) return "Stop the batch";
  if (state === "running") return "Cancel";
  return state === "failed" ? "Dismiss" : TITLES.cancel;
}

export class QueueList {
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
      "aria-haspopup": "dialog",
    });
    this.count = addTo(this.button, "span");
    addTo(this.button, "span", { class: "mls-arrow", "aria-hidden": "true" });
    this.panel = addTo(parent, "div", {
      class: "mls-queue",
      role: "dialog",
      "aria-label": "Queue",
    });
    const head = addTo(this.panel, "div", { class: "mls-queue-head" });
    addTo(head, "strong").textContent = "Queue";
    this.head = addTo(head, "span");
    this.pause = this.action(head, "pause", "", () =>
      model.get("queue").paused ? "go on" : "pause",
    );
    this.all = this.action(head, "cancel-all", "Cancel all", () => "cancel all");
    this.list = addTo(this.panel, "ul", { class: "mls-queue-rows", "aria-label": "Jobs" });
    this.empty = addTo(this.panel, "p", { class: "mls-queue-empty" });
    this.empty.textContent = EMPTY;
    /** @type {Row[]} */
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
      onclick: () => this.send("queue", { do: what() }),
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
    this.pause.title = queue.paused
      ? "Go on with the pictures that wait"
      : "Finish the present picture, and begin no other";
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
    const able = [name, OPPOSITE[name]]
      .map((one) => row.buttons[one])
      .find((button) => button && row.item.isConnected && !button.hidden && !button.disabled);
    (able ?? this.button).focus();
  }

  tick() {
    if (!this.isOpen) return;
    const now = this.clock();
    for (const row of this.rows) row.tick(now);
  }

  /** Let waiting rows be dragged to another place. */
  listenToDrags() {
    /** @type {string | null} */
    let dragged = null;
    /** @param {Event} event */
    const rowAt = (event) =>
      this.rows.find(({ item }) => event.target instanceof Node && item.contains(event.target));
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
    this.list.addEventListener("dragend", () => (dragged = null));
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
}
