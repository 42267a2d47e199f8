import { contextOf } from "@kinesis-connectors/testkit";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startDynamoDb } from "./local-dynamodb.js";
import { batchOf } from "./support.js";

/** What a statement of the shipped policy grants. */
function granted(mode: string): string[] {
  const policy = JSON.parse(readFileSync(new URL("../iam/emitter-policy.json", import.meta.url), "utf8")) as {
    readonly Statement: readonly { readonly Sid: string; readonly Action: readonly string[] }[];
  };
  return policy.Statement.filter(({ Sid }) => !Sid.startsWith("OnlyFor") || Sid.includes(mode))
    .flatMap(({ Action }) => Action)
    .toSorted();
}

describe("S01 the shipped policy", () => {
  it.each([
    ["Guarded", {}],
    ["Delete", { mode: "delete" }],
    ["Put", { mode: "put", isRemoved: (order: { id: string }) => order.id === "b" }],
    ["Update", { mode: "update", update: () => ({ expression: "REMOVE note" }) }],
  ])("grants the mode %s what it calls and nothing else", async (mode, options) => {
    await using local = await startDynamoDb();
    const emitter = local.emitter(options);
    await emitter.open?.(contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a" }, { id: "b" }, { id: "a" }]), contextOf(undefined));
    // Each operation takes the right of its own name (Service Authorization Reference, "Actions for Amazon DynamoDB").
    const called = local.calls().map((call) => `dynamodb:${call.split(" ")[0]}`);
    expect([...new Set(called)].toSorted()).toEqual(granted(mode));
  });
});
