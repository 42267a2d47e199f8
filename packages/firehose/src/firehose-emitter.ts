import type { FirehoseClient } from "@aws-sdk/client-firehose";
import { connectAws, firstLook, limited, type Packed, putInWaves, type Wave } from "@kinesis-connectors/aws";
import {
  asError,
  type BufferEntry,
  type Emitter,
  type FailedEntry,
  hasLoneSurrogate,
  poisonRecord,
} from "@kinesis-connectors/core";
import {
  cureAtOpen,
  errorCodeOf,
  failureOf,
  isOutage,
  recordFailure,
  refusal,
  summaryOf,
} from "./failures.js";
import { firehoseSdk } from "./load-sdk.js";
import { MAX_RECORD_BYTES, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS } from "./limits.js";
import type { FirehoseEmitterOptions } from "./options.js";
import { type FirehoseSettings, settingsFrom } from "./settings.js";

/** One record on its way. */
interface OutgoingRecord<Output> extends Packed {
  readonly entry: BufferEntry<Output>;
  readonly data: Uint8Array;
}

/**
 * Puts each output as a record into a delivery stream of Amazon Data Firehose: at least once, without an order.
 *
 * @example
 * ```ts
 * const emitter = firehoseEmitter<Order>({ deliveryStream: "large-orders" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function firehoseEmitter<Output>(options: FirehoseEmitterOptions<Output>): Emitter<Output> {
  const settings = settingsFrom(options);
  const { deliveryStream } = settings;
  const connection = connectAws<FirehoseClient>(options, {
    endpointVariable: "AWS_ENDPOINT_URL_FIREHOSE",
    requestTimeoutMs: 30_000,
    keepsRequests: true,
    // The engine repeats: only it knows which records are written, and it shows what it repeats.
    create: async (config) => {
      const { FirehoseClient: Client } = await firehoseSdk();
      return new Client({ ...config, maxAttempts: 1 });
    },
  });
  const failures = {
    failureOf,
    refusal: (cure: string, error: unknown) => refusal(deliveryStream, cure, error),
    summaryOf,
    isOutage,
  };
  return {
    capabilities: { duplicates: "possible", ordering: "none" },

    emit: async (batch, context) => {
      const outgoing: OutgoingRecord<Output>[] = [];
      const failed: FailedEntry<Output>[] = [];
      for (const entry of batch.entries) {
        try {
          outgoing.push(outgoingOf(entry, settings));
        } catch (thrown) {
          failed.push({ entry, action: "dead-letter", error: asError(thrown) });
        }
      }
      if (outgoing.length === 0) return { failed };
      const { items, untried, error } = await putInWaves(outgoing, {
        limits: { maxRequestEntries: MAX_REQUEST_RECORDS, maxRequestBytes: MAX_REQUEST_BYTES },
        put: async (puts) => {
          const input = {
            DeliveryStreamName: deliveryStream,
            Records: puts.map(({ data: Data }) => ({ Data })),
          };
          const { PutRecordBatchCommand } = await firehoseSdk();
          return waveOf(await connection.request(PutRecordBatchCommand, input, context), puts.length);
        },
        failures,
        connection,
        signal: context.signal,
      });
      for (const item of items)
        failed.push({ entry: item.entry, action: "retry", error, isBehind: untried.has(item) });
      return { failed };
    },

    wouldDouble: () =>
      Promise.resolve(
        `whatever the delivery stream "${deliveryStream}" has delivered by now: it delivers a record as often as it is put`,
      ),

    open: async (opening) => {
      await firstLook(connection, opening, {
        look: (bounds) =>
          limited(connection, bounds, async (abortSignal) => {
            const { DescribeDeliveryStreamCommand } = await firehoseSdk();
            const command = new DescribeDeliveryStreamCommand({ DeliveryStreamName: deliveryStream });
            return connection.client.send(command, { abortSignal });
          }),
        cureAtOpen,
        refusal: failures.refusal,
        unsure: (error) =>
          opening.logger.debug(
            { deliveryStream, error: errorCodeOf(error) },
            "the delivery stream could not be looked at; going on",
          ),
      });
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

function outgoingOf<Output>(
  entry: BufferEntry<Output>,
  { encode, delimiter }: FirehoseSettings<Output>,
): OutgoingRecord<Output> {
  const given = encode(entry.output, entry.record);
  if (typeof given !== "string" && !(given instanceof Uint8Array))
    throw poisonRecord(`encode gave neither bytes nor a text, but ${given === null ? "null" : typeof given}`);
  if (typeof given === "string" && hasLoneSurrogate(given))
    throw poisonRecord("encode gave a text with half a surrogate pair, which UTF-8 cannot write");
  const bytes = typeof given === "string" ? Buffer.from(given) : given;
  const data = delimiter.length === 0 ? bytes : Buffer.concat([bytes, delimiter]);
  if (data.length === 0) throw poisonRecord("encode gave nothing, and Firehose takes no record without data");
  if (data.length > MAX_RECORD_BYTES)
    throw poisonRecord(
      `the record has ${data.length} bytes with its delimiter, but Firehose takes ${MAX_RECORD_BYTES} (1,000 KiB)`,
    );
  return { entry, data, bytes: data.length, count: 1 };
}

/** What an answer says of each record. */
function waveOf(
  {
    RequestResponses: answers = [],
    FailedPutCount: count = 0,
  }: {
    readonly RequestResponses?:
      | readonly {
          readonly RecordId?: string | undefined;
          readonly ErrorCode?: string | undefined;
        }[]
      | undefined;
    readonly FailedPutCount?: number | undefined;
  },
  put: number,
): Wave {
  // Results are known by their places alone: one too few or too many, and each may be that of another record.
  if (answers.length !== put)
    throw new Error(`PutRecordBatch answered ${answers.length} of ${put} records: none of it is believed`);
  const failed = new Map<number, Error>();
  for (const [index, { ErrorCode: code, RecordId: id }] of answers.entries()) {
    if (code !== undefined) failed.set(index, recordFailure(code));
    else if (id === undefined)
      throw new Error(
        "PutRecordBatch says of a record neither its id nor why it failed: none of it is believed",
      );
  }
  if (count > failed.size)
    throw new Error(
      `PutRecordBatch says that ${count} records failed and names ${failed.size}: none of it is believed`,
    );
  return { failed };
}
