import { createHash, createHmac } from "node:crypto";

/**
 * What is digested: a text as UTF-8, or bytes.
 * @inline
 */
type Source = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or HMAC-SHA-256 where a secret is given, as the SDK's signer asks for it (its option `sha256`). */
export class Sha256 {
  readonly #secret: Uint8Array | string | undefined;
  #parts: Uint8Array[] = [];

  constructor(secret?: Source) {
    this.#secret = secret === undefined || typeof secret === "string" ? secret : bytesOf(secret);
  }

  /** Takes in more of the data. */
  update(data: Source): void {
    this.#parts.push(bytesOf(data));
  }

  /** The digest of all that was taken in, 32 bytes. */
  digest(): Promise<Uint8Array> {
    const digest = this.#secret === undefined ? createHash("sha256") : createHmac("sha256", this.#secret);
    for (const part of this.#parts) digest.update(part);
    return Promise.resolve(digest.digest());
  }

  /** Forgets what was taken in. */
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
