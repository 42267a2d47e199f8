import { createHash } from "node:crypto";

/**
 * Opaque tokens (iterators, page tokens): fields sealed with a secret of this server, so that garbage, a token of
 * another kind and a token of another server are told apart from real ones without remembering any.
 */
export class Tokens {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  #seal(kind: string, body: string): string {
    return createHash("sha256").update(`${this.#secret}|${kind}|${body}`).digest("base64url").slice(0, 22);
  }

  issue(kind: string, fields: readonly (string | number)[]): string {
    const body = JSON.stringify(fields);
    return Buffer.from(`${this.#seal(kind, body)}${body}`, "utf8").toString("base64");
  }

  /** The fields, or undefined when the token is not ours. */
  open(kind: string, token: string): readonly unknown[] | undefined {
    const plain = Buffer.from(token, "base64").toString("utf8");
    const body = plain.slice(22);
    if (plain.length <= 22 || this.#seal(kind, body) !== plain.slice(0, 22)) return undefined;
    const fields: unknown = JSON.parse(body);
    return Array.isArray(fields) ? fields : undefined;
  }
}
