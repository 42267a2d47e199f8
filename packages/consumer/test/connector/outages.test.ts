import { KinesisConnectorError, type Logger, silentLogger, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import { KinesisCallError } from "../../src/kinesis/kinesis-api.js";
import { checkStream, patiently } from "../../src/kinesis/stream-check.js";
import { evenRandom } from "../reading/support.js";
import { VirtualTime } from "../reading/virtual-time.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

describe("a connector whose credentials are away for a while", () => {
  it("waits, tells it, and goes on: nothing is lost, nothing stops", async () => {
    await using local = await startAws();
    let isAway = false;
    let refused = 0;
    const warned: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => void warned.push(fields) };
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    const collected = collector();
    const connector = await startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      logger,
      // Over at once, so that each call asks anew, as with a metadata service whose session is nearly over.
      credentials: () => {
        if (!isAway)
          return Promise.resolve({
            accessKeyId: "a",
            secretAccessKey: "b",
            expiration: new Date(systemClock.now()),
          });
        refused += 1;
        return Promise.reject(
          Object.assign(new Error("Could not load credentials from any providers"), {
            name: "CredentialsProviderError",
          }),
        );
      },
    });
    const seen: ConnectorEvent[] = [];
    const watching = (async () => {
      for await (const event of connector) if (event.type !== "events-drop") seen.push(event);
    })();
    await until(() => collected.all().length >= 20);
    isAway = true;
    local.kinesis.putRecords(STREAM, numbered(21, 40));
    const retries = () => seen.filter((event) => event.type === "read-retry");
    // More tries than ended it once.
    await until(() => retries().length >= 5 && refused > 10);
    isAway = false;
    await until(() => collected.all().length >= 40);
    await connector.stop();
    await connector.done;
    await watching;
    expect(new Set(collected.all())).toEqual(new Set(numbered(1, 40).map(({ data }) => data)));
    expect(retries().every((event) => event.type === "read-retry" && event.kind === "no-credentials")).toBe(
      true,
    );
    expect(warned).toContainEqual(
      expect.objectContaining({ operation: "GetRecords", kind: "no-credentials", attempt: 1 }),
    );
  });
});

describe("a start that is throttled", () => {
  const limited = new KinesisCallError(
    "DescribeStreamSummary",
    "limit",
    "DescribeStreamSummary failed with LimitExceededException: Rate exceeded for stream clicks",
  );
  const summary = {
    streamName: STREAM,
    streamArn: "arn:aws:kinesis:eu-central-1:000000000000:stream/clicks",
    status: "ACTIVE",
    retentionHours: 24,
    openShardCount: 1,
  } as const;
  const context = (describeStream: () => Promise<typeof summary>) => {
    const clock = new VirtualTime();
    const lines: unknown[] = [];
    return {
      clock,
      lines,
      api: { describeStream } as never,
      stream: STREAM,
      random: evenRandom,
      signal: new AbortController().signal,
      logger: { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) },
    };
  };

  it("waits as long as a fleet needs, and says what for", async () => {
    let calls = 0;
    const checking = context(() => ((calls += 1) <= 60 ? Promise.reject(limited) : Promise.resolve(summary)));
    expect(await checking.clock.drive(checkStream(checking))).toBe(summary);
    expect(checking.lines).toHaveLength(12);
    expect(checking.lines[0]).toEqual([
      expect.objectContaining({ operation: "DescribeStreamSummary", kind: "limit", attempt: 5 }),
      expect.stringContaining("limits the calls of this account"),
    ]);
  });

  it("ends after ten minutes with what it is, and not with the network", async () => {
    const checking = context(() => Promise.reject(limited));
    const startMs = checking.clock.now();
    const failed = checking.clock.drive(checkStream(checking));
    await expect(failed).rejects.toThrow(
      /not been answered for 10 minutes.*LimitExceededException.*fewer programs/,
    );
    await expect(failed).rejects.not.toThrow(/network/);
    expect(checking.clock.now() - startMs).toBeGreaterThanOrEqual(600_000);
  });

  it("gives an address that does not answer up after some tries, and waits for it while the connector runs", async () => {
    const gone = new KinesisCallError("RegisterStreamConsumer", "transient", "connect ECONNREFUSED");
    let calls = 0;
    const call = () => ((calls += 1) <= 50 ? Promise.reject(gone) : Promise.resolve(summary));
    const starting = context(call);
    await expect(starting.clock.drive(patiently(starting, call))).rejects.toThrow(/Check the network/);
    expect(calls).toBe(6);
    const running = { ...starting, isRunning: true };
    expect(await starting.clock.drive(patiently(running, call))).toBe(summary);
  });

  it("stops at once for what was never there", async () => {
    for (const kind of ["access-denied", "no-credentials", "credentials", "wire-format"] as const) {
      const checking = context(() =>
        Promise.reject(new KinesisCallError("DescribeStreamSummary", kind, "no")),
      );
      const startMs = checking.clock.now();
      const failure: unknown = await checking.clock
        .drive(checkStream(checking))
        .catch((error: unknown) => error);
      expect(KinesisConnectorError.isInstance(failure) && failure.code).toBe("KC_READ_REFUSED");
      expect(checking.clock.now()).toBe(startMs);
    }
  });
});
