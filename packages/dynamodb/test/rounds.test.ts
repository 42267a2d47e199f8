import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { following } from "@kinesis-connectors/aws";
import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { KeyQueues, type Outcomes } from "../src/writing/key-queues.js";
import { Pace } from "../src/writing/pace.js";
import { eachAlone } from "../src/requests.js";
import { settleAll } from "../src/writing/rounds.js";
import type { Answer } from "../src/writing/table.js";
import { entryOf } from "./support.js";

const throttled: Answer = { kind: "failed", reason: "throttled", error: new Error("throttled") };
const taken: Answer = { kind: "taken", unprocessed: new Set() };

/** Settles 200 keys against a table that answers as told; gives the most requests that were under way, wave by wave. */
async function mostUnderWay(answers: (request: number) => Answer): Promise<readonly number[]> {
  const entries = Array.from({ length: 200 }, (_, index) => entryOf(index, `${index}`));
  const outcomes: Outcomes<string> = [];
  const queues = new KeyQueues<string>(entries, true, outcomes);
  for (const [index, { output }] of entries.entries()) queues.add(output, index);
  const most: number[] = [];
  // As the emitter has it: all that wait for their turn listen to it.
  using followed = following(new AbortController().signal);
  let requests = 0;
  let running = 0;
  await settleAll({
    queues,
    writeOf: (_index, keyIndex) => ({
      keyIndex,
      kind: "batch",
      write: { PutRequest: { Item: {} } },
      wireBytes: 1,
    }),
    table: {
      schema: () => Promise.resolve([]),
      send: async () => {
        const answer = answers(requests);
        requests += 1;
        running += 1;
        most.push(running);
        await sleep(systemClock, 1);
        running -= 1;
        return answer;
      },
    },
    pace: new Pace(32),
    emit: {
      signal: followed.signal,
      clock: systemClock,
      random: { next: () => 0, uuid: () => "" },
      logger: silentLogger,
    },
    split: eachAlone,
    maxConcurrency: 32,
  });
  expect(outcomes).toEqual(entries.map(() => "written"));
  expect(getEventListeners(followed.signal, "abort")).toEqual([]);
  return most;
}

describe("the number of requests under way", () => {
  it("begins low and grows while the table keeps up, to its bound and no further", async () => {
    const most = await mostUnderWay(() => taken);
    expect(Math.max(...most.slice(0, 16))).toBe(16);
    expect(Math.max(...most)).toBeGreaterThan(20);
    expect(Math.max(...most)).toBeLessThanOrEqual(32);
  });

  it("falls to half with each wave that is throttled", async () => {
    const most = await mostUnderWay((request) => (request < 16 + 8 ? throttled : taken));
    expect(Math.max(...most.slice(0, 16))).toBe(16);
    // The second wave of eight is throttled too; four are left, and the first few after that grow slowly.
    expect(Math.max(...most.slice(24 + 8, 24 + 16))).toBeLessThanOrEqual(6);
  });

  it("falls too when items of a batch come back unprocessed", async () => {
    const unprocessed = (request: number): Answer =>
      request < 16 ? { kind: "taken", unprocessed: new Set([String(request)]) } : taken;
    const most = await mostUnderWay(unprocessed);
    expect(Math.max(...most.slice(16 + 8, 16 + 16))).toBeLessThanOrEqual(10);
  });
});
