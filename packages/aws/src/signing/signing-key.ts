import { createHmac, hash } from "node:crypto";
import type { AwsCredentials } from "../credentials.js";

/** What a signature holds for beside the request: service and region, as the endpoint's rules name them. */
export interface SigningScope {
  readonly region: string;
  /** The name that the service signs under, for example `kinesis`, `dynamodb` or `s3`. */
  readonly service: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const TERMINATOR = "aws4_request";

/**
 * The key that requests of one day are signed with, derived once for a day and a secret ("Create a signed AWS API request" of the IAM user
 * guide, step 4): four of the five digests of a signature.
 */
export class SigningKey {
  readonly #scope: SigningScope;
  #secret = "";
  #accessKeyId = "";
  #day = "";
  #hmac = new TextHmac(new Uint8Array(0));
  /** Of the day and its scope, as the text to sign has it. */
  #credentialScope = "";

  constructor(scope: SigningScope) {
    this.#scope = scope;
  }

  /**
   * The `authorization` of a request.
   *
   * @param longDate - time of signing, `YYYYMMDDTHHMMSSZ`
   * @param signedNames - names of the headers that are signed, in order, with semicolons in between
   * @param digest - SHA-256 of the canonical request, in hexadecimal
   */
  authorization(
    { accessKeyId, secretAccessKey }: AwsCredentials,
    longDate: string,
    signedNames: string,
    digest: string,
  ): string {
    const day = longDate.slice(0, 8);
    if (day !== this.#day || secretAccessKey !== this.#secret || accessKeyId !== this.#accessKeyId)
      this.#derive(accessKeyId, secretAccessKey, day);
    const text = `${ALGORITHM}\n${longDate}\n${this.#credentialScope}\n${digest}`;
    const signature = this.#hmac.of(text);
    return `${ALGORITHM} Credential=${accessKeyId}/${this.#credentialScope}, SignedHeaders=${signedNames}, Signature=${signature}`;
  }

  #derive(accessKeyId: string, secretAccessKey: string, day: string): void {
    const { region, service } = this.#scope;
    let key: Uint8Array = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [day, region, service, TERMINATOR]) key = hmac(key, part);
    this.#hmac = new TextHmac(key);
    this.#credentialScope = `${day}/${region}/${service}/${TERMINATOR}`;
    this.#secret = secretAccessKey;
    this.#accessKeyId = accessKeyId;
    this.#day = day;
  }
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

/** Bytes that SHA-256 takes at a time. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const FIRST_TEXT_BYTES = 256;

/**
 * HMAC-SHA-256 of texts with one key (RFC 2104), by two digests of what lies in memory. Node's own makes an object with a finalizer for each, which
 * costs more than the digests.
 */
class TextHmac {
  #inner = Buffer.alloc(BLOCK_BYTES + FIRST_TEXT_BYTES);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);

  /** @param key - of one block at most */
  constructor(key: Uint8Array) {
    for (let index = 0; index < BLOCK_BYTES; index += 1) {
      const byte = key[index] ?? 0;
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  /** In hexadecimal. */
  of(text: string): string {
    const bytes = BLOCK_BYTES + Buffer.byteLength(text);
    if (bytes > this.#inner.length) {
      const larger = Buffer.alloc(bytes);
      this.#inner.copy(larger, 0, 0, BLOCK_BYTES);
      this.#inner = larger;
    }
    this.#inner.write(text, BLOCK_BYTES);
    this.#outer.set(hash("sha256", this.#inner.subarray(0, bytes), "buffer"), BLOCK_BYTES);
    return hash("sha256", this.#outer, "hex");
  }
}
