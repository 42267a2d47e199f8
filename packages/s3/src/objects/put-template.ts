import { crc32 } from "node:zlib";
import {
  type AwsCredentials,
  escapeUri,
  joinedPieces,
  type OutgoingRequest,
  payloadHash,
  RequestSigner,
} from "@kinesis-connectors/aws";

/** A PutObject as the last step of the client sends it: signed, with its body in memory. */
export interface SentPut extends OutgoingRequest {
  readonly query?: Readonly<Record<string, string>>;
}

/** The part of an object that its request is made of. */
export interface PutObject {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** What differs between two requests for the same object. */
export interface PutOccasion {
  /** Time of signing by S3's clock, in milliseconds since 1970. */
  readonly atMs: number;
  /** Tells the request from others in AWS's logs. */
  readonly invocationId: string;
}

const METADATA = "x-amz-meta-";
const INVOCATION = "amz-sdk-invocation-id";
const ATTEMPT = "amz-sdk-request";
const LENGTH = "content-length";
const CHECKSUM = "x-amz-checksum-crc32";
const TOKEN = "x-amz-security-token";

/** Headers that are the same for all objects of one kind. A request with any other one is made by the client alone. */
const SAME: ReadonlySet<string> = new Set([
  ATTEMPT,
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

/** What the signer makes. */
const SIGNATURE = ["authorization", "x-amz-content-sha256", "x-amz-date", TOKEN] as const;
type Signature = (typeof SIGNATURE)[number];

/** A place in a head: of the path, of one of the values that the signer takes, or of what it makes. */
type Place = "path" | number | Signature;

/** `AWS4-HMAC-SHA256 Credential=<id>/<day>/<region>/s3/aws4_request, ...`: other ways of signing, and other services, say so here. */
const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=[^/,]+\/\d{8}\/([^/,]+)\/s3\/aws4_request, /;
const LONG_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** What a header carries and a signature takes as it is. */
const NOT_PLAIN = /[^\x20-\x7e]| {2}|^ | $/;

/**
 * The requests that write objects of one kind into one bucket, learned from one that the SDK's client made: what is the same in all of them is
 * kept, and key, metadata, checksum, identifier, date and signature are made anew. All of the payload is signed, as the client does it.
 */
export class PutTemplate {
  readonly #query: string;
  /** The path up to the key. */
  readonly #root: string;
  readonly #signer: RequestSigner;
  /** Names of the metadata, in the order in which the signer takes the values. */
  readonly #names: readonly string[];
  /** Texts of the head, one more than there are places in between. */
  readonly #texts: readonly string[];
  readonly #places: readonly Place[];

  /**
   * Learns from a request for an object. Undefined where anything in it is not known here: what the template makes for the same object is the same request,
   * signature included.
   */
  static from(sent: SentPut, object: PutObject, credentials: AwsCredentials): PutTemplate | undefined {
    const { headers, body } = sent;
    const root = rootOf(sent.path, object.key);
    const region = AUTHORIZATION.exec(headers["authorization"] ?? "")?.[1];
    const atMs = timeOf(headers["x-amz-date"] ?? "");
    const invocationId = headers[INVOCATION];
    // A later attempt says so.
    if (headers[ATTEMPT]?.startsWith("attempt=1;") !== true || body !== object.bytes) return undefined;
    if (root === undefined || region === undefined || atMs === undefined || invocationId === undefined)
      return undefined;
    const places = new Map<string, Place>([
      [INVOCATION, 0],
      [LENGTH, 1],
      [CHECKSUM, 2],
    ]);
    for (const name of SIGNATURE) places.set(name, name);
    const names: string[] = [];
    for (const name of Object.keys(headers)) {
      if (name.startsWith(METADATA)) places.set(name, 2 + names.push(name.slice(METADATA.length)));
      else if (!SAME.has(name) && !places.has(name)) return undefined;
    }
    const template = new PutTemplate(sent, { root, region, names, places });
    const made = template.#head(object, credentials, { atMs, invocationId });
    return made === headOf(sent) ? template : undefined;
  }

  private constructor(
    sent: SentPut,
    {
      root,
      region,
      names,
      places,
    }: {
      readonly root: string;
      readonly region: string;
      readonly names: readonly string[];
      readonly places: ReadonlyMap<string, Place>;
    },
  ) {
    const { method, query = {}, headers } = sent;
    this.#root = root;
    this.#query = queryText(query);
    this.#names = names;
    const same = Object.fromEntries(Object.entries(headers).filter(([name]) => SAME.has(name)));
    const varying = [INVOCATION, LENGTH, CHECKSUM, ...names.map((name) => METADATA + name)];
    this.#signer = new RequestSigner({ method, region, service: "s3", headers: same, varying, query });
    const texts = [`${method} `];
    const found: Place[] = ["path"];
    let text = `${this.#query} HTTP/1.1\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      const place = places.get(name);
      text += `${name}: `;
      if (place === undefined) text += value;
      else {
        texts.push(text);
        found.push(place);
        text = "";
      }
      text += "\r\n";
    }
    this.#texts = [...texts, `${text}\r\n`];
    this.#places = found;
  }

  /** The bytes of the request for an object; undefined where it cannot be made here. */
  pieces(
    object: PutObject,
    credentials: AwsCredentials,
    occasion: PutOccasion,
  ): readonly Uint8Array[] | undefined {
    const head = this.#head(object, credentials, occasion);
    return head === undefined ? undefined : joinedPieces(head, object.bytes);
  }

  #head(
    { key, metadata, bytes }: PutObject,
    credentials: AwsCredentials,
    { atMs, invocationId }: PutOccasion,
  ): string | undefined {
    const values = [invocationId, String(bytes.length), checksumOf(bytes)];
    for (const name of this.#names) {
      const value = metadata[name];
      // What a header cannot carry as it is, the client may know how to encode, or how to refuse.
      if (value === undefined || NOT_PLAIN.test(value)) return undefined;
      values.push(value);
    }
    if (Object.keys(metadata).length !== this.#names.length) return undefined;
    const path = this.#root + escapedKey(key);
    const signature = this.#signer.sign(credentials, { values, path, payloadHash: payloadHash(bytes), atMs });
    let head = this.#texts[0] as string;
    for (let at = 0; at < this.#places.length; at += 1) {
      const place = this.#places[at];
      if (typeof place === "number") head += values[place] as string;
      else head += place === "path" ? path : (signature[place as Signature] ?? "");
      head += this.#texts[at + 1] as string;
    }
    return head;
  }
}

/** The head of a request as it goes over the connection. */
function headOf({ method, path, query = {}, headers }: SentPut): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path}${queryText(query)} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The path of a request up to its key; undefined where it ends otherwise. */
function rootOf(path: string, key: string): string | undefined {
  const escaped = escapedKey(key);
  return path.endsWith(`/${escaped}`) ? path.slice(0, path.length - escaped.length) : undefined;
}

function escapedKey(key: string): string {
  return escapeUri(key).replaceAll("%2F", "/");
}

function queryText(query: Readonly<Record<string, string>>): string {
  const texts = Object.entries(query).map(([name, value]) => `${escapeUri(name)}=${escapeUri(value)}`);
  return texts.length === 0 ? "" : `?${texts.join("&")}`;
}

function timeOf(longDate: string): number | undefined {
  const [, year, month, day, hour, minute, second] = LONG_DATE.exec(longDate) ?? [];
  if (year === undefined) return undefined;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

/** CRC-32 in base64, big-endian ("Checking object integrity" of the S3 user guide). */
function checksumOf(bytes: Uint8Array): string {
  const checksum = Buffer.allocUnsafe(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString("base64");
}
