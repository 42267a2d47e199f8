import type { AwsClientOptions, KinesisApi, StreamName } from "@kinesis-connectors/consumer/kinesis";
import type { FanOut, Polling } from "@kinesis-connectors/consumer/reading";
import { checkOptions, invalidOption, nonEmptyText, type OptionNames } from "@kinesis-connectors/core";
import { checkRange, momentOf } from "./moments.js";
import { openStream } from "./open-stream.js";
import type { ReplaySource } from "./source.js";

/** Options of `streamRange`. */
export interface StreamRangeOptions extends AwsClientOptions {
  /** The stream's name. Give this or `streamArn`. */
  readonly stream?: string;
  /** The stream's ARN, also of another account. Give this or `stream`. */
  readonly streamArn?: string;
  /** Reads what arrived at this moment or later. The stream must still keep it. */
  readonly from: Date;
  /** Reads what arrived before this moment. Where a shard goes on, its end is sure only five minutes past it, because arrival times need not rise. */
  readonly until: Date;
  /**
   * `polling()` (default), at the replay's `maxBytesPerSecond` and at most twice a second and shard, because the live reader shares the shard; or
   * `fanOut()`, which reads as fast as it can by a registered consumer of its own.
   */
  readonly retrieval?: Polling | FanOut;
  /** Another way to Kinesis than the AWS SDK, for simulations. Bound to the stream; closed when the replay ends. */
  readonly kinesisApi?: KinesisApi;
}

const NAMES: OptionNames<StreamRangeOptions> = {
  stream: true,
  streamArn: true,
  from: "required",
  until: "required",
  retrieval: true,
  kinesisApi: true,
  region: true,
  endpoint: true,
  credentials: true,
  allowInsecure: true,
  proxy: true,
};

/**
 * The records of a stream that arrived in a range of time, `from` <= arrival < `until`, to the last and no other: every shard that there was, open and closed,
 * children after their parents.
 *
 * @example
 * ```ts
 * const source = streamRange({ stream: "clicks", from: new Date("2026-11-28T00:00:00Z"), until: new Date("2026-11-29T00:00:00Z") });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function streamRange(options: StreamRangeOptions): ReplaySource {
  checkOptions("streamRange", options, NAMES);
  const { stream, streamArn, retrieval } = options;
  const fromMs = momentOf("from", options.from) ?? 0;
  const untilMs = momentOf("until", options.until) ?? 0;
  checkRange(fromMs, untilMs);
  if ((stream === undefined) === (streamArn === undefined))
    throw invalidOption("streamRange takes either the name of the stream (stream) or its ARN (streamArn)");
  const name = nonEmptyText("stream", stream ?? streamArn?.slice(streamArn.lastIndexOf("/") + 1) ?? "");
  const target: StreamName =
    streamArn === undefined ? { StreamName: name } : { StreamARN: nonEmptyText("streamArn", streamArn) };
  if (retrieval !== undefined && retrieval.type !== "polling" && retrieval.type !== "fan-out")
    throw invalidOption("retrieval must be polling({ ... }) or fanOut({ ... })");
  return {
    type: "stream-range",
    open: (context) => openStream({ options, name, target, range: { fromMs, untilMs } }, context),
  };
}
