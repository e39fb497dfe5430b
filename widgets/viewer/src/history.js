// Undo and redo.

/**
 * The changes that can be undone, newest last, and those that can be made again.
 * @template {{ was: unknown, is: unknown }} Change
 */
export class History {
  /** @type {Change[]} */
  done = [];
  /** @type {Change[]} */
  undone = [];

  /**
   * Remember a change; what was undone before cannot be made again.
   * @param {Change} change
   */
  add(change) {
    this.done.push(change);
    this.undone = [];
  }

  /**
   * Forget the oldest changes until the rest is at most `most` in size; the newest always stays.
   * @param {number} most
   * @param {(change: Change) => number} sizeOf
   */
  limit(most, sizeOf) {
    let held = this.done.reduce((sum, change) => sum + sizeOf(change), 0);
    while (held > most && this.done.length > 1) {
      const oldest = this.done.shift();
      if (oldest) held -= sizeOf(oldest);
    }
  }

  /** Return the change to undo, undefined where there is none. */
  undo() {
    const change = this.done.pop();
    if (change) this.undone.push(change);
    return change;
  }

  /** Return the change to make again, undefined where there is none. */
  redo() {
    const change = this.undone.pop();
    if (change) this.done.push(change);
    return change;
  }

  clear() {
    this.done = [];
    this.undone = [];
  }
}
