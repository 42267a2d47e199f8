import { expect, it } from "vitest";
import { metricsOfForm } from "../src/rig/cloudwatch-stub.js";
import { kindsOf } from "../src/scenarios/cloudwatch.js";

it("metrics are read from AWS's query protocol, and each kind is told once", () => {
  const metric = (at: number, shard: string) => ({
    [`MetricData.member.${at}.MetricName`]: "MillisBehindLatest",
    [`MetricData.member.${at}.Unit`]: "Milliseconds",
    [`MetricData.member.${at}.Dimensions.member.1.Name`]: "Operation",
    [`MetricData.member.${at}.Dimensions.member.1.Value`]: "ProcessTask",
    [`MetricData.member.${at}.Dimensions.member.2.Name`]: "ShardId",
    [`MetricData.member.${at}.Dimensions.member.2.Value`]: shard,
  });
  const form = new URLSearchParams({
    Action: "PutMetricData",
    Namespace: "app",
    ...metric(1, "s0"),
    ...metric(2, "s1"),
  });
  const metrics = metricsOfForm(form);
  expect(metrics).toHaveLength(2);
  expect(metrics[1]).toEqual({
    namespace: "app",
    name: "MillisBehindLatest",
    unit: "Milliseconds",
    dimensions: [
      ["Operation", "ProcessTask"],
      ["ShardId", "s1"],
    ],
  });
  expect(kindsOf(metrics)).toEqual([
    {
      operation: "ProcessTask",
      name: "MillisBehindLatest",
      unit: "Milliseconds",
      dimensions: ["Operation", "ShardId"],
    },
  ]);
});
