import { createHash, createHmac } from "node:crypto";
import type { LoopbackRequest } from "../http/exchange.js";
import { IcebergError } from "./errors.js";

/** For whom and when a request must be signed. */
interface Scope {
  readonly service: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const SECRET = "local";
/** A signature is good for five minutes on either side (IAM user guide, "Signature Version 4", "Troubleshooting"). */
const WINDOW_MS = 5 * 60_000;

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/**
 * Makes the signature anew from the request as it came over the wire and compares (IAM user guide, "Create a signed AWS API request").
 *
 * @throws {IcebergError} 403, as AWS's services answer
 */
export function checkSignature(request: LoopbackRequest, body: Buffer, scope: Scope): void {
  const header = request.headers.authorization ?? "";
  const [, credential = "", signedHeaders = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    ) ?? [];
  if (signature === "") throw refused("MissingAuthenticationTokenException", "Missing Authentication Token");
  const [, date = "", region = "", service = "", terminal] = credential.split("/");
  if (region !== scope.region || service !== scope.service || terminal !== "aws4_request")
    throw refused(
      "InvalidSignatureException",
      `Credential should be scoped to ${scope.region}/${scope.service}/aws4_request, not ${region}/${service}`,
    );
  const at = headerOf(request, "x-amz-date");
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!(Math.abs(scope.now - signedAt) <= WINDOW_MS) || !at.startsWith(date))
    throw refused("InvalidSignatureException", `Signature expired or not yet current: ${at}`);
  if (!signedHeaders.split(";").includes("host"))
    throw refused("InvalidSignatureException", "the header host is not signed");
  const text = [
    ALGORITHM,
    at,
    `${date}/${region}/${service}/aws4_request`,
    sha256(canonical(request, body, signedHeaders)),
  ].join("\n");
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, date), region), service), "aws4_request");
  if (hmac(key, text).toString("hex") !== signature)
    throw refused(
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided.",
    );
}

/** The canonical request. Paths of other services than S3 are encoded a second time. */
function canonical(request: LoopbackRequest, body: Buffer, signedHeaders: string): string {
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const headers = signedHeaders
    .split(";")
    .map((name) => `${name}:${headerOf(request, name).trim().replaceAll(/ +/g, " ")}\n`);
  const sortedQuery = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .toSorted();
  return [
    request.method ?? "GET",
    path.split("/").map(encoded).join("/"),
    sortedQuery.join("&"),
    headers.join(""),
    signedHeaders,
    sha256(body),
  ].join("\n");
}

/** RFC 3986 encoding of a path segment as it stands on the wire. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function headerOf({ headers }: LoopbackRequest, name: string): string {
  const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined) ?? "";
  return Array.isArray(value) ? value.join(",") : value;
}

function refused(type: string, message: string): IcebergError {
  return new IcebergError(type, message, 403);
}
