// The kinds of settings, and the controls that are made for them.
import { makeBoxes } from "./kinds/boxes.js";
import { makeChoice } from "./kinds/choice.js";
import { makeLines } from "./kinds/lines.js";
import { makeLoRAs } from "./kinds/loras.js";
import { makeNames } from "./kinds/names.js";
import { makeNumber } from "./kinds/number.js";
import { makePicture } from "./kinds/picture.js";
import { makePictures } from "./kinds/pictures.js";
import { makePrompt } from "./kinds/prompt.js";
import { makeSeed } from "./kinds/seed.js";
import { makeSize } from "./kinds/size.js";
import { makeText } from "./kinds/text.js";
import { makeTick } from "./kinds/tick.js";
import { makeUnits } from "./kinds/units.js";

/** @import { Kind, KindOfControl } from "./types" */

/** @type {Record<Kind, KindOfControl>} */
export const KINDS = {
  boxes: { make: makeBoxes, hasActions: true, hasBack: true },
  choice: { make: makeChoice },
  lines: { make: makeLines, isWide: true },
  loras: { make: makeLoRAs, isWide: true },
  names: { make: makeNames },
  number: { make: makeNumber },
  picture: { make: makePicture, isWide: true, hasActions: true, hasBack: true },
  pictures: { make: makePictures, isWide: true, hasActions: true, hasBack: true },
  prompt: { make: makePrompt, isWide: true },
  seed: { make: makeSeed, hasBack: true },
  size: { make: makeSize },
  text: { make: makeText },
  tick: { make: makeTick },
  units: { make: makeUnits, isWide: true, hasBack: true },
  whole: { make: makeNumber },
};
