import { readFileSync } from "node:fs";
import { definePipeline, text } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { afterEach, expect, test } from "vitest";
import { runKclChild } from "../src/index.js";
import { initializeMessage, KclShard } from "./support/kcl-shard.js";
import { ScriptedDaemon } from "./support/scripted-daemon.js";
import { Objects, objectsEmitter, type Plan, records } from "./support/world.js";

const environment = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

function granted(): readonly string[] {
  const policy = JSON.parse(readFileSync(new URL("../iam/child-policy.json", import.meta.url), "utf8")) as {
    readonly Statement: readonly { readonly Action: readonly string[] }[];
  };
  return policy.Statement.flatMap(({ Action }) => Action).toSorted();
}

test("the journal is a table of its own in DynamoDB, found by the environment, and takes the rights of the shipped policy", async () => {
  const aws = await startLocalAws({ limits: "off", s3: false, opensearch: false });
  try {
    Object.assign(process.env, aws.env);
    const objects = new Objects();
    const options = {
      application: "clicks",
      pipeline: definePipeline<string, string, Plan>({
        transformer: text(),
        buffer: { maxRecords: 3 },
        emitter: objectsEmitter(objects),
      }),
    };
    const shard = new KclShard(records(1, 8));
    const daemon = new ScriptedDaemon();
    const done = runKclChild({ ...options, link: daemon.link });
    expect(await shard.handTo(daemon, () => 2)).toBe(true);
    daemon.end();
    await done;
    expect(objects.landed).toHaveLength(8);
    expect(shard.checkpoint).toBe("SHARD_END");

    const calls = aws.journal.entries({ server: "dynamodb" });
    const tables = new Set(calls.map(({ parameters }) => Reflect.get(parameters, "table")));
    expect([...tables]).toEqual(["clicks-journal"]);
    const rights = new Set(calls.map(({ operation }) => `dynamodb:${operation}`));
    expect([...rights].toSorted()).toEqual(granted());

    // Another child finds the table, and the shard read to its end in it.
    const next = new ScriptedDaemon();
    const again = runKclChild({ ...options, link: next.link });
    next.say(initializeMessage("s0", "TRIM_HORIZON"));
    expect(await next.hear()).toEqual({ action: "status", responseFor: "initialize" });
    next.say({ action: "shardEnded" });
    expect(await next.hear()).toMatchObject({ action: "checkpoint", sequenceNumber: null });
    next.end();
    await again;
    expect(objects.landed).toHaveLength(8);
  } finally {
    await aws.close();
  }
});
