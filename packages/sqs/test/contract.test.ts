import { describe, it } from "vitest";
import type { Emitter } from "@kinesis-connectors/core";
import type { FaultEffect, FaultRule } from "@kinesis-connectors/local";
import { describeEmitterContract, excluded, type HasFired } from "@kinesis-connectors/testkit";
import { type LocalTarget, startTarget } from "./support.js";

interface EmitterIntoTarget extends AsyncDisposable {
  readonly target: LocalTarget;
  readonly emitter: Emitter<unknown>;
}

const MiB = 1024 * 1024;

function fault({ target }: EmitterIntoTarget, effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const fired = target.fault(effect, rule);
  return () => fired() > 0;
}

for (const [queue, ordering] of [
  ["target", "none"],
  ["target.fifo", "partition-key"],
] as const)
  describeEmitterContract<EmitterIntoTarget, unknown, undefined>({
    describe,
    it,
    name: `sqsEmitter into ${queue}`,
    create: async () => {
      const target = await startTarget(queue);
      return {
        target,
        emitter: target.emitter(),
        [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
      };
    },
    capabilities: { duplicates: "possible", ordering, planned: false, keeps: "log" },
    outputs: (index) => ({ index, text: `output ${index}` }),
    identify: (output) => (typeof output === "string" ? output : JSON.stringify(output)),
    readBack: ({ target }) => Promise.resolve(target.bodies()),
    versions: excluded("a queue keeps all messages"),
    // JSON has no form for it.
    refusedOutputs: (index) => Symbol(String(index)),
    faults: {
      throttle: (setup) => fault(setup, { kind: "error", status: 403, code: "RequestThrottled" }),
      throttleEntries: (setup, indexes) => fault(setup, { kind: "partial-failure", indexes }),
      outage: (setup) => fault(setup, { kind: "reset", at: "before-headers" }, { phase: "before" }),
      replyLost: (setup) => fault(setup, { kind: "reply-lost" }),
      credentials: (setup) =>
        fault(setup, { kind: "error", status: 400, code: "AccessDenied" }, { times: "always" }),
      stall: (setup) => fault(setup, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
    },
    limits: {
      maxRequestRecords: 10,
      maxRequestBytes: MiB,
      maxRecordBytes: MiB,
      outputOfBytes: (index, bytes) => `${index} `.padEnd(bytes, "x"),
      splitRecordBytes: 200_000,
      // The local SQS refuses by itself what is over the limit of bytes.
      requests: ({ target }) => Promise.resolve(target.requests().map((records) => ({ records }))),
    },
  });
