import { describe, it } from "vitest";
import type { KinesisRecord } from "@kinesis-connectors/core";
import type { FaultEffect, FaultRule } from "@kinesis-connectors/local";
import { describeEmitterContract, excluded, type HasFired } from "@kinesis-connectors/testkit";
import { linesIn, type LocalS3, startS3 } from "./support/local-s3.js";

interface EmitterOnS3 extends AsyncDisposable {
  readonly s3: LocalS3;
  readonly emitter: ReturnType<LocalS3["emitter"]>;
}

/** Adds a rule to the local S3, and tells whether it has fired. */
function fault({ s3 }: EmitterOnS3, effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const id = s3.aws.faults.add({ server: "s3", operation: "PutObject", effect, ...rule });
  return () => s3.aws.faults.list().some((status) => status.id === id && status.fired > 0);
}

const anySize = "a batch is one object of any size";

/** One object per batch, and several. */
const uses = [
  { name: "s3Emitter", ordering: "shard", options: {} },
  {
    name: "s3Emitter with partitions",
    ordering: "none",
    options: {
      partition: (_: unknown, { sequenceNumber }: KinesisRecord) => ({
        third: Number(sequenceNumber.slice(-1)) % 3,
      }),
    },
  },
] as const;

for (const { name, ordering, options } of uses) {
  describeEmitterContract({
    describe,
    it,
    name,
    create: async (): Promise<EmitterOnS3> => {
      const s3 = await startS3();
      return { s3, emitter: s3.emitter(options), [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() };
    },
    capabilities: { duplicates: "none", ordering, planned: true, hasWriter: true, keeps: "log" },
    outputs: (index): unknown => ({ index, text: `output ${index}` }),
    readBack: ({ s3 }) => Promise.resolve(s3.archived().flatMap(linesIn)),
    versions: excluded("objects are never replaced"),
    // JSON has no form for it.
    refusedOutputs: (index) => Symbol(String(index)),
    faults: {
      // Once more than the SDK repeats a request by itself.
      throttle: (setup) => fault(setup, { kind: "error", status: 503, code: "SlowDown" }, { times: 4 }),
      throttleEntries: excluded("an object is taken whole"),
      outage: (setup) => fault(setup, { kind: "reset", at: "before-headers" }, { phase: "before", times: 4 }),
      replyLost: (setup) => fault(setup, { kind: "reply-lost" }),
      credentials: (setup) =>
        fault(setup, { kind: "error", status: 403, code: "AccessDenied" }, { times: "always" }),
      stall: (setup) => fault(setup, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
    },
    limits: excluded(anySize),
  });
}
