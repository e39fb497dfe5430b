// One model in full: what its source says of it, its versions and their files.
import { addTo, make } from "../../shared/dom.js";

/** @import { FoundFile, FoundModel, FoundVersion, Send } from "./types" */

export class ModelPage {
  id = "";
  /** @type {FoundModel | null} */
  model = null;

  /**
   * @param {HTMLElement} parent
   * @param {Send} send
   */
  constructor(parent, send) {
    this.send = send;
    this.root = addTo(parent, "section", { class: "mls-finder-one", hidden: "" });
    const head = addTo(this.root, "div", { class: "mls-finder-top" });
    const label = "Back to what was found";
    this.back = addTo(head, "button", {
      class: "mls-finder-back",
      type: "button",
      title: `${label} (Escape)`,
      "aria-label": label,
      onclick: () => send({ kind: "open", id: "" }),
    });
    this.back.textContent = "‹";
    this.title = addTo(head, "h3", {});
    this.body = addTo(this.root, "div", { class: "mls-finder-body", tabindex: "0" });
  }

  /** @param {FoundModel | null} model */
  draw(model) {
    this.id = model?.id ?? "";
    this.model = model;
    this.root.hidden = !model;
    this.body.replaceChildren();
    if (!model) return;
    this.title.textContent = model.name;
    this.root.setAttribute("aria-label", model.name);
    this.body.setAttribute("aria-label", `About ${model.name}`);
    addFacts(this.body, model.facts);
    if (/^https?:/.test(model.page)) {
      const link = { href: model.page, target: "_blank", rel: "noopener noreferrer" };
      addTo(this.body, "p", {}, make("a", link, "Its page"));
    }
    const place = make("div", { class: "mls-finder-version" });
    if (model.versions.length > 1) {
      const menu = addTo(this.body, "select", { "aria-label": "Version", title: "Version" });
      model.versions.forEach(({ name }, at) => addTo(menu, "option", { value: at }, name));
      menu.addEventListener("change", () =>
        this.drawVersion(place, model.versions[Number(menu.value)]),
      );
    }
    this.body.append(place);
    if (model.versions.length) this.drawVersion(place, model.versions[0]);
    if (model.about) addTo(this.body, "p", { class: "mls-finder-text" }, model.about);
  }

  /**
   * @param {HTMLElement} place
   * @param {FoundVersion} version
   */
  drawVersion(place, version) {
    place.replaceChildren();
    if (version.restricted) addTo(place, "p", { class: "mls-finder-refused" }, version.restricted);
    const list = addTo(place, "ul", { class: "mls-finder-files", "aria-label": "Files" });
    for (const file of version.files) this.drawFile(list, version, file);
    addFacts(place, version.facts);
    if (version.words.length) {
      addTo(place, "h4", {}, "Trigger words");
      addTo(place, "p", { class: "mls-finder-text" }, version.words.join(", "));
    }
    if (version.about) addTo(place, "p", { class: "mls-finder-text" }, version.about);
  }

  /**
   * @param {HTMLElement} list
   * @param {FoundVersion} version
   * @param {FoundFile} file
   */
  drawFile(list, version, { key, name, about, refused }) {
    const item = addTo(list, "li", {});
    const text = addTo(item, "div", { class: "mls-finder-file" });
    addTo(text, "span", { class: "mls-finder-name", title: name }, name);
    addTo(text, "span", { class: "mls-finder-about" }, about);
    if (refused) {
      addTo(text, "span", { class: "mls-finder-refused" }, refused);
      return;
    }
    const button = addTo(
      item,
      "button",
      { class: "mls-finder-button", type: "button" },
      "Download",
    );
    button.setAttribute("aria-label", `Download ${name}`);
    button.addEventListener("click", () =>
      this.send({ kind: "download", version: version.key, file: key }),
    );
  }
}

/**
 * @param {HTMLElement} parent
 * @param {[string, string][]} facts
 */
function addFacts(parent, facts) {
  if (!facts.length) return;
  const list = addTo(parent, "dl", { class: "mls-finder-facts" });
  for (const [label, value] of facts) {
    addTo(list, "dt", {}, label);
    addTo(list, "dd", {}, value);
  }
}
