import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { environmentOf, variableOf } from "../src/rig/worker-settings.js";

const common = {
  application: "interop",
  stream: "interop",
  region: "eu-central-1",
  kinesis: "http://127.0.0.1:1",
};
const worker = { id: "j1", out: "events-j1.jsonl", dynamodb: "http://127.0.0.1:2" };

it("a worker's settings are variables of its process, and its own go before the run's", () => {
  expect(environmentOf(worker, common, { application: "other", failoverMs: 3000 })).toEqual({
    INTEROP_APPLICATION: "other",
    INTEROP_STREAM: "interop",
    INTEROP_REGION: "eu-central-1",
    INTEROP_KINESIS: "http://127.0.0.1:1",
    INTEROP_ID: "j1",
    INTEROP_OUT: "events-j1.jsonl",
    INTEROP_DYNAMODB: "http://127.0.0.1:2",
    INTEROP_FAILOVER_MS: "3000",
  });
});

it("the Java worker reads every variable by the name that it is given under", () => {
  const source = readFileSync(new URL("../java/src/interop/Settings.java", import.meta.url), "utf8");
  const read = [...source.matchAll(/(?:text|number|position)\((?:text\()?"([A-Z_]+)"/g)].map(
    ([, name]) => `INTEROP_${name}`,
  );
  const given = [
    ...Object.keys({ ...common, ...worker }),
    "position",
    "idleMs",
    "maxRecords",
    "failoverMs",
    "auditMs",
    "cleanupMs",
    "workMs",
    "clientVersion",
    "http",
    "retrieval",
    "checkpoint",
    "cpuPercent",
    "cpuPercentPerShard",
    "metricsReportMs",
    "cloudwatch",
  ].map(variableOf);
  expect(read.toSorted()).toEqual(given.toSorted());
});
