import { createHmac } from "node:crypto";
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
  #key: Uint8Array = new Uint8Array(0);
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
    const signature = hmac(this.#key, text).toString("hex");
    return `${ALGORITHM} Credential=${accessKeyId}/${this.#credentialScope}, SignedHeaders=${signedNames}, Signature=${signature}`;
  }

  #derive(accessKeyId: string, secretAccessKey: string, day: string): void {
    const { region, service } = this.#scope;
    let key: Uint8Array = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [day, region, service, TERMINATOR]) key = hmac(key, part);
    this.#key = key;
    this.#credentialScope = `${day}/${region}/${service}/${TERMINATOR}`;
    this.#secret = secretAccessKey;
    this.#accessKeyId = accessKeyId;
    this.#day = day;
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
