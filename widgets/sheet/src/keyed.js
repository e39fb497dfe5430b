// Elements that follow a list: those of items that stay are kept, with the focus in them.

/**
 * @template Item
 * @typedef {object} Piece
 * @property {HTMLElement} element
 * @property {(item: Item, index: number) => void} show
 * @property {() => void} [close]
 */

/** @template Item */
export class Keyed {
  /**
   * @param {Element} parent
   * @param {(item: Item, index: number) => string} keyOf return what tells an item from the others
   * @param {(key: string) => Piece<Item>} make
   */
  constructor(parent, keyOf, make) {
    this.parent = parent;
    this.keyOf = keyOf;
    this.make = make;
    /** @type {Map<string, Piece<Item>>} */
    this.pieces = new Map();
  }

  /** @param {Item[]} items */
  show(items) {
    const before = this.pieces;
    this.pieces = new Map();
    items.forEach((item, index) => {
      let key = this.keyOf(item, index);
      while (this.pieces.has(key)) key += "+"; // twice in the list
      const piece = before.get(key) ?? this.make(key);
      before.delete(key);
      this.pieces.set(key, piece);
      piece.show(item, index);
      // Only what stands elsewhere is moved: moving takes the focus away.
      const there = this.parent.children[index];
      if (there !== piece.element) this.parent.insertBefore(piece.element, there ?? null);
    });
    for (const piece of before.values()) end(piece);
  }

  close() {
    for (const piece of this.pieces.values()) end(piece);
    this.pieces.clear();
  }
}

/** @param {Piece<any>} piece */
function end(piece) {
  piece.close?.();
  piece.element.remove();
}
