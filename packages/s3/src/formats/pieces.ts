/** What `piecesOf` cuts at: the bytes between two pieces, and whether the last piece must be followed by them as well. */
export interface PieceRules {
  readonly separator: Uint8Array;
  /** Most bytes of a piece. */
  readonly maxBytes: number;
}

/**
 * Cuts a stream of bytes at a separator that follows every piece, some pieces at a time. No more than one piece and one chunk are in memory.
 * @throws RangeError past `maxBytes`; an Error where the last piece has no separator, because the object was cut short
 */
export async function* piecesOf(
  chunks: AsyncIterable<Uint8Array>,
  { separator, maxBytes }: PieceRules,
): AsyncGenerator<readonly Buffer[], void> {
  let rest: Buffer = Buffer.alloc(0);
  /** The bytes of `rest` in which no separator begins. */
  let searched = 0;
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  for await (const chunk of chunks) {
    waiting.push(asBuffer(chunk));
    waitingBytes += chunk.length;
    // A piece of many chunks is put together now and then only, or each chunk would copy all before it.
    if (waitingBytes < rest.length && rest.length + waitingBytes <= maxBytes) continue;
    rest = Buffer.concat([rest, ...waiting.splice(0)]);
    waitingBytes = 0;
    const pieces: Buffer[] = [];
    let start = 0;
    for (let end = rest.indexOf(separator, searched); end !== -1; end = rest.indexOf(separator, start)) {
      if (end - start > maxBytes) throw tooLong(maxBytes);
      pieces.push(rest.subarray(start, end));
      start = end + separator.length;
    }
    rest = rest.subarray(start);
    if (rest.length > maxBytes + separator.length) throw tooLong(maxBytes);
    searched = Math.max(0, rest.length - separator.length + 1);
    if (pieces.length > 0) yield pieces;
  }
  rest = Buffer.concat([rest, ...waiting]);
  const last: Buffer[] = [];
  let start = 0;
  for (let end = rest.indexOf(separator, searched); end !== -1; end = rest.indexOf(separator, start)) {
    last.push(rest.subarray(start, end));
    start = end + separator.length;
  }
  if (last.length > 0) yield last;
  if (start < rest.length) throw new Error("it ends in the middle of a record");
}

function tooLong(maxBytes: number): RangeError {
  return new RangeError(`a record has more than ${maxBytes} bytes (maxRecordBytes)`);
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
