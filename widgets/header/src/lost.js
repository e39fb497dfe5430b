// A kernel that was restarted, or that cannot be reached, takes the studio's life: every control does
// nothing from then on. One sentence over the studio says so, with a way on.
import { addTo, make } from "../../shared/dom.js";
import { runCell } from "./cell.js";

const PATIENCE = 4000; // ms; shorter gaps in the connection mend themselves unseen
const DISCONNECTED = "jupyter-widgets-disconnected"; // ipywidgets' class of a view whose model ended

/** @typedef {"restarted" | "unreachable"} Kind */
/**
 * A signal of JupyterLab's.
 * @typedef {{ connect(hear: (from: unknown, what: any) => void): void,
 *   disconnect(hear: (from: unknown, what: any) => void): void }} Signal
 */
/**
 * The part of JupyterLab's kernel that is used here.
 * @typedef {{ connectionStatus: string, statusChanged: Signal, connectionStatusChanged: Signal,
 *   disposed: Signal }} Kernel
 */

/** @type {Record<Kind, { notebook: string, page: string }>} */
const SENTENCES = {
  restarted: {
    notebook: "The kernel was restarted. Run the cell again; your settings are kept.",
    page: "The studio was restarted. Reload the page; your settings are kept.",
  },
  unreachable: {
    notebook: "The connection to the kernel is lost. Jupyter tries to connect again.",
    page: "The connection is lost. Reload the page.",
  },
};

export class Lost {
  /**
   * @param {HTMLElement} panel
   * @param {Kernel | null | undefined} kernel
   */
  constructor(panel, kernel) {
    this.panel = panel;
    this.kernel = kernel;
    /** @type {HTMLElement | null} */
    this.shown = null;
    this.timer = 0;
    this.watch = new MutationObserver(() => this.look());
    this.watch.observe(panel, { attributeFilter: ["class"] });
    this.hearStatus = (/** @type {unknown} */ _, /** @type {string} */ status) => {
      if (/^(restarting|autorestarting|dead|terminating)$/.test(status)) this.show("restarted");
    };
    this.hearConnection = () => this.connectionChanged();
    this.hearEnd = () => this.show("restarted");
    kernel?.statusChanged.connect(this.hearStatus);
    kernel?.connectionStatusChanged.connect(this.hearConnection);
    kernel?.disposed?.connect(this.hearEnd);
    this.look();
  }

  close() {
    this.watch.disconnect();
    clearTimeout(this.timer);
    this.kernel?.statusChanged.disconnect(this.hearStatus);
    this.kernel?.connectionStatusChanged.disconnect(this.hearConnection);
    this.kernel?.disposed?.disconnect(this.hearEnd);
    this.hide();
  }

  look() {
    if (this.panel.classList.contains(DISCONNECTED)) this.show("restarted");
  }

  connectionChanged() {
    clearTimeout(this.timer);
    if (this.kernel?.connectionStatus === "connected") {
      if (this.shown?.dataset.kind === "unreachable") this.hide();
      return;
    }
    this.timer = window.setTimeout(() => this.show("unreachable"), PATIENCE);
  }

  /** @param {Kind} kind */
  show(kind) {
    if (this.shown?.dataset.kind === kind || this.shown?.dataset.kind === "restarted") return;
    this.hide();
    const isInNotebook = Boolean(this.panel.closest(".jp-NotebookPanel"));
    const sentence = SENTENCES[kind][isInNotebook ? "notebook" : "page"];
    const buttons = make("p", { class: "mls-lost-buttons" });
    const way = this.wayOn(kind, isInNotebook);
    if (way) addTo(buttons, "button", { type: "button", onclick: way[1] }, way[0]);
    addTo(buttons, "button", { type: "button", onclick: () => this.hide() }, "Hide this");
    const box = make("div", { class: "mls-lost-box", role: "alert" });
    box.append(make("p", {}, sentence), buttons);
    this.shown = addTo(this.panel, "div", { class: "mls-lost", "data-kind": kind });
    this.shown.append(box);
    this.panel.dataset.lost = kind;
  }

  hide() {
    this.shown?.remove();
    this.shown = null;
    delete this.panel.dataset.lost;
  }

  /**
   * Return what a button that mends it says and does; null where Jupyter mends it by itself.
   * @param {Kind} kind
   * @param {boolean} isInNotebook
   * @returns {[string, () => void] | null}
   */
  wayOn(kind, isInNotebook) {
    if (!isInNotebook) return ["Reload the page", () => location.reload()];
    return kind === "restarted" ? ["Run the cell again", () => runCell(this.panel)] : null;
  }
}
