import type { Emitter } from "@kinesis-connectors/core";
import { firstLook, limited } from "@kinesis-connectors/aws";
import { connect } from "./connection.js";
import { cureAtOpen, errorCodeOf, refusal } from "./failures.js";
import { kinesisSdk } from "./load-sdk.js";
import { encodeBatch } from "./outgoing.js";
import type { KinesisEmitterOptions } from "./options.js";
import { putBatch, type PutTarget } from "./put-batch.js";
import { settingsFrom } from "./settings.js";

/**
 * Puts each output as a record into another stream: at least once, in the order of each partition key.
 *
 * @example
 * ```ts
 * const emitter = kinesisEmitter<Order>({ stream: "large-orders", partitionKey: (order) => order.customer, positionField: "source" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function kinesisEmitter<Output>(options: KinesisEmitterOptions<Output>): Emitter<Output> {
  const settings = settingsFrom(options);
  const { streamName: stream, region } = settings;
  const connection = connect({
    ...options,
    ...(options.region === undefined && options.client === undefined && region !== undefined
      ? { region }
      : {}),
  });
  const target: PutTarget<Output> = { connection, settings, shards: undefined };
  return {
    capabilities: { duplicates: "possible", ordering: settings.ordering },

    emit: async (batch, context) => {
      const { outgoing, refused } = encodeBatch(batch, settings);
      const unwritten = await putBatch(target, outgoing, context);
      return { failed: [...refused, ...unwritten] };
    },

    wouldDouble: () =>
      Promise.resolve(
        `whatever the stream "${stream}" has by now: it keeps a record as often as it is put, and cannot be asked for one`,
      ),

    open: async (opening) => {
      await firstLook(connection, opening, {
        look: (bounds) =>
          limited(connection, bounds, async (abortSignal) => {
            const { DescribeStreamSummaryCommand } = await kinesisSdk();
            return connection.client.send(new DescribeStreamSummaryCommand(settings.target), { abortSignal });
          }),
        cureAtOpen,
        refusal: (cure, error) => refusal(stream, cure, error),
        unsure: (error) =>
          opening.logger.debug(
            { stream, error: errorCodeOf(error) },
            "the target stream could not be looked at; going on",
          ),
      });
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}
