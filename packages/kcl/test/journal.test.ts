import { readFileSync } from "node:fs";
import { type Clock, definePipeline, systemClock, text } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { failureFrom, keepingLogger } from "@kinesis-connectors/testkit";
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

/** The machine's clock, whose timers go off a hundred times as soon: pauses between tries are no part of these tests. */
const hasty: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 100, callback),
};

test.each([
  ["an outage is waited out", { kind: "reset", at: "before-headers" } as const, undefined],
  [
    "a missing right ends the child with the cure",
    { kind: "error", code: "AccessDeniedException", status: 400 } as const,
    "allow dynamodb:DescribeTable",
  ],
])("when the journal cannot be opened, %s", async (_, effect, cure) => {
  const aws = await startLocalAws({ limits: "off", s3: false, opensearch: false });
  try {
    Object.assign(process.env, aws.env);
    aws.faults.add({ server: "dynamodb", operation: "DescribeTable", times: 15, effect });
    const objects = new Objects();
    const daemon = new ScriptedDaemon();
    const logger = keepingLogger();
    const done = runKclChild({
      application: "clicks",
      pipeline: definePipeline<string, string, Plan>({
        transformer: text(),
        emitter: objectsEmitter(objects),
      }),
      link: daemon.link,
      logger,
      clock: hasty,
    });
    if (cure === undefined) {
      expect(await new KclShard(records(1, 3)).handTo(daemon, () => 3)).toBe(true);
      daemon.end();
      await done;
      expect(objects.landed).toHaveLength(3);
      expect(logger.lines.some((line) => line.startsWith("the journal does not do what it is asked"))).toBe(
        true,
      );
    } else {
      daemon.say(initializeMessage("s0", "TRIM_HORIZON"));
      const error = await failureFrom(done);
      expect(error).toMatchObject({ code: "KC_LEASE_TABLE" });
      expect(error.message).toContain(cure);
      expect(daemon.said).toEqual([]);
    }
  } finally {
    await aws.close();
  }
});
