// The outline of a mask: the edges between pixels that are to be painted and those that are not.

/** @typedef {[x1: number, y1: number, x2: number, y2: number]} Edge */

const HALF = 128;

/**
 * Return the edges around all pixels of at least half cover; pixels in a row share one.
 * @param {Uint8Array} data one byte a pixel
 * @param {number} width
 * @param {number} height
 * @returns {Edge[]}
 */
export function outlineOf(data, width, height) {
  /** @type {Edge[]} */
  const edges = [];
  addEdgesAcross(edges, data, width, height);
  addEdgesDown(edges, data, width, height);
  return edges;
}

/**
 * Add the edges between each row and the next one.
 * @param {Edge[]} edges
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 */
function addEdgesAcross(edges, data, width, height) {
  for (let y = 0; y <= height; y++) {
    const [above, below] = [(y - 1) * width, y * width];
    let from = -1;
    for (let x = 0; x < width; x++) {
      const isAbove = y > 0 && data[above + x] >= HALF;
      const isBelow = y < height && data[below + x] >= HALF;
      if (isAbove !== isBelow) {
        if (from < 0) from = x;
      } else if (from >= 0) {
        edges.push([from, y, x, y]);
        from = -1;
      }
    }
    if (from >= 0) edges.push([from, y, width, y]);
  }
}

/**
 * Add the edges between each column and the next one; row by row, as the pixels lie in memory.
 * @param {Edge[]} edges
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 */
function addEdgesDown(edges, data, width, height) {
  const starts = new Int32Array(width + 1).fill(-1); // of the edge that goes on, for each column
  for (let y = 0; y <= height; y++) {
    let isBefore = false;
    for (let x = 0; x <= width; x++) {
      const isIn = y < height && x < width && data[y * width + x] >= HALF;
      if (isIn !== isBefore) {
        if (starts[x] < 0) starts[x] = y;
      } else if (starts[x] >= 0) {
        edges.push([x, starts[x], x, y]);
        starts[x] = -1;
      }
      isBefore = isIn;
    }
  }
}
