import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startConnector } from "../../src/connector.js";
import { fanOut } from "../../src/reading/fan-out-consumer.js";
import type { ConnectorOptions } from "../../src/options.js";
import { createOwnerIndex } from "../support/owner-index.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal?: unknown;
}

function statementsOf(file: string): readonly Statement[] {
  const text = readFileSync(new URL(`../../iam/${file}`, import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly Statement: readonly Statement[] }).Statement;
}

/** What policies grant, without the key of an encrypted stream: the service asks for that by itself. */
function granted(...files: readonly string[]): string[] {
  const statements = files.flatMap(statementsOf).filter(({ Sid }) => Sid !== "OnlyForEncryptedStreams");
  return [...new Set(statements.flatMap(({ Action }) => Action))].toSorted();
}

type Local = Awaited<ReturnType<typeof startAws>>;

/** The rights that every call so far takes: that of its own name (Service Authorization Reference, Kinesis and DynamoDB). */
function called(local: Local): string[] {
  const rights = local.journal.entries().map(({ server, operation }) => `${server}:${operation}`);
  return [...new Set(rights)].toSorted();
}

/** The same of DynamoDB alone, after an entry of the journal, for each table. */
function rightsByTable(local: Local, after: number): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, readonly string[]>();
  for (const { operation, parameters } of local.journal.entries({ after, server: "dynamodb" })) {
    const table = String(Reflect.get(parameters, "table"));
    const rights = new Set([...(tables.get(table) ?? []), `dynamodb:${operation}`]);
    tables.set(table, [...rights].toSorted());
  }
  return tables;
}

/** Runs a connector until it has read `count` records, does something, and stops it when that is over. */
async function run(
  local: Local,
  options: Partial<ConnectorOptions<string, string>>,
  meanwhile: (read: () => number) => Promise<void>,
): Promise<void> {
  const collected = collector();
  const given = optionsFor(local, textPipeline(collected.emitter));
  const connector = await startConnector({
    ...given,
    ...options,
    leases: { ...given.leases, ...options.leases },
  });
  await meanwhile(() => collected.all().length);
  await connector.stop();
  await connector.done;
}

describe("S01 the shipped policies of the consumer", () => {
  it("grant a worker that polls what it calls and nothing else, a shard that was split and forgotten included", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    let deleted = 0;
    const leases = { cleanupPeriodMs: 100 };
    const observe = ({ type }: { readonly type: string }): void => {
      if (type === "lease-delete") deleted += 1;
    };
    await run(local, { leases, observe }, async (read) => {
      await until(() => read() >= 20);
      local.kinesis.call("SplitShard", {
        StreamName: STREAM,
        ShardToSplit: "shardId-000000000000",
        NewStartingHashKey: String(2n ** 127n),
      });
      local.kinesis.putRecords(STREAM, numbered(21, 60));
      await until(() => read() >= 60 && deleted > 0);
    });
    expect(called(local)).toEqual(granted("read-policy.json", "leases-policy.json"));
    expect(rightsByTable(local, 0).get("clicks-to-memory-CoordinatorState")).toEqual(["dynamodb:GetItem"]);
  });

  it("grant fan-out what it calls instead of GetRecords, and the owner's consumer asks for less", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    await run(local, { retrieval: fanOut() }, (read) => until(() => read() >= 20));
    const polled = new Set(["kinesis:GetRecords", "kinesis:GetShardIterator"]);
    const reading = granted("read-policy.json", "fan-out-policy.json").filter((right) => !polled.has(right));
    expect(called(local).filter((right) => right.startsWith("kinesis:"))).toEqual(reading);
    const owned = statementsOf("consumer-resource-policy.json").flatMap(({ Action }) => Action);
    expect(owned.toSorted()).toEqual(
      granted("fan-out-policy.json").filter((right) => right !== "kinesis:RegisterStreamConsumer"),
    );
  });

  it("grant a fleet in 3.x mode what it calls besides", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    await run(local, {}, (read) => until(() => read() >= 20));
    const client = new DynamoDBClient(local.clientOptions("dynamodb"));
    await createOwnerIndex(client, "clicks-to-memory");
    client.destroy();
    const after = local.journal.last();
    await run(local, { leases: { mode: "3x", fleetModePeriodMs: 100 } }, async () => {
      await until(() => local.journal.entries({ after, operation: "Query" }).length > 0);
    });
    const { "clicks-to-memory": leases, ...others } = Object.fromEntries(rightsByTable(local, after));
    const allowed = new Set([...granted("leases-policy.json"), "dynamodb:Query"]);
    expect(leases).toContain("dynamodb:Query");
    expect(leases?.filter((right) => !allowed.has(right))).toEqual([]);
    expect(others).toEqual({ "clicks-to-memory-CoordinatorState": ["dynamodb:GetItem"] });
  });

  it("cross-account: a resource policy gives on the stream what the policy of the role asks for", () => {
    const [owner, ...none] = statementsOf("stream-resource-policy.json");
    const [role] = statementsOf("read-policy.json");
    expect(none).toEqual([]);
    expect(owner).toMatchObject({ Action: role?.Action, Resource: role?.Resource });
    expect(owner?.Principal).toEqual({ AWS: "arn:aws:iam::READER_ACCOUNT:role/ROLE" });
  });
});
