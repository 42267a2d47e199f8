import { describe, expect, it } from "vitest";
import { differences, type Written } from "../src/differential/compare.js";
import { shapeOfWrite } from "../src/differential/shapes.js";
import type { TableCall } from "../src/rig/dynamo-tap.js";

const call = (operation: string, body: Readonly<Record<string, unknown>>): TableCall => ({
  t: 0,
  tookMs: 1,
  w: "j1",
  operation,
  status: 200,
  body,
  error: undefined,
});

describe("a write", () => {
  const legacy = call("UpdateItem", {
    Key: { leaseKey: { S: "shardId-000000000000" } },
    Expected: { leaseCounter: { Value: { N: "3" } }, checkpointOwner: { Exists: false } },
    AttributeUpdates: {
      leaseCounter: { Value: { N: "4" }, Action: "PUT" },
      leaseOwner: { Value: { S: "j1" } },
      ownerSwitchesSinceCheckpoint: { Value: { N: "1" }, Action: "ADD" },
      checkpointOwner: { Action: "DELETE" },
    },
  });
  const expression = call("UpdateItem", {
    UpdateExpression:
      "SET #leaseCounter = :v0, #leaseOwner = :v1, #kcOwner = :v1 REMOVE #checkpointOwner ADD #switches :v2",
    ConditionExpression: "#leaseCounter = :v3 AND attribute_not_exists(#checkpointOwner)",
    ExpressionAttributeNames: {
      "#leaseCounter": "leaseCounter",
      "#leaseOwner": "leaseOwner",
      "#kcOwner": "kcOwner",
      "#checkpointOwner": "checkpointOwner",
      "#switches": "ownerSwitchesSinceCheckpoint",
    },
    ExpressionAttributeValues: {
      ":v0": { N: "4" },
      ":v1": { S: "t1:5" },
      ":v2": { N: "1" },
      ":v3": { N: "3" },
    },
  });

  it("is the same in the legacy form and as an expression, without what is ours alone", () => {
    const sorted = (given: TableCall) => {
      const { purpose, parts = [], conditions = [] } = shapeOfWrite(given) ?? {};
      return { purpose, parts: parts.toSorted(), conditions: conditions.toSorted() };
    };
    expect(sorted(legacy)).toEqual({
      purpose: "take",
      parts: ["+ownerSwitchesSinceCheckpoint:N", "-checkpointOwner", "leaseCounter:N", "leaseOwner:S"],
      conditions: ["leaseCounter =", "no checkpointOwner"],
    });
    expect(sorted(expression)).toEqual(sorted(legacy));
  });

  it("is known by what it is for", () => {
    const purpose = (names: readonly string[], removed: readonly string[] = []) =>
      shapeOfWrite(
        call("UpdateItem", {
          AttributeUpdates: {
            ...Object.fromEntries(names.map((name) => [name, { Value: { S: "x" } }])),
            ...Object.fromEntries(removed.map((name) => [name, { Action: "DELETE" }])),
          },
        }),
      )?.purpose;
    expect(purpose(["leaseCounter"])).toBe("renew");
    expect(purpose(["leaseCounter"], ["leaseOwner"])).toBe("give back");
    expect(purpose(["leaseCounter", "checkpoint", "pendingCheckpoint"])).toBe("prepare");
    expect(purpose(["leaseCounter", "checkpoint"], ["pendingCheckpoint"])).toBe("commit");
    expect(purpose(["childShardIds"])).toBe("tell");
    // A row of the worker's metrics.
    expect(purpose(["lut", "sts"])).toBeUndefined();
    expect(shapeOfWrite(call("PutItem", { Item: { leaseKey: { S: "Leader" } } }))).toBeUndefined();
    expect(shapeOfWrite(call("GetItem", {}))).toBeUndefined();
  });
});

describe("two kinds", () => {
  const none: Written = { calls: [], rows: [] };

  it("differ by an attribute's type, an attribute and a condition that only one has", () => {
    const row = (value: object) => ({ leaseCounter: { N: "1" }, checkpoint: value }) as Written["rows"][0];
    const renew = (condition: string) =>
      call("UpdateItem", {
        AttributeUpdates: { leaseCounter: { Value: { N: "1" } } },
        Expected: { [condition]: { Value: { N: "0" } } },
      });
    const java = { rows: [row({ S: "1" })], calls: [renew("leaseCounter")] };
    expect(differences(java, java)).toEqual([]);
    expect(differences(java, { rows: [row({ N: "1" })], calls: [renew("leaseOwner")] })).toEqual([
      "java renew if leaseCounter =",
      "java row checkpoint:S",
      "ours renew if leaseOwner =",
      "ours row checkpoint:N",
    ]);
    expect(differences(java, none)).toHaveLength(4);
  });

  it("are not compared by rows that are no leases, and not by what is ours alone", () => {
    const foreign = { leaseKey: { S: "Migration3.0" }, cv: { S: "CLIENT_VERSION_2X" } };
    const ours = { leaseCounter: { N: "1" }, kcOwner: { S: "t1" } };
    expect(
      differences(
        { ...none, rows: [foreign, { leaseCounter: { N: "1" } }] as Written["rows"] },
        { ...none, rows: [ours] as Written["rows"] },
      ),
    ).toEqual([]);
  });
});
