import { Readable } from "node:stream";
import type { GetObjectCommandOutput, RequestPayer } from "@aws-sdk/client-s3";
import { describeAwsError } from "@kinesis-connectors/aws";
import { type Clock, type KinesisConnectorError, poisonRecord } from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { target } from "../objects/object-headers.js";
import { payloadRequests } from "./payload-requests.js";
import type { ObjectPlace } from "./pointers.js";

/** How payloads are read. */
export interface PayloadReading {
  readonly maxBytes: number;
  readonly expectedBucketOwner: string | undefined;
  readonly requestPayer: RequestPayer | undefined;
  readonly clock: Clock;
}

/** Reads an object whole. Rejects with `KC_LOOKUP_FAILED`, `KC_LOOKUP_REFUSED` or `KC_RECORD_POISON`. */
export type ReadPayload = (place: ObjectPlace) => Promise<Buffer>;

// Without the right to list, S3 says 403 of an object that is not there.
const RIGHTS =
  "s3:GetObject on the objects and s3:ListBucket on the bucket (and kms:Decrypt on the key of SSE-KMS)";

/** Reads the objects that claim checks stand for. */
export function payloadReader(connection: S3Connection, reading: PayloadReading): ReadPayload {
  const request = payloadRequests(connection, { option: "buckets", rights: RIGHTS }, reading.clock);
  return (place) =>
    request(`the payload of a claim check in ${JSON.stringify(place.bucket)}`, async (abortSignal) => {
      const { GetObjectCommand } = await s3Sdk();
      const command = new GetObjectCommand(target({ ...reading, bucket: place.bucket }, place.key));
      const answer = await connection.client.send(command, { abortSignal }).catch((error: unknown) => {
        throw missing(error) ?? error;
      });
      return bodyOf(answer, reading.maxBytes, abortSignal);
    });
}

/** The error of an object that will not come, however often it is asked for; undefined for every other failure. */
function missing(error: unknown): KinesisConnectorError | undefined {
  const { code, status } = describeAwsError(error);
  if (code === "NoSuchKey" || (status === 404 && code !== "NoSuchBucket"))
    return poisonRecord("the object that the record's claim check names is not there (404)");
  if (code === "InvalidObjectState")
    return poisonRecord(
      "the object that the record's claim check names is archived (InvalidObjectState): restore it, and put the record again",
    );
  return undefined;
}

async function bodyOf(
  { Body, ContentLength }: Pick<GetObjectCommandOutput, "Body" | "ContentLength">,
  maxBytes: number,
  abortSignal: AbortSignal,
): Promise<Buffer> {
  if (!(Body instanceof Readable)) throw new Error("S3 answered GetObject without a body");
  const end = (): unknown => Body.destroy();
  abortSignal.addEventListener("abort", end, { once: true });
  try {
    return await wholeOf(Body, ContentLength, maxBytes);
  } finally {
    abortSignal.removeEventListener("abort", end);
    Body.destroy();
  }
}

async function wholeOf(
  body: AsyncIterable<unknown>,
  length: number | undefined,
  maxBytes: number,
): Promise<Buffer> {
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    if (!(piece instanceof Uint8Array)) throw new Error("S3 answered GetObject with a body of no bytes");
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  }
  // A body that was cut off is asked for again.
  if (length !== undefined && bytes !== length)
    throw new Error(`S3 announced ${length} bytes and sent ${bytes}`);
  return Buffer.concat(pieces, bytes);
}

function tooLarge(maxBytes: number): KinesisConnectorError {
  return poisonRecord(
    `the object that the record's claim check names has more than ${maxBytes} bytes (maxBytes)`,
  );
}
