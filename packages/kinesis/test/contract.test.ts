import { describe, it } from "vitest";
import type { Emitter } from "@kinesis-connectors/core";
import type { FaultEffect, FaultRule } from "@kinesis-connectors/local";
import {
  describeEmitterContract,
  type EmitterContract,
  excluded,
  type HasFired,
} from "@kinesis-connectors/testkit";
import type { KinesisEmitterOptions } from "@kinesis-connectors/kinesis";
import { type LocalTarget, startTarget } from "./support.js";

interface EmitterIntoTarget extends AsyncDisposable {
  readonly target: LocalTarget;
  readonly emitter: Emitter<unknown>;
}

const MiB = 1024 * 1024;
/** The keys of the contract's records have up to this many bytes, and count. */
const keyOf = (index: number): string => `key-${index}`;

function fault({ target }: EmitterIntoTarget, effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const fired = target.fault(effect, rule);
  return () => fired() > 0;
}

const contractOf = (
  name: string,
  options: Partial<KinesisEmitterOptions<unknown>>,
): EmitterContract<EmitterIntoTarget, unknown, undefined> => ({
  describe,
  it,
  name,
  create: async () => {
    const target = await startTarget();
    return {
      target,
      emitter: target.emitter(options),
      [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
    };
  },
  capabilities: {
    duplicates: "possible",
    ordering: options.ordering ?? "partition-key",
    planned: false,
    keeps: "log",
  },
  outputs: (index) => ({ index, text: `output ${index}` }),
  identify: (output) => (typeof output === "string" ? output : JSON.stringify(output)),
  readBack: ({ target }) => Promise.resolve(target.texts()),
  versions: excluded("a stream keeps all records"),
  // JSON has no form for it.
  refusedOutputs: (index) => Symbol(String(index)),
  faults: {
    throttle: (setup) =>
      fault(setup, { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" }),
    throttleEntries: (setup, indexes) => fault(setup, { kind: "partial-failure", indexes }),
    outage: (setup) => fault(setup, { kind: "reset", at: "before-headers" }, { phase: "before" }),
    replyLost: (setup) => fault(setup, { kind: "reply-lost" }),
    credentials: (setup) =>
      fault(setup, { kind: "error", status: 400, code: "AccessDeniedException" }, { times: "always" }),
    stall: (setup) => fault(setup, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
  },
  limits: {
    maxRequestRecords: 500,
    maxRequestBytes: 5 * MiB,
    maxRecordBytes: MiB,
    outputOfBytes: (index, bytes) => `${index} `.padEnd(bytes - keyOf(index).length, "x"),
    splitRecordBytes: MiB - 1000,
    // The local Kinesis refuses by itself what is over the limit of bytes.
    requests: ({ target }) => Promise.resolve(target.requests().map((records) => ({ records }))),
  },
});

describeEmitterContract(contractOf("kinesisEmitter", {}));
describeEmitterContract(contractOf("kinesisEmitter without an order", { ordering: "none" }));

const aggregating = contractOf("kinesisEmitter with aggregation", { aggregate: { maxRecords: 3 } });
describeEmitterContract({
  ...aggregating,
  faults: {
    ...aggregating.faults,
    // One aggregate per shard is in a request: position 0 stands for several entries, and there is no position 9.
    throttleEntries: (setup) => fault(setup, { kind: "partial-failure", indexes: [0] }),
  },
});
