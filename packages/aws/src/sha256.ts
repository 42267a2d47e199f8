import { createHmac, hash } from "node:crypto";

type Source = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256, or HMAC-SHA-256 where a secret is given, as SDK clients ask for it (their option `sha256`). The SDK's own makes two of Node's hash
 * streams for each digest; signing takes four digests.
 */
export class Sha256 {
  readonly #secret: Uint8Array | string | undefined;
  #parts: Uint8Array[] = [];

  constructor(secret?: Source) {
    this.#secret = secret === undefined || typeof secret === "string" ? secret : bytesOf(secret);
  }

  update(data: Source): void {
    this.#parts.push(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    const [first] = this.#parts;
    const data = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    const digest =
      this.#secret === undefined
        ? hash("sha256", data, "buffer")
        : createHmac("sha256", this.#secret).update(data).digest();
    return Promise.resolve(digest);
  }

  reset(): void {
    this.#parts = [];
  }
}

function bytesOf(data: Source): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
