import { describe, it } from "vitest";
import type { Emitter } from "@kinesis-connectors/core";
import type { FaultEffect, FaultRule } from "@kinesis-connectors/local";
import { describeEmitterContract, excluded, type HasFired } from "@kinesis-connectors/testkit";
import { type LocalTarget, startTarget } from "./support.js";

interface EmitterIntoTarget extends AsyncDisposable {
  readonly target: LocalTarget;
  readonly emitter: Emitter<unknown>;
}

const KiB = 1024;

function fault({ target }: EmitterIntoTarget, effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const fired = target.fault(effect, rule);
  return () => fired() > 0;
}

describeEmitterContract<EmitterIntoTarget, unknown, undefined>({
  describe,
  it,
  name: "firehoseEmitter",
  create: async () => {
    const target = await startTarget();
    return {
      target,
      emitter: target.emitter({ delimiter: "" }),
      [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
    };
  },
  capabilities: { duplicates: "possible", ordering: "none", planned: false, keeps: "log" },
  outputs: (index) => ({ index, text: `output ${index}` }),
  identify: (output) => (typeof output === "string" ? output : JSON.stringify(output)),
  readBack: ({ target }) => Promise.resolve(target.texts()),
  versions: excluded("a delivery stream keeps all records"),
  // JSON has no form for it.
  refusedOutputs: (index) => Symbol(String(index)),
  faults: {
    throttle: (setup) => fault(setup, { kind: "error", status: 503, code: "ServiceUnavailableException" }),
    throttleEntries: (setup, indexes) => fault(setup, { kind: "partial-failure", indexes }),
    outage: (setup) => fault(setup, { kind: "reset", at: "before-headers" }, { phase: "before" }),
    replyLost: (setup) => fault(setup, { kind: "reply-lost" }),
    credentials: (setup) =>
      fault(setup, { kind: "error", status: 400, code: "AccessDeniedException" }, { times: "always" }),
    stall: (setup) => fault(setup, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
  },
  limits: {
    maxRequestRecords: 500,
    maxRequestBytes: 4 * KiB * KiB,
    maxRecordBytes: 1000 * KiB,
    outputOfBytes: (index, bytes) => `${index} `.padEnd(bytes, "x"),
    splitRecordBytes: 1000 * KiB - 1000,
    // The local Firehose refuses by itself what is over the limit of bytes.
    requests: ({ target }) => Promise.resolve(target.requests().map((records) => ({ records }))),
  },
});
