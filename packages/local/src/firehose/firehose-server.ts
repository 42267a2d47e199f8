import { isUtf8 } from "node:buffer";
import { LocalAwsError } from "../errors.js";
import type { FiredFault } from "../faults.js";
import { type HeldEntry, heldPage } from "../http/held-page.js";
import { failedEntry } from "../json-call/entry-faults.js";
import { JsonCallError } from "../json-call/json-call-error.js";
import {
  type Body,
  type JsonServerOptions,
  type ListenOptions,
  startJsonServer,
} from "../json-call/json-call-server.js";
import { textOf } from "../json-call/text-of.js";

/** Settings of the local Firehose. */
export interface FirehoseOptions extends ListenOptions {
  /** Names of the delivery streams that are there, with Direct PUT as their source. */
  readonly deliveryStreams?: readonly string[];
}

/** The same, and what the servers share. */
export type FirehoseServerOptions = FirehoseOptions & JsonServerOptions;

/** A running local Firehose. */
export interface FirehoseServer {
  readonly url: string;
  readonly port: number;
  /** Makes a delivery stream; `source` `KinesisStreamAsSource` takes no puts. Default `DirectPut`. Throws `KC_LOCAL_BAD_OPTION` for what is no name of one. */
  readonly createDeliveryStream: (name: string, source?: "DirectPut" | "KinesisStreamAsSource") => void;
  /** The data of all records that a delivery stream has taken, in order. */
  readonly records: (name: string) => readonly Buffer[];
  readonly close: () => Promise<void>;
}

/** API reference, CreateDeliveryStream. */
const NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
const KiB = 1024;
/** Of one request, before base64 (API reference, PutRecordBatch). */
const MAX_RECORDS = 500;
const MAX_REQUEST_BYTES = 4 * KiB * KiB;
/** Of one record, before base64 (API reference, Record). */
const MAX_RECORD_BYTES = 1000 * KiB;
/** Base64 takes four bytes for three, and JSON some more. */
const MAX_BODY_BYTES = 2 * MAX_REQUEST_BYTES;

interface DeliveryStream {
  readonly source: "DirectPut" | "KinesisStreamAsSource";
  readonly records: Buffer[];
}

/** Starts Firehose's puts on loopback; nothing is delivered anywhere. */
export async function startFirehoseServer(options: FirehoseServerOptions): Promise<FirehoseServer> {
  const { random, region, accountId } = options;
  const streams = new Map<string, DeliveryStream>();
  const createDeliveryStream: FirehoseServer["createDeliveryStream"] = (name, source = "DirectPut") => {
    if (!NAME.test(name))
      throw new LocalAwsError(
        "KC_LOCAL_BAD_OPTION",
        `[local] "${name}" is no name of a delivery stream: use up to 64 letters, digits, underscores, dots and hyphens`,
      );
    streams.set(name, { source, records: [] });
  };
  for (const name of options.deliveryStreams ?? []) createDeliveryStream(name);

  const find = (input: Body): DeliveryStream => {
    const name = input["DeliveryStreamName"];
    const stream = typeof name === "string" ? streams.get(name) : undefined;
    if (stream === undefined)
      throw new JsonCallError(
        "ResourceNotFoundException",
        `Firehose ${textOf(name)} under account ${accountId} not found.`,
      );
    return stream;
  };
  const putRecordBatch = (input: Body, faults: readonly FiredFault[]): Body => {
    const stream = find(input);
    if (stream.source !== "DirectPut")
      throw new JsonCallError(
        "InvalidSourceException",
        "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
      );
    const data = recordsOf(input);
    const codeOf = failedEntry(faults, random, "ServiceUnavailableException");
    let failed = 0;
    const responses = data.map((bytes, index) => {
      const code = codeOf(index);
      if (code === undefined) {
        stream.records.push(bytes);
        return { RecordId: random.uuid() };
      }
      failed += 1;
      return { ErrorCode: code, ErrorMessage: "Slow down." };
    });
    return { FailedPutCount: failed, Encrypted: false, RequestResponses: responses };
  };
  const parametersOf = (input: Body) => ({
    ...(typeof input["DeliveryStreamName"] === "string"
      ? { deliveryStream: input["DeliveryStreamName"] }
      : {}),
    ...(Array.isArray(input["Records"]) ? { records: input["Records"].length } : {}),
  });
  const server = await startJsonServer(options, {
    server: "firehose",
    target: "Firehose_20150804",
    version: "1.1",
    maxRequestBytes: MAX_BODY_BYTES,
    page: (name, after) => {
      const stream = streams.get(name);
      return stream && heldPage(stream.records, after, shownRecord);
    },
    operations: {
      PutRecordBatch: { changes: true, parametersOf, run: putRecordBatch },
      DescribeDeliveryStream: {
        changes: false,
        parametersOf,
        run: (input) => {
          const name = textOf(input["DeliveryStreamName"]);
          return {
            DeliveryStreamDescription: {
              DeliveryStreamName: name,
              DeliveryStreamARN: `arn:aws:firehose:${region}:${accountId}:deliverystream/${name}`,
              DeliveryStreamStatus: "ACTIVE",
              DeliveryStreamType: find(input).source,
              VersionId: "1",
              Destinations: [],
              HasMoreDestinations: false,
            },
          };
        },
      },
    },
  });
  return {
    url: server.url,
    port: server.port,
    createDeliveryStream,
    records: (name) => [...(streams.get(name)?.records ?? [])],
    close: server.close,
  };
}

/** A record as text where it is UTF-8, and in base64 otherwise. */
function shownRecord(data: Buffer): HeldEntry {
  return {
    shown: isUtf8(data) ? { text: data.toString() } : { base64: data.toString("base64") },
    bytes: data.length,
  };
}

/** The data of each record; a request that is over a limit is refused whole. */
function recordsOf(input: Body): Buffer[] {
  const { Records: records } = input;
  if (!Array.isArray(records) || records.length === 0 || records.length > MAX_RECORDS)
    throw new JsonCallError(
      "ValidationException",
      `1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less than or equal to ${MAX_RECORDS}`,
    );
  let bytes = 0;
  const data = records.map((record: { readonly Data?: unknown } | null) => {
    const text = record?.Data;
    if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
      throw new JsonCallError("SerializationException", "Data is not base64");
    const decoded = Buffer.from(text, "base64");
    if (decoded.length > MAX_RECORD_BYTES)
      throw new JsonCallError(
        "ValidationException",
        `1 validation error detected: Value at 'records.data' failed to satisfy constraint: Member must have length less than or equal to ${MAX_RECORD_BYTES}`,
      );
    bytes += decoded.length;
    return decoded;
  });
  if (bytes > MAX_REQUEST_BYTES)
    throw new JsonCallError("InvalidArgumentException", "Records size exceeds 4 MB limit");
  return data;
}
