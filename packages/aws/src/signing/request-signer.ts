import { hash } from "node:crypto";
import type { AwsCredentials } from "../credentials.js";
import { canonicalQuery, canonicalValue, escapedPath, isSigned } from "./canonical.js";
import { SigningKey, type SigningScope } from "./signing-key.js";

/** The part that is alike in all requests of one kind. Names of headers are taken in lower case. */
export interface RequestShape extends SigningScope {
  readonly method: string;
  /** Headers with values that do not change, `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of headers whose values each request brings. */
  readonly varying?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
}

/** One request of its kind. */
export interface RequestToSign {
  /** Values of the `varying` headers, in the order in which they were named. */
  readonly values: readonly string[];
  /** As it is sent. Default "/". */
  readonly path?: string;
  /** SHA-256 of the body in hexadecimal (`payloadHash`), or `UNSIGNED-PAYLOAD` where the service permits it. */
  readonly payloadHash: string;
  /** Time of signing by the service's clock, in milliseconds since 1970. */
  readonly atMs: number;
}

/** Headers that a signature adds to those of the request. */
export interface SignatureHeaders {
  readonly authorization: string;
  readonly "x-amz-content-sha256": string;
  readonly "x-amz-date": string;
  /** Only with the credentials of a session. */
  readonly "x-amz-security-token"?: string;
}

/** Headers that the signer makes. */
const MADE_HERE: ReadonlySet<string> = new Set([
  "authorization",
  "date",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/** The index of a varying header, or a value that is made here. */
type Place = number | "path" | "date" | "hash";

/** A canonical request with places for what each request brings. */
interface Template {
  readonly sessionToken: string | undefined;
  /** One more than there are places. */
  readonly texts: readonly string[];
  /** What comes after each text but the last. */
  readonly places: readonly Place[];
  readonly signedNames: string;
}

/**
 * Signs requests of one kind by Signature Version 4 in headers ("AWS Signature Version 4 for API requests" of the IAM user guide), as the signer of
 * AWS's SDK does: the part of the canonical request that does not change is written once, and the key is derived once a day.
 */
export class RequestSigner {
  readonly #shape: RequestShape;
  readonly #key: SigningKey;
  readonly #encodesPath: boolean;
  /** What is signed of each header: its text, or the place of its value. */
  readonly #lines = new Map<string, { readonly text: string } | Place>();
  #template: Template | undefined;
  #second = Number.NaN;
  #longDate = "";

  /** @throws TypeError for a header that is made here, such as `x-amz-date`, and one that is named twice */
  constructor(shape: RequestShape) {
    this.#shape = shape;
    this.#key = new SigningKey(shape);
    this.#encodesPath = shape.service !== "s3";
    for (const [name, value] of Object.entries(shape.headers))
      this.#add(name.toLowerCase(), { text: canonicalValue(value) });
    for (const [index, name] of (shape.varying ?? []).entries()) this.#add(name.toLowerCase(), index);
  }

  /** @throws Error for credentials without keys, in the words of the SDK's signer */
  sign(credentials: AwsCredentials, request: RequestToSign): SignatureHeaders {
    requireKeys(credentials);
    const { sessionToken } = credentials;
    if (this.#template === undefined || this.#template.sessionToken !== sessionToken)
      this.#template = this.#templateFor(sessionToken);
    const { signedNames } = this.#template;
    const longDate = this.#longDateOf(request.atMs);
    const digest = hash("sha256", this.#canonical(this.#template, request, longDate), "hex");
    return {
      authorization: this.#key.authorization(credentials, longDate, signedNames, digest),
      "x-amz-content-sha256": request.payloadHash,
      "x-amz-date": longDate,
      ...(isGiven(sessionToken) ? { "x-amz-security-token": sessionToken } : {}),
    };
  }

  #canonical({ texts, places }: Template, request: RequestToSign, longDate: string): string {
    const { values, path = "/", payloadHash } = request;
    let canonical = texts[0] as string;
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at];
      if (typeof place === "number") canonical += canonicalValue(values[place] as string);
      else if (place === "date") canonical += longDate;
      else if (place === "hash") canonical += payloadHash;
      else canonical += this.#encodesPath ? escapedPath(path) : path;
      canonical += texts[at + 1] as string;
    }
    return canonical;
  }

  #templateFor(sessionToken: string | undefined): Template {
    const lines = new Map(this.#lines);
    lines.set("x-amz-content-sha256", "hash");
    lines.set("x-amz-date", "date");
    if (isGiven(sessionToken)) lines.set("x-amz-security-token", { text: canonicalValue(sessionToken) });
    const names = [...lines.keys()].filter(isSigned).toSorted();
    const signedNames = names.join(";");
    const { method, query } = this.#shape;
    const texts: string[] = [];
    const places: Place[] = ["path"];
    texts.push(`${method}\n`);
    let text = `\n${canonicalQuery(query ?? {})}\n`;
    for (const name of names) {
      const line = lines.get(name) as { readonly text: string } | Place;
      text += `${name}:`;
      if (typeof line === "object") text += line.text;
      else {
        texts.push(text);
        places.push(line);
        text = "";
      }
      text += "\n";
    }
    texts.push(`${text}\n${signedNames}\n`, "");
    places.push("hash");
    return { sessionToken, texts, places, signedNames };
  }

  #add(name: string, line: { readonly text: string } | number): void {
    if (MADE_HERE.has(name)) throw new TypeError(`the header ${name} is made by the signer`);
    if (this.#lines.has(name)) throw new TypeError(`the header ${name} is given twice`);
    this.#lines.set(name, line);
  }

  #longDateOf(atMs: number): string {
    const second = Math.floor(atMs / 1_000);
    if (second !== this.#second) {
      const date = new Date(second * 1_000).toISOString();
      this.#longDate = `${date.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
      this.#second = second;
    }
    return this.#longDate;
  }
}

/** The digest of a body, as `RequestToSign` takes it. */
export function payloadHash(body: string | Uint8Array): string {
  return hash("sha256", body, "hex");
}

function isGiven(sessionToken: string | undefined): sessionToken is string {
  return sessionToken !== undefined && sessionToken !== "";
}

/** A provider of one's own may give anything. */
function requireKeys(credentials: unknown): void {
  const { accessKeyId, secretAccessKey } = (credentials ?? {}) as Partial<Record<string, unknown>>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string")
    throw new Error("Resolved credential object is not valid");
}
