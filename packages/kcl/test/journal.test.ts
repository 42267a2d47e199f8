import { readFileSync } from "node:fs";
import { type Clock, definePipeline, systemClock, text } from "@kinesis-connectors/core";
import { type FaultRule, startLocalAws } from "@kinesis-connectors/local";
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

/** The machine's clock, whose short timers go off a hundred times as soon: pauses between tries are no part of these tests. What limits something is longer. */
const hasty: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs < 15_000 ? delayMs / 100 : delayMs, callback),
};

/** A child whose journal goes wrong in this way when it is opened, 15 times. */
async function startUnder(effect: FaultRule["effect"]) {
  const aws = await startLocalAws({ limits: "off", s3: false, opensearch: false });
  Object.assign(process.env, aws.env);
  aws.faults.add({ server: "dynamodb", operation: "DescribeTable", times: 15, effect });
  const objects = new Objects();
  const daemon = new ScriptedDaemon();
  const logger = keepingLogger();
  const pipeline = definePipeline<string, string, Plan>({
    transformer: text(),
    emitter: objectsEmitter(objects),
  });
  const done = runKclChild({ application: "clicks", pipeline, link: daemon.link, logger, clock: hasty });
  return { objects, daemon, logger, done, [Symbol.asyncDispose]: () => aws.close() };
}

test("an outage while the journal is opened is waited out, and told", async () => {
  await using child = await startUnder({ kind: "reset", at: "before-headers" });
  const { daemon, logger, objects, done } = child;
  expect(await new KclShard(records(1, 3)).handTo(daemon, () => 3)).toBe(true);
  daemon.end();
  await done;
  expect(objects.landed).toHaveLength(3);
  expect(logger.lines.some((line) => line.startsWith("the journal does not do what it is asked"))).toBe(true);
});

test("a right that is missing when the journal is opened ends the child with the cure", async () => {
  await using child = await startUnder({ kind: "error", code: "AccessDeniedException", status: 400 });
  const { daemon, done } = child;
  daemon.say(initializeMessage("s0", "TRIM_HORIZON"));
  const error = await failureFrom(done);
  expect(error).toMatchObject({ code: "KC_LEASE_TABLE" });
  expect(error.message).toContain("allow dynamodb:DescribeTable");
  expect(daemon.said).toEqual([]);
});
