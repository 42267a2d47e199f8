import type { Emitter } from "@kinesis-connectors/core";
import {
  type EmitterContract,
  type EmitterUnderTest,
  excluded,
  type TestFunctions,
} from "@kinesis-connectors/testkit";
import { logEmitter } from "./log-emitter.js";
import { LogService, MAX_RECORD_BYTES, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS } from "./log-service.js";

/** A log emitter, or one that a test broke, and its service. */
export interface EmitterOnLog extends EmitterUnderTest<string, undefined> {
  readonly service: LogService;
}

/** The contract of the log emitter; `make` may give another emitter over the same service. */
export function logContract(
  functions: TestFunctions,
  make: (service: LogService) => Emitter<string> = logEmitter,
): EmitterContract<EmitterOnLog, string, undefined> {
  return {
    ...functions,
    name: "logEmitter",
    create: () => {
      const service = new LogService();
      return Promise.resolve({ service, emitter: make(service) });
    },
    capabilities: { duplicates: "possible", ordering: "partition-key", planned: false, keeps: "log" },
    outputs: (index) => `output ${index}`,
    identify: (output) => output,
    readBack: ({ service }) => Promise.resolve([...service.landed]),
    versions: excluded("a log keeps everything"),
    refusedOutputs: (index) => `!${index}`,
    faults: {
      throttle: ({ service }) => service.arrange("throttle"),
      throttleEntries: ({ service }, positions) => service.throttleEntries(positions),
      outage: ({ service }) => service.arrange("outage"),
      replyLost: ({ service }) => service.arrange("reply-lost"),
      credentials: ({ service }) => service.arrange("credentials", Number.POSITIVE_INFINITY),
      stall: ({ service }) => service.arrange("stall"),
    },
    limits: {
      maxRequestRecords: MAX_REQUEST_RECORDS,
      maxRequestBytes: MAX_REQUEST_BYTES,
      maxRecordBytes: MAX_RECORD_BYTES,
      outputOfBytes: (index, bytes) => `${index}`.padEnd(bytes, "."),
      requests: ({ service }) => Promise.resolve(service.requests),
    },
  };
}
