/**
 * The hash of bucket partitions: Murmur3, 32 bits, x86 variant, seed 0, as a signed number (Iceberg table spec, appendix B "32-bit Hash Requirements").
 */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = bytes.length >> 2;
  let hash = 0;
  for (let word = 0; word < words; word += 1) {
    hash ^= mixed(view.getInt32(word * 4, true));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let index = bytes.length - 1; index >= words * 4; index -= 1) tail = (tail << 8) | (bytes[index] ?? 0);
  if (bytes.length % 4 > 0) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

function mixed(word: number): number {
  const first = Math.imul(word, 0xcc9e2d51);
  return Math.imul((first << 15) | (first >>> 17), 0x1b873593);
}
