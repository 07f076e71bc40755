// A ZIP of files as they are, without compression (APPNOTE 6.3: local headers, central directory, end record).

const UTF8_NAMES = 0x0800;

/** CRC-32 as in ZIP and PNG, one entry a byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * @param {[name: string, content: Uint8Array<ArrayBuffer>][]} files Less than 4 GB together.
 * @returns {Blob}
 */
export function zip(files) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const directory = [];
  let offset = 0;
  for (const [name, content] of files) {
    const label = new Uint8Array(new TextEncoder().encode(name));
    const crc = crc32(content);
    const fields = [UTF8_NAMES, 0, 0, 0x21, crc & 0xffff, crc >>> 16, content.length & 0xffff, content.length >>> 16, content.length & 0xffff, content.length >>> 16, label.length, 0];
    const local = words(0x4b50, 0x0403, 20, ...fields);
    directory.push(words(0x4b50, 0x0201, 20, 20, ...fields, 0, 0, 0, 0, 0, offset & 0xffff, offset >>> 16), label);
    parts.push(local, label, content);
    offset += local.length + label.length + content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = words(0x4b50, 0x0605, 0, 0, files.length, files.length, size & 0xffff, size >>> 16, offset & 0xffff, offset >>> 16, 0);
  return new Blob([...parts, ...directory, end]);
}

/** @param {...number} values Each becomes two bytes, little-endian. */
const words = (...values) => new Uint8Array(Uint16Array.from(values).buffer);
