import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { createAwsChunkedDecoder } from "./aws-chunked.js";
import {
  algorithmOfHeader,
  asChecksumAlgorithm,
  checksumHeader,
  CHECKSUM_ALGORITHMS,
  createDigester,
  digestLength,
  type Checksum,
  type ChecksumAlgorithm,
  type Digester,
} from "./checksums.js";
import { S3Error } from "../errors.js";

/** A body that arrived whole and is what its sender said it is. */
export interface ReceivedBody {
  /** The payload, aws-chunked framing taken off. */
  readonly bytes: Buffer;
  /** MD5 of the payload, which is the ETag of a single PUT. */
  readonly md5: Buffer;
  /** The checksum that the client sent and that was found right. */
  readonly checksum: Checksum | undefined;
}

/** What the headers promise about a body. */
interface Declared {
  readonly framed: boolean;
  readonly length: number | undefined;
  readonly sha256: string | undefined;
  readonly md5: Buffer | undefined;
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly checksumValue: string | undefined;
  readonly trailer: string | undefined;
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

/**
 * Reads a body to its end and compares it with everything its headers and trailers say.
 *
 * @param source the raw bytes, as they come from the socket
 * @throws {S3Error} `BadDigest`, `InvalidDigest`, `XAmzContentSHA256Mismatch`, `IncompleteBody`, `EntityTooLarge`,
 * `InvalidRequest`, `MalformedTrailerError`, `MissingContentLength`, `NotImplemented`
 */
export async function readRequestBody(
  source: Pick<Readable, "iterator">,
  headers: IncomingHttpHeaders,
  maxBytes: number,
): Promise<ReceivedBody> {
  const declared = declaredBy(headers, maxBytes);
  const decoder = declared.framed ? createAwsChunkedDecoder() : undefined;
  const md5 = createHash("md5");
  const sha256 = declared.sha256 === undefined ? undefined : createHash("sha256");
  const digester = declared.algorithm === undefined ? undefined : createDigester(declared.algorithm);
  const pieces: Buffer[] = [];
  let length = 0;
  // Leaving the loop by an error must not destroy the stream: its connection has to carry the answer.
  const chunks: AsyncIterable<Buffer> = source.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    for (const piece of decoder?.push(chunk) ?? [chunk]) {
      length += piece.length;
      if (length > maxBytes) throw new S3Error("EntityTooLarge");
      md5.update(piece);
      sha256?.update(piece);
      digester?.update(piece);
      pieces.push(piece);
    }
  }
  const trailers = decoder?.end();
  if (declared.length !== undefined && length !== declared.length) throw new S3Error("IncompleteBody");
  if (sha256 !== undefined && sha256.digest("hex") !== declared.sha256) {
    throw new S3Error("XAmzContentSHA256Mismatch");
  }
  const digest = md5.digest();
  if (declared.md5 !== undefined && !digest.equals(declared.md5)) throw new S3Error("BadDigest");
  return {
    bytes: Buffer.concat(pieces, length),
    md5: digest,
    checksum: verifyChecksum(declared, digester, trailers),
  };
}

/** The content encoding that is stored: what the client sent without the framing that was taken off. */
export function storedContentEncoding(header: string | undefined): string | undefined {
  const kept = (header ?? "")
    .split(",")
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== "" && encoding.toLowerCase() !== "aws-chunked");
  return kept.length === 0 ? undefined : kept.join(",");
}

function declaredBy(headers: IncomingHttpHeaders, maxBytes: number): Declared {
  const contentSha256 = one(headers, "x-amz-content-sha256");
  // The SDK's form for streams over a plain connection is signed as one of the STREAMING names; a client that only
  // says `content-encoding: aws-chunked` has framed its body as well.
  const framed =
    contentSha256?.startsWith("STREAMING-") === true ||
    /(?:^|,)\s*aws-chunked\s*(?:,|$)/i.test(headers["content-encoding"] ?? "");
  const length = declaredLength(headers, framed);
  if (length !== undefined && length > maxBytes) throw new S3Error("EntityTooLarge");
  if (contentSha256 !== undefined && !framed && !isPayloadHash(contentSha256)) {
    throw new S3Error(
      "InvalidArgument",
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING name or a valid sha256 value.",
    );
  }
  return {
    framed,
    length,
    sha256: contentSha256 !== undefined && SHA256_HEX.test(contentSha256) ? contentSha256 : undefined,
    md5: declaredMd5(headers),
    ...declaredChecksum(headers, framed),
  };
}

function isPayloadHash(value: string): boolean {
  return value === "UNSIGNED-PAYLOAD" || SHA256_HEX.test(value);
}

function declaredLength(headers: IncomingHttpHeaders, framed: boolean): number | undefined {
  if (framed) {
    const decoded = one(headers, "x-amz-decoded-content-length");
    if (decoded === undefined || !/^\d{1,15}$/.test(decoded)) throw new S3Error("MissingContentLength");
    return Number(decoded);
  }
  if (headers["transfer-encoding"] !== undefined) {
    // S3 takes no body of unknown length; the SDK shows the text below for a stream without ContentLength.
    throw new S3Error("NotImplemented", undefined, { Header: "Transfer-Encoding" });
  }
  return headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
}

function declaredMd5(headers: IncomingHttpHeaders): Buffer | undefined {
  const header = one(headers, "content-md5");
  if (header === undefined) return undefined;
  const bytes = Buffer.from(header, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== header) throw new S3Error("InvalidDigest");
  return bytes;
}

function declaredChecksum(
  headers: IncomingHttpHeaders,
  framed: boolean,
): Pick<Declared, "algorithm" | "checksumValue" | "trailer"> {
  const present = CHECKSUM_ALGORITHMS.filter((each) => headers[checksumHeader(each)] !== undefined);
  const trailer = one(headers, "x-amz-trailer")?.trim().toLowerCase();
  const inTrailer = trailer === undefined ? undefined : algorithmOfHeader(trailer);
  if (present.length + (inTrailer === undefined ? 0 : 1) > 1) {
    throw new S3Error(
      "InvalidRequest",
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  const [algorithm] = present;
  if (algorithm !== undefined) {
    const value = one(headers, checksumHeader(algorithm)) ?? "";
    if (!isDigest(algorithm, value)) {
      throw new S3Error("InvalidRequest", `Value for ${checksumHeader(algorithm)} header is invalid.`);
    }
    return { algorithm, checksumValue: value, trailer: undefined };
  }
  if (trailer !== undefined && (inTrailer === undefined || !framed)) {
    throw new S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
  }
  const promised = one(headers, "x-amz-sdk-checksum-algorithm");
  if (promised !== undefined && asChecksumAlgorithm(promised) !== inTrailer) {
    throw new S3Error(
      "InvalidRequest",
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  return { algorithm: inTrailer, checksumValue: undefined, trailer };
}

function verifyChecksum(
  declared: Declared,
  digester: Digester | undefined,
  trailers: ReadonlyMap<string, string> | undefined,
): Checksum | undefined {
  const { algorithm } = declared;
  if (algorithm === undefined || digester === undefined) return undefined;
  const sent =
    declared.checksumValue ?? (declared.trailer === undefined ? undefined : trailers?.get(declared.trailer));
  if (sent === undefined || !isDigest(algorithm, sent)) throw new S3Error("MalformedTrailerError");
  if (digester.digest().toString("base64") !== sent) {
    throw new S3Error("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  return { algorithm, value: sent, type: "FULL_OBJECT" };
}

/** Whether a text is the base64 of a digest of this algorithm. */
function isDigest(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, "base64");
  return bytes.length === digestLength(algorithm) && bytes.toString("base64") === value;
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
