import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { silentLogger } from "@kinesis-connectors/core";
import { deliver } from "@kinesis-connectors/testkit";
import { batchOf, startTarget } from "./support.js";

describe("S01 the shipped policy", () => {
  it("grants what the emitter calls and nothing else; its look at the stream may be refused", async () => {
    await using target = await startTarget();
    target.aws.faults.add({
      operation: "DescribeStreamSummary",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    const emitter = target.emitter<string>({ aggregate: true });
    await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
    await deliver(emitter, batchOf([{ output: "a" }, { output: "b" }]));
    const called = target.aws.journal
      .entries()
      .filter(({ operation }) => operation !== "DescribeStreamSummary")
      .map(({ operation }) => `kinesis:${operation}`);
    const policy = readFileSync(new URL("../iam/emitter-policy.json", import.meta.url), "utf8");
    const granted = [...policy.matchAll(/"(kinesis:[A-Z]\w+)"/g)].map(([, action = ""]) => action);
    expect(new Set(called)).toEqual(new Set(granted));
  });
});
