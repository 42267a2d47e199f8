import type { LoopbackRequest } from "./exchange.js";

/**
 * Reads a whole request body.
 *
 * @returns the bytes, or `undefined` when there are more than `maxBytes` (the rest is read and dropped, so that
 *   the client sees the answer and not a broken pipe)
 */
export function readBody(request: LoopbackRequest, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on("end", () => {
      resolve(bytes > maxBytes ? undefined : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    request.on("error", reject);
    request.on("close", () => {
      if (!request.readableEnded) reject(new Error("the client cut the connection inside the request body"));
    });
  });
}
