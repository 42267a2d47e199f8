// Another text in the place of a file of a tarball. Nothing is unpacked, and the folders that were packed stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

/** Header and content of an entry fill whole blocks ("pax", POSIX.1-2017, "ustar Interchange Format"). */
const BLOCK_BYTES = 512;
const NAME = { start: 0, bytes: 100 };
const SIZE = { start: 124, bytes: 12 };
const CHECKSUM = { start: 148, bytes: 8 };
const PREFIX = { start: 345, bytes: 155 };

/**
 * Rewrites a file of a tarball.
 * @param {string} tarball a .tgz; it is written anew
 * @param {string} path of the file in it
 * @param {(text: string) => string} change
 * @throws {Error} where the file is not in it
 */
export function rewriteEntry(tarball, path, change) {
  const archive = gunzipSync(readFileSync(tarball));
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const header = Buffer.from(archive.subarray(at, at + BLOCK_BYTES));
    const size = Number.parseInt(textIn(header, SIZE), 8);
    const contentAt = at + BLOCK_BYTES;
    const nextAt = contentAt + inBlocks(size);
    const prefix = textIn(header, PREFIX);
    if ((prefix === "" ? "" : `${prefix}/`) + textIn(header, NAME) === path) {
      const content = Buffer.from(change(archive.toString("utf8", contentAt, contentAt + size)));
      const padding = Buffer.alloc(inBlocks(content.length) - content.length);
      const entry = [sized(header, content.length), content, padding];
      const whole = Buffer.concat([archive.subarray(0, at), ...entry, archive.subarray(nextAt)]);
      writeFileSync(tarball, gzipSync(whole, { level: 9 }));
      return;
    }
    at = nextAt;
  }
  throw new Error(`${tarball} has no ${path}`);
}

function textIn(header, { start, bytes }) {
  return header.toString("utf8", start, start + bytes).replace(/[\0 ]+$/, "");
}

function inBlocks(size) {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** A header with another size. Its checksum is the sum of its bytes, where the checksum itself counts as blanks. */
function sized(header, size) {
  header.write(`${size.toString(8).padStart(SIZE.bytes - 1, "0")}\0`, SIZE.start);
  header.fill(" ", CHECKSUM.start, CHECKSUM.start + CHECKSUM.bytes);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM.start);
  return header;
}
