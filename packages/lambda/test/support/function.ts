import { definePipeline, type Emitter, type Logger, systemClock, text } from "@kinesis-connectors/core";
import { memoryLeases, type MemoryLeases } from "@kinesis-connectors/leases";

import {
  type InvocationContext,
  type KinesisHandler,
  kinesisHandler,
  type KinesisHandlerOptions,
} from "../../src/index.js";
import { Bucket, bucketEmitter, type Plan } from "./bucket.js";

export const S0 = "shardId-000000000000";

export const at = async <Result>(call: () => Result): Promise<Result> => await Promise.resolve(call());

export function context(
  leftMs: number = 60_000,
  clock: { readonly now: () => number } = systemClock,
): InvocationContext {
  const endMs = clock.now() + leftMs;
  return {
    awsRequestId: "request-1",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:000000000000:function:f",
    getRemainingTimeInMillis: () => endMs - clock.now(),
  };
}

/** A function with a bucket and a table of its own, both in memory. */
export interface TestFunction {
  readonly handler: KinesisHandler;
  readonly bucket: Bucket;
  readonly leases: MemoryLeases;
  readonly warnings: readonly string[];
  /** What has landed. */
  readonly texts: () => readonly string[];
}

/** Its mapping is stated, unless `listMappings` is given. */
export function createFunction(
  more: Partial<KinesisHandlerOptions<string, string, Plan>> = {},
  emitterOf: (bucket: Bucket) => Emitter<string, Plan> = (bucket) => bucketEmitter(bucket, at),
): TestFunction {
  const bucket = new Bucket();
  const leases = memoryLeases();
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const warn = (_: object, line: string): void => void warnings.push(line);
  const logger: Logger = { debug: quiet, info: quiet, warn, error: quiet };
  const stated =
    more.listMappings === undefined
      ? ({ parallelizationFactor: 1, reportBatchItemFailures: true } as const)
      : {};
  const handler = kinesisHandler<string, string, Plan>({
    application: "clicks",
    pipeline: definePipeline({
      transformer: text(),
      buffer: { maxRecords: 20 },
      emitter: emitterOf(bucket),
    }),
    leaseTable: leases.connect(),
    logger,
    ...stated,
    ...more,
  });
  return { handler, bucket, leases, warnings, texts: () => bucket.landed.map(({ text: line }) => line) };
}
