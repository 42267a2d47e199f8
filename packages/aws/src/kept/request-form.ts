import type { AwsCredentials } from "../credentials.js";
import { joinedPieces } from "../http/request-bytes.js";
import { payloadHash, RequestSigner } from "../signing/request-signer.js";
import type { SdkRequest } from "./sdk-client.js";

/** Headers that are the same for each request of an operation. */
const FIXED: ReadonlySet<string> = new Set([
  "content-type",
  "host",
  "user-agent",
  "x-amz-target",
  "x-amz-user-agent",
]);

/** Headers that are made anew for each request. */
const MADE_ANEW: ReadonlySet<string> = new Set([
  "amz-sdk-invocation-id",
  "authorization",
  "content-length",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/** As the client's step of retrying says it where nothing is tried twice. */
const ONE_ATTEMPT = "attempt=1; max=1";

const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, /;
const LONG_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** The bytes of the requests of one operation, but for what differs from one to the next. */
export class RequestForm {
  readonly contentType: string;
  readonly #path: string;
  readonly #start: string;
  readonly #signer: RequestSigner;

  private constructor({ method, path }: SdkRequest, fixed: Record<string, string>, signer: RequestSigner) {
    this.contentType = fixed["content-type"] ?? "";
    this.#path = path;
    this.#signer = signer;
    this.#start = `${method} ${path} HTTP/1.1\r\n`;
    for (const [name, value] of Object.entries(fixed)) this.#start += `${name}: ${value}\r\n`;
    this.#start += "amz-sdk-invocation-id: ";
  }

  /**
   * The form of a request that a client has signed; undefined where it holds anything that is not known here, or where the same request would be
   * signed otherwise here. So it does not matter by which option, step or signer a client came to something else.
   */
  static of(request: SdkRequest, credentials: AwsCredentials, body: Uint8Array): RequestForm | undefined {
    const { method, path, query = {} } = request;
    if (method !== "POST" || Object.keys(query).length > 0) return undefined;
    const sentBody = typeof request.body === "string" ? Buffer.from(request.body) : request.body;
    if (!(sentBody instanceof Uint8Array) || Buffer.compare(sentBody, body) !== 0) return undefined;
    const sent = lowerCased(request.headers);
    const fixed: Record<string, string> = {};
    for (const [name, value] of Object.entries(sent)) {
      if (FIXED.has(name)) fixed[name] = value;
      else if (name === "amz-sdk-request" && value === ONE_ATTEMPT) fixed[name] = value;
      else if (!MADE_ANEW.has(name)) return undefined;
    }
    const [, region, service] = AUTHORIZATION.exec(sent["authorization"] ?? "") ?? [];
    const signedAtMs = timeOf(sent["x-amz-date"] ?? "");
    const invocation = sent["amz-sdk-invocation-id"];
    if (region === undefined || service === undefined || signedAtMs === undefined) return undefined;
    if (invocation === undefined || fixed["amz-sdk-request"] === undefined || fixed["host"] === undefined)
      return undefined;
    const varying = ["amz-sdk-invocation-id", "content-length"];
    const signer = new RequestSigner({ method, region, service, headers: fixed, varying });
    const values = [invocation, String(body.length)];
    const same = signer.sign(credentials, { values, path, payloadHash: payloadHash(body), atMs: signedAtMs });
    const made = { ...fixed, "amz-sdk-invocation-id": invocation, "content-length": values[1], ...same };
    return isSame(made, sent) ? new RequestForm(request, fixed, signer) : undefined;
  }

  /** The bytes of one request, signed. */
  pieces(credentials: AwsCredentials, body: Uint8Array, atMs: number, id: string): readonly Uint8Array[] {
    const length = String(body.length);
    const signed = this.#signer.sign(credentials, {
      values: [id, length],
      path: this.#path,
      payloadHash: payloadHash(body),
      atMs,
    });
    const { "x-amz-security-token": token } = signed;
    return joinedPieces(
      `${this.#start}${id}\r\ncontent-length: ${length}\r\nx-amz-date: ${signed["x-amz-date"]}\r\n${
        token === undefined ? "" : `x-amz-security-token: ${token}\r\n`
      }x-amz-content-sha256: ${signed["x-amz-content-sha256"]}\r\nauthorization: ${signed.authorization}\r\n\r\n`,
      body,
    );
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function isSame(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function timeOf(longDate: string): number | undefined {
  const [, year, month, day, hour, minute, second] = LONG_DATE.exec(longDate) ?? [];
  if (year === undefined) return undefined;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
