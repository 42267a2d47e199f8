import { decodeCbor } from "./cbor-reader.js";
import { type CborForm, encodeCbor } from "./cbor-writer.js";
import { decodeJson, encodeJson } from "./json.js";
import type { Input, WireObject } from "./values.js";

const jsonType = "application/x-amz-json-1.1";
const cborType = "application/x-amz-cbor-1.1";

/** How one request was written and its answer will be. */
export interface WireForm {
  readonly contentType: string;
  readonly requestId: string;
  readonly encode: (value: WireObject) => Buffer;
}

/** Reads the body in the form its content type names. */
export function decodeBody(contentType: string | undefined, body: Buffer): Input {
  return contentType?.startsWith(cborType) === true ? decodeCbor(body) : decodeJson(body);
}

/** The form of the answer: that of the request, but JSON where CBOR is refused. */
export function answerForm(contentType: string | undefined, cbor: CborForm, requestId: string): WireForm {
  return contentType?.startsWith(cborType) === true && cbor !== "refuse"
    ? { contentType: cborType, requestId, encode: (value) => encodeCbor(value, cbor) }
    : { contentType: jsonType, requestId, encode: encodeJson };
}
