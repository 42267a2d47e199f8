import { createHmac, hash } from "node:crypto";

/**
 * What is digested: a text as UTF-8, or bytes.
 * @inline
 */
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

  /** Takes in more of the data. */
  update(data: Source): void {
    this.#parts.push(bytesOf(data));
  }

  /** The digest of all that was taken in, 32 bytes. */
  digest(): Promise<Uint8Array> {
    const [first] = this.#parts;
    const data = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    return Promise.resolve(
      this.#secret === undefined ? hash("sha256", data, "buffer") : hmac(this.#secret, data),
    );
  }

  /** Forgets what was taken in. */
  reset(): void {
    this.#parts = [];
  }
}

/** The last one whose secret was a text: the SDK asks for that of the credentials with each request, to know its signing key by it. */
let last: { readonly secret: string; readonly data: Uint8Array; readonly digest: Uint8Array } | undefined;

function hmac(secret: Uint8Array | string, data: Uint8Array): Uint8Array {
  if (typeof secret !== "string") return createHmac("sha256", secret).update(data).digest();
  if (last?.secret !== secret || Buffer.compare(last.data, data) !== 0)
    last = {
      secret,
      data: Uint8Array.from(data),
      digest: createHmac("sha256", secret).update(data).digest(),
    };
  return last.digest;
}

function bytesOf(data: Source): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
