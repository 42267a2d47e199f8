import type { Emitter } from "@kinesis-connectors/core";
import {
  type EmitterContract,
  type EmitterUnderTest,
  excluded,
  type TestFunctions,
} from "@kinesis-connectors/testkit";
import { logEmitter } from "./log-emitter.js";
import { SimulatedLog, MAX_RECORD_BYTES, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS } from "./simulated-log.js";

/** A log emitter, or one that a test broke, and its log. */
export interface EmitterOnLog extends EmitterUnderTest<string, undefined> {
  readonly log: SimulatedLog;
}

/** The contract of the log emitter; `make` may give another emitter over the same log. */
export function logContract(
  functions: TestFunctions,
  make: (log: SimulatedLog) => Emitter<string> = logEmitter,
  name = "logEmitter",
): EmitterContract<EmitterOnLog, string, undefined> {
  return {
    ...functions,
    name,
    create: () => {
      const log = new SimulatedLog();
      return Promise.resolve({ log, emitter: make(log) });
    },
    capabilities: { duplicates: "possible", ordering: "partition-key", planned: false, keeps: "log" },
    outputs: (index) => `output ${index}`,
    identify: (output) => output,
    readBack: ({ log }) => Promise.resolve([...log.landed]),
    versions: excluded("a log keeps everything"),
    refusedOutputs: (index) => `!${index}`,
    faults: {
      throttle: ({ log }) => log.arrange("throttle"),
      throttleEntries: ({ log }, positions) => log.throttleEntries(positions),
      outage: ({ log }) => log.arrange("outage"),
      replyLost: ({ log }) => log.arrange("reply-lost"),
      credentials: ({ log }) => log.arrange("credentials", Number.POSITIVE_INFINITY),
      stall: ({ log }) => log.arrange("stall"),
    },
    limits: {
      maxRequestRecords: MAX_REQUEST_RECORDS,
      maxRequestBytes: MAX_REQUEST_BYTES,
      maxRecordBytes: MAX_RECORD_BYTES,
      outputOfBytes: (index, bytes) => `${index}`.padEnd(bytes, "."),
      requests: ({ log }) => Promise.resolve(log.requests),
    },
  };
}
