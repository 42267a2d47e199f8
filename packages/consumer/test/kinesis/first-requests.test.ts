import type { ServerResponse } from "node:http";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { keepRequests } from "@kinesis-connectors/aws";
import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { breathe, VirtualTime } from "../reading/virtual-time.js";
import { answerEmpty, startEmptyDynamoDb } from "../support/empty-dynamodb.js";

const INPUT = { TableName: "leases", Key: { leaseKey: { S: "shardId-000000000000" } } };
const OTHERS = 20;

/** A server that answers when the test says so, and a client whose requests are kept. */
async function startHolding(more: { readonly maxAttempts?: number } = {}) {
  const held: ServerResponse[] = [];
  let holds = true;
  const dynamoDb = await startEmptyDynamoDb((response) => {
    if (holds) held.push(response);
    else answerEmpty(response);
  }, more);
  const time = new VirtualTime();
  const send = keepRequests(dynamoDb.client, { clock: time });
  const request = (signal?: AbortSignal) => send(GetItemCommand, INPUT, signal);
  return {
    ...dynamoDb,
    held,
    time,
    request,
    others: () => Promise.all(Array.from({ length: OTHERS }, () => request())),
    /** From now on the server answers at once; those that it holds it goes on holding. */
    answersAtOnce: () => {
      holds = false;
    },
    answerHeld: (status?: number) => {
      for (const response of held.splice(0)) answerEmpty(response, status);
    },
  };
}

describe("requests that are made while the first one of their operation is under way", () => {
  it("wait for it, and do without the steps of the client", async () => {
    await using fixture = await startHolding();
    const first = fixture.request();
    await expect.poll(() => fixture.held).toHaveLength(1);
    fixture.answersAtOnce();
    const others = fixture.others();
    fixture.answerHeld();
    await Promise.all([first, others]);
    expect(fixture.inAllSteps).toHaveBeenCalledTimes(1);
  });

  it("wait half a second for one that hangs, and go through the client then", async () => {
    await using fixture = await startHolding();
    const aborting = new AbortController();
    const first = failureFrom(fixture.request(aborting.signal));
    await expect.poll(() => fixture.held).toHaveLength(1);
    fixture.answersAtOnce();
    const others = fixture.others();
    fixture.time.skip(499);
    await breathe();
    expect(fixture.inAllSteps).toHaveBeenCalledTimes(1);
    fixture.time.skip(1);
    await others;
    expect(fixture.inAllSteps).toHaveBeenCalledTimes(1 + OTHERS);
    // Those that come later wait for nobody, though the first one hangs still.
    await fixture.request();
    aborting.abort();
    expect((await first).name).toBe("AbortError");
  });

  it("go on when it fails, and when it is aborted", async () => {
    for (const end of ["fails", "is aborted"] as const) {
      await using fixture = await startHolding();
      const aborting = new AbortController();
      const first = failureFrom(fixture.request(aborting.signal));
      await expect.poll(() => fixture.held).toHaveLength(1);
      fixture.answersAtOnce();
      const others = fixture.others();
      await breathe();
      expect(fixture.inAllSteps).toHaveBeenCalledTimes(1);
      if (end === "fails") fixture.answerHeld(500);
      else aborting.abort();
      await others;
      await first;
    }
  });

  it("are aborted while they wait", async () => {
    await using fixture = await startHolding();
    const first = fixture.request();
    await expect.poll(() => fixture.held).toHaveLength(1);
    const aborting = new AbortController();
    const second = failureFrom(fixture.request(aborting.signal));
    await breathe();
    aborting.abort();
    expect((await second).name).toBe("AbortError");
    fixture.answerHeld();
    await first;
  });

  it("wait once, where the client's requests cannot be kept", async () => {
    // It repeats them by itself.
    await using fixture = await startHolding({ maxAttempts: 3 });
    const first = fixture.request();
    await expect.poll(() => fixture.held).toHaveLength(1);
    fixture.answerHeld();
    await first;
    const others = fixture.others();
    // All of them are under way at once.
    await expect.poll(() => fixture.held).toHaveLength(OTHERS);
    fixture.answerHeld();
    await others;
    expect(fixture.inAllSteps).toHaveBeenCalledTimes(1 + OTHERS);
  });
});
