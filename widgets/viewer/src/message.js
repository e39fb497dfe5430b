// The message at the foot of the stage.
import { make } from "../../shared/dom.js";
import { makeButton } from "./controls.js";

/** @import { MessageOptions } from "./types" */

const SECONDS = 6;

export class MessageBar {
  /** @param {() => void} closed called when a person closes it, for the focus that it had */
  constructor(closed) {
    this.closed = closed;
    this.root = make("div", { class: "mls-viewer-message mls-viewer-over", hidden: "" });
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.fading = undefined;
  }

  /**
   * Show a message; an empty text takes it away. Errors stay until closed, the others fade.
   * @param {string} text
   * @param {MessageOptions} options
   */
  say(text, { title, details, share, isError = false } = {}) {
    const { root } = this;
    this.stop();
    root.hidden = !text;
    root.dataset.error = String(isError);
    root.setAttribute("role", isError ? "alert" : "status");
    const heading = title ? [make("strong", {}, title), " "] : [];
    const box = make("div", {}, make("p", {}, ...heading, text));
    if (share !== undefined) {
      box.append(
        make("progress", { max: 1, value: Number.isNaN(share) ? null : share, "aria-label": text }),
      );
    }
    if (details) {
      const folded = [make("summary", {}, "Technical details"), make("pre", {}, details)];
      box.append(make("details", {}, ...folded));
    }
    root.replaceChildren(
      box,
      makeButton("close", "close", "Close", "Close", () => {
        this.say("");
        this.closed();
      }),
    );
    if (text && !isError && share === undefined) {
      this.fading = setTimeout(() => this.say(""), 1000 * SECONDS);
    }
  }

  /** Take away a progress bar; an error that has come in between stays. */
  endProgress() {
    if (this.root.querySelector("progress")) this.say("");
  }

  stop() {
    clearTimeout(this.fading);
  }
}
