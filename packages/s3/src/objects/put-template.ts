import { crc32 } from "node:zlib";
import {
  type AwsCredentials,
  escapeUri,
  type OutgoingRequest,
  payloadHash,
  RequestSigner,
} from "@kinesis-connectors/aws";
import type { NewObject } from "./put-object.js";

/** A PutObject as the last step of the client sends it: signed, with its body in memory. */
export interface SentPut extends OutgoingRequest {
  readonly query?: Readonly<Record<string, string>>;
}

/** What differs between two requests for the same object. */
export interface PutOccasion {
  /** Time of signing by S3's clock, in milliseconds since 1970. */
  readonly atMs: number;
  /** Tells the request from others in AWS's logs. */
  readonly invocationId: string;
}

const METADATA = "x-amz-meta-";

/** Headers that are the same for all objects of one kind. A request with any other one is made by the client alone. */
const SAME: ReadonlySet<string> = new Set([
  "amz-sdk-request",
  "content-encoding",
  "content-type",
  "host",
  "if-none-match",
  "user-agent",
  "x-amz-acl",
  "x-amz-expected-bucket-owner",
  "x-amz-request-payer",
  "x-amz-sdk-checksum-algorithm",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-storage-class",
  "x-amz-tagging",
  "x-amz-user-agent",
]);

const LENGTH = "content-length";
const CHECKSUM = "x-amz-checksum-crc32";
const INVOCATION = "amz-sdk-invocation-id";

/** Headers that are made for each request. */
const MADE: ReadonlySet<string> = new Set([
  LENGTH,
  CHECKSUM,
  INVOCATION,
  "authorization",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/** `AWS4-HMAC-SHA256 Credential=<id>/<day>/<region>/<service>/aws4_request, ...`: other ways of signing begin otherwise. */
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=[^/,]+\/\d{8}\/([^/,]+)\/s3\/aws4_request, /;
const LONG_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** The part of an object that its request is made of. */
export type PutObject = Pick<NewObject, "key" | "metadata"> & { readonly bytes: Uint8Array };

/**
 * The requests that write objects of one kind into one bucket, learned from one that the SDK's client made: what is the same in all of them is
 * kept, and key, metadata, checksum, identifier, date and signature are made anew. All of the payload is signed, as the client does it.
 */
export class PutTemplate {
  readonly #sent: SentPut;
  /** The path up to the key, and the query behind it. */
  readonly #root: string;
  readonly #query: string;
  readonly #signer: RequestSigner;
  /** Headers in the order in which they are sent; undefined for those that are made. */
  readonly #headers: readonly (readonly [name: string, value: string | undefined])[];
  /** Names of the metadata, in the order in which the signer takes the values. */
  readonly #names: readonly string[];

  /**
   * Learns from a request for an object. Undefined where anything in it is not known here: what the template makes for the same object is the same request,
   * signature included.
   */
  static from(sent: SentPut, input: PutObject, credentials: AwsCredentials): PutTemplate | undefined {
    const { headers } = sent;
    const root = rootOf(sent.path, input.key);
    const region = AUTHORIZATION.exec(headers["authorization"] ?? "")?.[1];
    const atMs = timeOf(headers["x-amz-date"] ?? "");
    const invocationId = headers[INVOCATION];
    // A later attempt says so.
    if (headers["amz-sdk-request"]?.startsWith("attempt=1;") !== true) return undefined;
    if (root === undefined || region === undefined || atMs === undefined || invocationId === undefined)
      return undefined;
    for (const name of Object.keys(headers))
      if (!SAME.has(name) && !MADE.has(name) && !name.startsWith(METADATA)) return undefined;
    const template = new PutTemplate(sent, root, region);
    const made = template.request(input, credentials, { atMs, invocationId });
    return made !== undefined && isSame(made, { ...sent, path: sent.path + template.#query })
      ? template
      : undefined;
  }

  private constructor(sent: SentPut, root: string, region: string) {
    this.#sent = sent;
    this.#root = root;
    this.#query = queryText(sent.query ?? {});
    const same: Record<string, string> = {};
    const names: string[] = [];
    this.#headers = Object.entries(sent.headers).map(([name, value]) => {
      if (SAME.has(name)) return [name, (same[name] = value)];
      if (name.startsWith(METADATA)) names.push(name.slice(METADATA.length));
      return [name, undefined];
    });
    this.#names = names;
    this.#signer = new RequestSigner({
      method: sent.method,
      region,
      service: "s3",
      headers: same,
      varying: [LENGTH, CHECKSUM, INVOCATION, ...names.map((name) => METADATA + name)],
      query: sent.query ?? {},
    });
  }

  /** The request for an object, with its query in its path; undefined where it cannot be made here. */
  request(
    { key, metadata, bytes }: PutObject,
    credentials: AwsCredentials,
    { atMs, invocationId }: PutOccasion,
  ): OutgoingRequest | undefined {
    const values = [String(bytes.length), checksumOf(bytes), invocationId];
    for (const name of this.#names) {
      const value = metadata[name];
      // What a header cannot carry as it is, the client may know how to encode, or how to refuse.
      if (value === undefined || !PLAIN.test(value)) return undefined;
      values.push(value);
    }
    if (Object.keys(metadata).length !== this.#names.length) return undefined;
    const path = this.#root + escapedKey(key);
    const signature = this.#signer.sign(credentials, { values, path, payloadHash: payloadHash(bytes), atMs });
    const [length, checksum] = values;
    const made: Record<string, string | undefined> = {
      ...signature,
      [LENGTH]: length,
      [CHECKSUM]: checksum,
      [INVOCATION]: invocationId,
    };
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#headers) {
      const found = value ?? made[name] ?? metadata[name.slice(METADATA.length)];
      if (found === undefined) return undefined;
      headers[name] = found;
    }
    const { method, protocol, hostname, port } = this.#sent;
    return { method, protocol, hostname, port, path: path + this.#query, headers, body: bytes };
  }
}

/** The path of a request up to its key; undefined where it ends otherwise. */
function rootOf(path: string, key: string): string | undefined {
  const escaped = escapedKey(key);
  return path.endsWith(`/${escaped}`) ? path.slice(0, path.length - escaped.length) : undefined;
}

function escapedKey(key: string): string {
  return key.split("/").map(escapeUri).join("/");
}

function queryText(query: Readonly<Record<string, string>>): string {
  const texts = Object.entries(query).map(([name, value]) => `${escapeUri(name)}=${escapeUri(value)}`);
  return texts.length === 0 ? "" : `?${texts.join("&")}`;
}

function timeOf(longDate: string): number | undefined {
  const [, year, month, day, hour, minute, second] = LONG_DATE.exec(longDate) ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** CRC-32 in base64, big-endian ("Checking object integrity" of the S3 user guide). */
function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.allocUnsafe(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString("base64");
}

/** Whether two requests are the same on the wire. */
function isSame(made: OutgoingRequest, sent: OutgoingRequest): boolean {
  const names = Object.keys(made.headers);
  return (
    made.method === sent.method &&
    made.protocol === sent.protocol &&
    made.hostname === sent.hostname &&
    made.port === sent.port &&
    made.path === sent.path &&
    made.body === sent.body &&
    names.length === Object.keys(sent.headers).length &&
    names.every((name) => made.headers[name] === sent.headers[name])
  );
}
