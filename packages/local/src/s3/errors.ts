import { element, document } from "./protocol/xml.js";

/** A code of S3's error catalogue that this server knows. */
export type S3ErrorCode =
  | "AccessDenied"
  | "BadDigest"
  | "BadRequest"
  | "BucketAlreadyOwnedByYou"
  | "BucketNotEmpty"
  | "ConditionalRequestConflict"
  | "EntityTooLarge"
  | "EntityTooSmall"
  | "ExpiredToken"
  | "IncompleteBody"
  | "InternalError"
  | "InvalidArgument"
  | "InvalidBucketName"
  | "InvalidDigest"
  | "InvalidPart"
  | "InvalidPartOrder"
  | "InvalidRange"
  | "InvalidRequest"
  | "InvalidTag"
  | "InvalidURI"
  | "KeyTooLongError"
  | "MalformedXML"
  | "MalformedTrailerError"
  | "MetadataTooLarge"
  | "MethodNotAllowed"
  | "MissingContentLength"
  | "NoSuchBucket"
  | "NoSuchKey"
  | "NoSuchUpload"
  | "NotImplemented"
  | "PreconditionFailed"
  | "RequestTimeTooSkewed"
  | "RequestTimeout"
  | "SlowDown"
  | "XAmzContentSHA256Mismatch";

/**
 * S3's error codes that this server answers with, their HTTP status and their usual sentence.
 * Source: "Error responses" of the S3 API reference.
 */
const S3_ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessDenied: [403, "Access Denied"],
  BadDigest: [
    400,
    "The Content-MD5 or checksum value that you specified did not match what the server received.",
  ],
  BadRequest: [400, "Bad Request"],
  BucketAlreadyOwnedByYou: [
    409,
    "Your previous request to create the named bucket succeeded and you already own it.",
  ],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  ConditionalRequestConflict: [
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed object size."],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  ExpiredToken: [400, "The provided token has expired."],
  IncompleteBody: [
    400,
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
  ],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidDigest: [400, "The Content-MD5 or checksum value that you specified is not valid."],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [
    400,
    "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
  ],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRequest: [400, "Invalid Request"],
  InvalidTag: [400, "The tag provided was not a valid tag."],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, "Your key is too long"],
  MalformedXML: [
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  ],
  MalformedTrailerError: [
    400,
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  ],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size."],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented."],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  RequestTimeTooSkewed: [403, "The difference between the request time and the current time is too large."],
  RequestTimeout: [
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
};

/** An answer that is an error: its code, its status and the sentence of the body. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: string;
  readonly status: number;
  /** More elements of the error document, such as `Condition` or `Key`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message?: string, details: Readonly<Record<string, string>> = {}) {
    super(message ?? S3_ERRORS[code][1]);
    this.code = code;
    this.status = S3_ERRORS[code][0];
    this.details = details;
  }
}

/** The status that S3 answers with for a code; 400 for one that the catalogue above lacks. */
export function statusOfS3Error(code: string): number {
  return isS3ErrorCode(code) ? S3_ERRORS[code][0] : 400;
}

/** The sentence that S3 sends with a code. */
export function messageOfS3Error(code: string): string {
  return isS3ErrorCode(code) ? S3_ERRORS[code][1] : code;
}

function isS3ErrorCode(code: string): code is S3ErrorCode {
  return Object.hasOwn(S3_ERRORS, code);
}

/** The XML body of an error answer. */
export function errorDocument(
  code: string,
  message: string,
  requestId: string,
  details: Readonly<Record<string, string>> = {},
): string {
  return document(
    element("Error", [
      element("Code", code),
      element("Message", message),
      ...Object.entries(details).map(([name, value]) => element(name, value)),
      element("RequestId", requestId),
      element("HostId", "local"),
    ]),
  );
}
