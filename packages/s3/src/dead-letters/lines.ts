const LINE_FEED = 0x0a;

/**
 * Cuts a stream of bytes into lines without their line feeds; empty lines are passed over. No more than one line and one chunk are in
 * memory, so a small compressed object that expands without end (a "zip bomb") meets the cap and not the machine's memory.
 *
 * @throws RangeError past `maxLineBytes`, and TypeError for a line that is not UTF-8
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<string, void> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const collect = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > maxLineBytes) throw new RangeError(`a line has more than ${maxLineBytes} bytes`);
    pieces.push(piece);
  };
  const take = (): string => {
    const line = decode(Buffer.concat(pieces));
    pieces = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      collect(chunk.subarray(start, end));
      start = end + 1;
      if (length > 0) yield take();
      else pieces = [];
    }
    if (start < chunk.length) collect(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
