// Which parts of the studio are folded away. It depends on the room: a column that stands beside the
// picture stays as a person left it, a drawer over the picture is closed until it is opened.

/** @typedef {"left" | "shelf"} Part */
/** @typedef {"wide" | "middle" | "narrow"} Room */

/**
 * Whether the part is a drawer in this room, and not a column.
 * @param {Part} part
 * @param {Room} room
 */
const isDrawer = (part, room) => room === "narrow" || (part === "shelf" && room === "middle");

export class Folds {
  /** @param {Partial<Record<Part, boolean>>} remembered whether each column is open */
  constructor(remembered = {}) {
    this.columns = { left: remembered.left !== false, shelf: remembered.shelf !== false };
    this.drawers = { left: false, shelf: false };
  }

  /**
   * Say whether a part is open.
   * @param {Part} part
   * @param {Room} room
   */
  isOpen(part, room) {
    return (isDrawer(part, room) ? this.drawers : this.columns)[part];
  }

  /**
   * Open or close a part. In a narrow room one drawer is open at the most.
   * @param {Part} part
   * @param {Room} room
   * @param {boolean} isOpen
   */
  set(part, room, isOpen) {
    if (!isDrawer(part, room)) {
      this.columns[part] = isOpen;
      return;
    }
    if (isOpen) this.drawers = { left: false, shelf: false };
    this.drawers[part] = isOpen;
  }

  /**
   * Close the drawers; say whether one was open.
   * @param {Room} room
   */
  closeDrawers(room) {
    const parts = /** @type {const} */ (["left", "shelf"]);
    const open = parts.filter((part) => isDrawer(part, room) && this.drawers[part]);
    for (const part of open) this.drawers[part] = false;
    return open.length > 0;
  }
}
