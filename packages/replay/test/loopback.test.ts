import { readFile } from "node:fs/promises";
import { fanOut } from "@kinesis-connectors/consumer/reading";
import { type LocalAws, startLocalAws, systemClock } from "@kinesis-connectors/local";
import { memoryLeases } from "@kinesis-connectors/leases";
import { failureFrom } from "@kinesis-connectors/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startReplay, streamRange } from "../src/index.js";
import { Place } from "./support/place.js";

const MINUTE_MS = 60_000;

let aws: LocalAws;
let startMs: number;
beforeEach(async () => {
  let aheadMs = -30 * MINUTE_MS;
  const clock = { ...systemClock, now: () => Math.floor(systemClock.now() + aheadMs) };
  aws = await startLocalAws({ clock, s3: false, opensearch: false, limits: "off" });
  aws.kinesis.createStream({ name: "clicks", shardCount: 2 });
  startMs = clock.now();
  for (let n = 0; n < 90; n += 1) {
    aheadMs = startMs + n * 10_000 - systemClock.now();
    aws.kinesis.putRecords("clicks", [{ partitionKey: `key-${n}`, data: `r${n}` }]);
  }
  aheadMs = 0;
});
afterEach(async () => {
  await aws.close();
});

const at = (n: number): Date => new Date(startMs + n * 10_000 - 5_000);

async function replay(
  application: string,
  retrieval?: ReturnType<typeof fanOut>,
): Promise<readonly string[]> {
  const place = new Place();
  const { region, credentials } = aws.clientOptions("kinesis");
  const running = await startReplay({
    application,
    pipeline: place.pipeline(),
    source: streamRange({
      stream: "clicks",
      from: at(30),
      until: at(60),
      region,
      credentials,
      endpoint: aws.endpoints.kinesis,
      ...(retrieval === undefined ? {} : { retrieval }),
    }),
    dynamodb: { region, credentials, endpoint: aws.endpoints.dynamodb },
  });
  expect((await running.done).isComplete).toBe(true);
  return place.landed.toSorted();
}

const WANTED = Array.from({ length: 30 }, (_, n) => `r${n + 30}`);

it("a range of a real stream, with rows in DynamoDB, takes the rights of its policy and no other", async () => {
  expect(await replay("clicks-again")).toEqual(WANTED);
  // Once more with the same rows: nothing.
  expect(await replay("clicks-again")).toEqual([]);
  const policy = JSON.parse(
    await readFile(new URL("../iam/replay-policy.json", import.meta.url), "utf8"),
  ) as { readonly Statement: readonly { readonly Action: readonly string[] }[] };
  const allowed = new Set(policy.Statement.flatMap(({ Action }) => Action));
  const called = aws.journal.entries().map(({ server, operation }) => `${server}:${operation}`);
  expect([...new Set(called)].filter((action) => !allowed.has(action))).toEqual([]);
});

it("of a stream that there is not is refused", async () => {
  const { region, credentials } = aws.clientOptions("kinesis");
  const starting = startReplay({
    application: "clicks-again",
    pipeline: new Place().pipeline(),
    source: streamRange({
      stream: "clikcs",
      from: at(30),
      until: at(60),
      region,
      credentials,
      endpoint: aws.endpoints.kinesis,
    }),
    leaseTable: memoryLeases().connect(),
  });
  expect(await failureFrom(starting)).toMatchObject({
    code: "KC_STREAM_MISSING",
    message: expect.stringContaining("clikcs"),
  });
});

it("by a registered consumer of its own lands the same", async () => {
  expect(await replay("clicks-by-fan-out", fanOut())).toEqual(WANTED);
});
