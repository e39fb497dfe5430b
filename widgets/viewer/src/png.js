// A grey picture as a PNG file. A canvas writes colours with transparency: four times as much to
// send. Source: PNG (third edition), https://www.w3.org/TR/png-3/, 5 (chunks) and D (CRC).

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/**
 * Return the bytes of an 8-bit grey PNG.
 * @param {Uint8Array} data one byte a pixel, row by row
 * @param {number} width
 * @param {number} height
 */
export async function greyPNG(data, width, height) {
  const rows = new Uint8Array((width + 1) * height); // each begins with its filter: 0, none
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const zipped = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(zipped).arrayBuffer());
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8); // bits a pixel; the rest 0: grey, deflate, no filter method, no interlace
  const file = new Blob([
    new Uint8Array(SIGNATURE),
    chunk("IHDR", new Uint8Array(head.buffer)),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array()),
  ]);
  return new Uint8Array(await file.arrayBuffer());
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

/**
 * @param {string} name four letters
 * @param {Uint8Array} content
 */
function chunk(name, content) {
  const made = new Uint8Array(12 + content.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set(new TextEncoder().encode(name), 4);
  made.set(content, 8);
  let crc = 0xffffffff;
  for (const byte of made.subarray(4, -4)) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  view.setUint32(made.length - 4, ~crc >>> 0);
  return made;
}
