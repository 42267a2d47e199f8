import { AwsJson1_1Protocol } from "@aws-sdk/core/protocols";
import { type KinesisProtocol, kinesisProtocolOver, type KinesisProtocolOptions } from "./protocol-over.js";

export type { KinesisProtocol, KinesisProtocolOptions } from "./protocol-over.js";
export type { WireFormat } from "./wire-format.js";

/**
 * A protocol for `@aws-sdk/client-kinesis` that is fast where records pass: GetRecords, SubscribeToShard and PutRecords. The SDK stays
 * in charge of everything around it: credentials, signatures, retries, endpoints, the other operations, the classes of errors.
 *
 * The records of an answer are `PageRecord`s.
 *
 * @example
 * ```ts
 * const fast = kinesisProtocol();
 * const client = new KinesisClient({ protocol: fast.protocol });
 * fast.attach(client);
 * ```
 */
export function kinesisProtocol(options: KinesisProtocolOptions = {}): KinesisProtocol {
  return kinesisProtocolOver(AwsJson1_1Protocol, options);
}
