import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";

/** Lines of a stream of bytes, without their line feeds, as the bytes they were. Blank lines are passed over. */
export async function* readLines(input: Readable): AsyncGenerator<Buffer, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, start)) {
      if (!isBlank(text, start, end)) yield text.subarray(start, end);
      start = end + 1;
    }
    rest = text.subarray(start);
  }
  if (!isBlank(rest, 0, rest.length)) yield rest;
}

/** Opens a file, or standard input for `-`. */
export function openInput(path: string): Readable {
  return path === "-" ? process.stdin : createReadStream(path);
}

function isBlank(text: Buffer, start: number, end: number): boolean {
  return end === start || (end === start + 1 && text[start] === 13);
}
