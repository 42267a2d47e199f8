import { KinesisConnectorError, silentLogger } from "@kinesis-connectors/core";
import { beforeEach, describe, expect, test } from "vitest";
import { TableCalls } from "../../src/lease-table/table-calls.js";
import { ownLeaseTable } from "../../src/lease-table/own-lease-table.js";
import { leaseWith } from "../support/leases.js";
import { startRecorder } from "../support/recorder.js";
import { evenRandom } from "../reading/support.js";
import { VirtualTime } from "../reading/virtual-time.js";

const named = (name: string, message = "said DynamoDB"): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });

let clock: VirtualTime;
let calls: TableCalls;
let lines: unknown[];
beforeEach(() => {
  clock = new VirtualTime();
  lines = [];
  calls = new TableCalls({
    tableName: "leases",
    clock,
    random: evenRandom,
    logger: { ...silentLogger, warn: (...line) => void lines.push(line) },
  });
});

/** Fails `times` times, and then answers. */
function failing(failure: Error, times: number): () => Promise<string> {
  let made = 0;
  return () => ((made += 1) <= times ? Promise.reject(failure) : Promise.resolve("answer"));
}

const codeOf = (error: unknown): string | undefined =>
  KinesisConnectorError.isInstance(error) ? error.code : undefined;

describe("outages of the lease table", () => {
  test("throttled at the start it is waited for, and that is told", async () => {
    expect(
      await clock.drive(calls.repeat("DescribeTable", failing(named("LimitExceededException"), 50))),
    ).toBe("answer");
    expect(lines).toHaveLength(5);
    expect(await clock.drive(calls.repeat("Scan", failing(named("ThrottlingException"), 50)))).toBe("answer");
    // Later on, whoever needs the answer makes the call again.
    const failed = clock.drive(calls.repeat("Scan", failing(named("ThrottlingException"), 50)));
    await expect(failed).rejects.toMatchObject({ name: "ThrottlingException" });
  });

  test("a stop ends the waiting of a start", async () => {
    const stop = new AbortController();
    calls.startsUnder(stop.signal);
    const waiting = calls.repeat("DescribeTable", failing(named("LimitExceededException"), 1_000));
    clock.setTimer(20_000, () => stop.abort());
    const failure: unknown = await clock.drive(waiting).catch((error: unknown) => error);
    expect(codeOf(failure)).toBe("KC_LEASE_TABLE");
    expect(clock.monotonicNow()).toBeLessThan(23_000);
  });

  test("a right that was there is missed for a while; one that was never there stops at once", async () => {
    const denied = named("AccessDeniedException");
    const never: unknown = await calls
      .repeat("UpdateItem", failing(denied, 1))
      .catch((error: unknown) => error);
    expect(codeOf(never)).toBe("KC_LEASE_TABLE");
    await calls.repeat("UpdateItem", failing(denied, 0));
    expect(await clock.drive(calls.repeat("UpdateItem", failing(denied, 4)))).toBe("answer");
    expect(calls.failureOf("UpdateItem", denied)).toBe("throttled");
    clock.skip(299_000);
    expect(calls.failureOf("UpdateItem", denied)).toBe("throttled");
    clock.skip(2_000);
    expect(calls.failureOf("UpdateItem", denied)).toBe("fatal");
  });

  test("credentials that are away, and a clock that is off, are nothing that was applied; a wrong key is fatal", () => {
    const expired = "Signature expired: 20261129T075500Z is now earlier than 20261129T081000Z";
    for (const error of [
      named("CredentialsProviderError"),
      named("ExpiredTokenException"),
      named("RequestExpired"),
      named("InvalidSignatureException", expired),
    ])
      expect(calls.failureOf("UpdateItem", error)).toBe("no-credentials");
    for (const name of ["UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId"])
      expect(calls.failureOf("UpdateItem", named(name))).toBe("fatal");
  });
});

test("F04 an update that is answered by a success without a word is unknown, and not applied", async () => {
  await using server = await startRecorder({ body: "" });
  const { table } = ownLeaseTable({
    tableName: "leases",
    endpoint: server.endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  const seen = leaseWith("s0");
  for (const _ of ["the first", "one of the kept form"]) {
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("unknown");
    server.answer = { body: "{}" };
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("applied");
    server.answer = { body: "" };
  }
  table.close?.();
});
