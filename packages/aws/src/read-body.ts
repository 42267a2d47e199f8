import type { Readable } from "node:stream";

/**
 * The body of an answer, as Node's handlers of HTTP give it, in one piece.
 * @throws the connection's own error, or one with the code `ECONNRESET` when the body ends too early
 */
export function readBody(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return Promise.resolve(body);
  if (!isReadable(body)) return Promise.reject(new TypeError("the answer's body is no stream of bytes"));
  // By events: an async iterator costs more than the reading of a small body.
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let isWhole = false;
    body.on("data", (part: Uint8Array) => parts.push(part));
    body.once("end", () => {
      isWhole = true;
      resolve(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
    });
    body.once("error", reject);
    body.once("close", () => {
      if (!isWhole) reject(Object.assign(new Error("the answer's body ended early"), { code: "ECONNRESET" }));
    });
  });
}

function isReadable(body: unknown): body is Readable {
  return (
    typeof body === "object" &&
    body !== null &&
    "on" in body &&
    "once" in body &&
    Symbol.asyncIterator in body
  );
}
