// What was found of a picture, in sentences: why two differ, or what a check has shown.
import { addTo, make } from "../../shared/dom.js";

export class Story {
  told = ""; // what is shown

  /**
   * @param {HTMLElement} parent
   * @param {() => void} check
   */
  constructor(parent, check) {
    this.root = addTo(parent, "div", { class: "mls-details-story" });
    this.texts = addTo(this.root, "div", { role: "status" });
    this.image = addTo(this.root, "img", { alt: "Where the two pictures differ", hidden: "" });
    this.button = addTo(
      this.root,
      "button",
      {
        type: "button",
        title: "Make the picture again, without saving it, and compare every pixel",
        onclick: check,
      },
      "Check again",
    );
  }

  /**
   * @param {string[]} story
   * @param {string} difference the address of a picture, or nothing
   * @param {boolean} canCheck
   */
  draw(story, difference, canCheck) {
    this.button.hidden = !canCheck;
    const text = story.join("\n");
    if (text !== this.told) this.texts.replaceChildren(...story.map((one) => make("p", {}, one)));
    this.told = text;
    this.image.hidden = !difference;
    if (difference && this.image.src !== difference) this.image.src = difference;
  }
}
