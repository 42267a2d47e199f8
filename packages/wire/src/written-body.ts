import { writePutRecordsCbor } from "./cbor/put-records-cbor.js";
import type { PutRecordsRequest } from "./json/put-records-json.js";
import type { PageMemory } from "./page/page.js";

/** How a body in AWS-CBOR says so. */
export const CBOR_TYPE = "application/x-amz-cbor-1.1";
const JSON_TYPE = "application/x-amz-json-1.1";

/** The body of a request, and how it is written. */
export interface WrittenBody {
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Called when the request has been answered: nobody looks at the body any more. */
  readonly release?: () => void;
}

/** Memory for requests, used again. */
export interface RequestMemory extends PageMemory {
  /** So many bytes, with whatever is in them. */
  readonly take: (bytes: number) => Buffer;
}

export function inCbor(body: Uint8Array): WrittenBody {
  return { contentType: CBOR_TYPE, body };
}

/** A PutRecords in memory that serves the next one. */
export function inMemory(memory: RequestMemory, input: PutRecordsRequest): WrittenBody {
  const body = writePutRecordsCbor(input, (bytes) => memory.take(bytes));
  return { ...inCbor(body), release: () => memory.give(body) };
}

export function inJson(body: string): WrittenBody {
  return { contentType: JSON_TYPE, body };
}
