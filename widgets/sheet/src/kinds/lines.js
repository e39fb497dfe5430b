// A text of several lines.
import { makeText } from "./text.js";

/** @import { Control, Host } from "../types" */

/**
 * Make a text area.
 * @param {Host} host
 * @returns {Control}
 */
export const makeLines = (host) => makeText(host, "textarea");
