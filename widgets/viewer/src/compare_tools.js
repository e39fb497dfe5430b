// The tools of Compare: how the two pictures are shown, and blinking.
import { item } from "./bar.js";
import { changeButton, makeButton, press } from "./controls.js";

/** @import { How } from "./types" */
/** @import { IconName } from "./icons.js" */
/** @import { Stage } from "./stage.js" */
/** @import { Store } from "./store.js" */

/** @type {[how: How, icon: IconName, label: string, help: string][]} */
export const HOWS = [
  ["slider", "slider", "Slider", "A line between the two, to drag (S for the next way)"],
  [
    "side by side",
    "beside",
    "Side by side",
    "Both whole, zoomed and moved together (S for the next way)",
  ],
  ["blink", "blink", "Blink", "One after the other in the same place (S for the next way)"],
];

export class CompareTools {
  /**
   * @param {Store} store
   * @param {Stage} stage
   */
  constructor(store, stage) {
    this.store = store;
    this.stage = stage;
    this.hows = HOWS.map(([how, icon, label, help]) => {
      const button = makeButton("how", icon, label, help, () => store.set({ how }));
      button.dataset.how = how;
      return button;
    });
    const { comparison } = stage;
    this.run = makeButton("run", "pause", "Pause", "Pause (P)", () => comparison.toggleBlinking());
    this.hold = makeButton("hold", "hold", "Hold", "Hold", () => {});
    this.listen();
    const blinks = () => comparison.isBlink;
    const isReady = () => store.compared !== null;
    this.groups = [
      { title: "Compare by", items: this.hows.map((button) => item(button, 1, isReady)) },
      { title: "Blink", items: [item(this.run, 2, blinks), item(this.hold, 2, blinks)] },
    ];
  }

  listen() {
    const { hold, stage } = this;
    const { comparison } = stage;
    hold.addEventListener("pointerdown", (event) => {
      hold.setPointerCapture(event.pointerId);
      comparison.hold(true);
    });
    for (const kind of ["pointerup", "pointercancel", "blur"]) {
      hold.addEventListener(kind, () => comparison.hold(false));
    }
    hold.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") comparison.hold(true);
    });
    hold.addEventListener("keyup", () => comparison.hold(false));
  }

  show() {
    const { comparison } = this.stage;
    const { model } = this.store;
    for (const button of this.hows) press(button, button.dataset.how === model.get("how"));
    if (comparison.isBlinking) changeButton(this.run, "pause", "Pause", "Stop blinking (P)");
    else changeButton(this.run, "play", "Blink by itself", "Blink by itself (P)");
    const other = model.get("labels")[1 - comparison.side];
    const help = comparison.isBlinking
      ? "Hold to see the other picture (X)"
      : `Hold to see “${other}” (X)`;
    changeButton(this.hold, "hold", "Hold to see the other", help);
  }
}
