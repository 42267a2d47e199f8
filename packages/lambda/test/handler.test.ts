import {
  definePipeline,
  type Emitter,
  type Logger,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";

import {
  type InvocationContext,
  type KinesisEvent,
  kinesisHandler,
  type KinesisHandlerOptions,
} from "../src/index.js";
import { Bucket, bucketEmitter, type Plan } from "./support/bucket.js";
import { FakeStream, STREAM_ARN } from "./support/fake-stream.js";

const S0 = "shardId-000000000000";
const at = async <Result>(call: () => Result): Promise<Result> => await Promise.resolve(call());

function event(
  records: readonly Pick<StreamRecord, "sequenceNumber" | "data">[],
  shardId = S0,
  arn = STREAM_ARN,
): KinesisEvent {
  return {
    Records: records.map(({ sequenceNumber, data }) => ({
      eventID: `${shardId}:${sequenceNumber}`,
      eventSourceARN: arn,
      kinesis: {
        sequenceNumber,
        partitionKey: "k",
        data: Buffer.from(data).toString("base64"),
        approximateArrivalTimestamp: 1_767_225_600.123,
      },
    })),
  };
}

const lines = (...numbers: readonly number[]) =>
  numbers.map((number) => ({
    sequenceNumber: `${100 + number}`,
    data: new TextEncoder().encode(`${number}`),
  }));

function context(leftMs = 60_000, clock: { now: () => number } = systemClock): InvocationContext {
  const endMs = clock.now() + leftMs;
  return {
    awsRequestId: "request-1",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:000000000000:function:f",
    getRemainingTimeInMillis: () => endMs - clock.now(),
  };
}

type Options = KinesisHandlerOptions<string, string, Plan>;

function setUp(more: Partial<Options> = {}, emitterOf?: (bucket: Bucket) => Emitter<string, Plan>) {
  const bucket = new Bucket();
  const leases = memoryLeases();
  const lines: { level: string; line: string }[] = [];
  const log = (level: string) => (_: object, line: string) => void lines.push({ level, line });
  const logger: Logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const stated =
    more.listMappings === undefined
      ? ({ parallelizationFactor: 1, reportBatchItemFailures: true } as const)
      : {};
  const handler = kinesisHandler<string, string, Plan>({
    application: "clicks",
    pipeline: definePipeline({
      transformer: text(),
      buffer: { maxRecords: 2 },
      emitter: emitterOf?.(bucket) ?? bucketEmitter(bucket, at),
    }),
    leaseTable: leases.connect(),
    logger,
    kinesisApi: () => {
      throw new Error("the stream is not to be asked");
    },
    ...stated,
    ...more,
  });
  const texts = (): readonly string[] => bucket.landed.map(({ text: line }) => line);
  return { bucket, leases, handler, lines, texts };
}

describe("an invocation", () => {
  test("delivers what its event holds, and the row says so", async () => {
    const { handler, texts, leases } = setUp();
    expect(await handler(event(lines(1, 2, 3)), context())).toEqual({ batchItemFailures: [] });
    expect(texts()).toEqual(["1", "2", "3"]);
    expect(leases.rows.get(S0)).toMatchObject({
      checkpoint: { sequenceNumber: "103", subSequenceNumber: 0 },
      owner: expect.stringMatching(/^request-1:/),
      stream: { streamArn: STREAM_ARN },
      pending: undefined,
    });
  });

  test("passes over what an earlier one delivered, wherever its batch was cut", async () => {
    const { handler, texts } = setUp();
    await handler(event(lines(1, 2, 3)), context());
    await handler(event(lines(2, 3, 4, 5)), context());
    await handler(event(lines(1, 2)), context());
    expect(texts()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("tells what happens, and goes on whatever the listener does", async () => {
    const types: string[] = [];
    const { handler, texts } = setUp({
      observe: ({ type }) => {
        types.push(type);
        throw new Error("a listener of one's own");
      },
    });
    expect(await handler(event(lines(1)), context())).toEqual({ batchItemFailures: [] });
    expect(texts()).toEqual(["1"]);
    expect(types).toContain("checkpoint-commit");
  });

  test("of a registered consumer delivers for the stream that this is one of", async () => {
    const { handler, leases } = setUp();
    await handler(event(lines(1), S0, `${STREAM_ARN}/consumer/clicks:1700000000`), context());
    expect(leases.rows.get(S0)).toMatchObject({ stream: { streamArn: STREAM_ARN } });
  });

  test("with several shards answers for each", async () => {
    const { handler, texts, bucket } = setUp();
    const both = {
      Records: [...event(lines(1, 2, 3)).Records, ...event(lines(1, 2), "shardId-000000000007").Records],
    };
    let writes = 0;
    bucket.refuses = () => (writes += 1) === 3;
    const { batchItemFailures } = await handler(both, context());
    expect(batchItemFailures).toHaveLength(1);
    await handler(both, context());
    expect(texts().toSorted()).toEqual(["1", "1", "2", "2", "3"]);
  });

  test("without records is done, and one that is not of Kinesis is refused with the cure", async () => {
    const { handler } = setUp();
    expect(await handler({ Records: [] }, context())).toEqual({ batchItemFailures: [] });
    const foreign = {
      Records: [{ eventID: "1", eventSourceARN: "arn:aws:sqs:eu-central-1:000000000000:q" }],
    };
    await expect(handler(foreign as never, context())).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("event source mapping of a Kinesis stream"),
    });
    await expect(handler({} as never, context())).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
  });
});

describe("a failure", () => {
  test("after something was delivered answers with the first record that was not", async () => {
    const { handler, texts, bucket } = setUp();
    let writes = 0;
    bucket.refuses = () => (writes += 1) > 1;
    expect(await handler(event(lines(1, 2, 3, 4, 5)), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: "103" }],
    });
    bucket.refuses = () => false;
    expect(await handler(event(lines(3, 4, 5)), context())).toEqual({ batchItemFailures: [] });
    expect(texts()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("after nothing was is thrown, so that it is counted and the batch is bisected", async () => {
    const { handler, bucket } = setUp();
    bucket.refuses = () => true;
    await expect(handler(event(lines(1, 2, 3)), context())).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
    });
  });

  test("of a poison record without dead letters names that record, and is thrown once it is the first", async () => {
    const { handler, texts } = setUp({
      pipeline: definePipeline<string, string, Plan>({
        transformer: text().to((line) => {
          if (line === "3") throw new Error("poison");
          return line;
        }),
        emitter: bucketEmitter(new Bucket(), at),
      }),
    });
    expect(await handler(event(lines(1, 2, 3, 4)), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: "103" }],
    });
    await expect(handler(event(lines(3, 4)), context())).rejects.toMatchObject({ code: "KC_RECORD_POISON" });
    expect(texts()).toEqual([]);
  });

  test("is thrown also after something was delivered, where the mapping does not report failures", async () => {
    const { handler, bucket, texts } = setUp({ parallelizationFactor: 1, reportBatchItemFailures: false });
    let writes = 0;
    bucket.refuses = () => (writes += 1) > 1;
    await expect(handler(event(lines(1, 2, 3)), context())).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
    });
    bucket.refuses = () => false;
    await handler(event(lines(1, 2, 3)), context());
    expect(texts()).toEqual(["1", "2", "3"]);
  });

  test("of an invocation that is overtaken twice hands its records back", async () => {
    const leases = memoryLeases();
    const table = leases.connect();
    let owners = 0;
    const contested: LeaseTable = {
      ...table,
      update: async (seen, change) => {
        if (change.type === "take" && change.owner.startsWith("request-1"))
          await table.update(seen, { ...change, owner: `other:${(owners += 1)}` });
        return await table.update(seen, change);
      },
    };
    const { handler, lines: said } = setUp({ leaseTable: contested });
    expect(await handler(event(lines(1, 2)), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: "101" }],
    });
    expect(said).toContainEqual({ level: "warn", line: expect.stringContaining("newer invocations") });
  });
});

describe("the time of an invocation", () => {
  test("is over a second before Lambda's: what is under way is aborted, and the next one goes on", async () => {
    const clock = virtualClock();
    const aborted: boolean[] = [];
    const slow = (bucket: Bucket): Emitter<string, Plan> => ({
      ...bucketEmitter(bucket, at),
      emit: async (batch, emitting) => {
        await sleep(clock, 2_000, emitting.signal);
        aborted.push(emitting.signal.aborted);
        emitting.signal.throwIfAborted();
        return await bucketEmitter(bucket, at).emit(batch, emitting);
      },
    });
    const { handler, texts, leases } = setUp({ clock }, slow);
    // Two batches take four seconds, and there are three and a half.
    const answer = await clock.run(handler(event(lines(1, 2, 3, 4)), context(4_500, clock)));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "103" }] });
    expect(aborted).toEqual([false, true]);
    expect(clock.monotonicNow()).toBe(3_500);
    expect(leases.rows.get(S0)?.pending).toBeDefined();
    expect(clock.pendingTimers()).toBe(0);
    await clock.run(handler(event(lines(3, 4)), context(60_000, clock)));
    expect(texts()).toEqual(["1", "2", "3", "4"]);
  });

  test("that was over while the sandbox stood still lets nothing be written any more, before any timer has fired", async () => {
    let leftMs = 60_000;
    const { handler, texts } = setUp({}, (bucket) => ({
      ...bucketEmitter(bucket, at),
      emit: async (batch, emitting) => {
        const result = await bucketEmitter(bucket, at).emit(batch, emitting);
        leftMs = -5_000;
        return result;
      },
    }));
    const frozen = { ...context(), getRemainingTimeInMillis: () => leftMs };
    const answer = await handler(event(lines(1, 2, 3, 4)), frozen);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "103" }] });
    expect(texts()).toEqual(["1", "2"]);
  });
});

describe("a cold start", () => {
  test("opens the destination and looks at the mapping once, and again after a failure", async () => {
    let opened = 0;
    let looks = 0;
    const { handler } = setUp(
      {
        listMappings: () => {
          looks += 1;
          return Promise.resolve([{ FunctionResponseTypes: ["ReportBatchItemFailures"] }]);
        },
      },
      (bucket) => ({
        ...bucketEmitter(bucket, at),
        open: () => {
          opened += 1;
          return opened === 1 ? Promise.reject(new Error("no bucket yet")) : Promise.resolve();
        },
      }),
    );
    await expect(handler(event(lines(1)), context())).rejects.toThrow("no bucket yet");
    await handler(event(lines(1)), context());
    await handler(event(lines(2)), context());
    expect({ opened, looks }).toEqual({ opened: 2, looks: 1 });
  });

  test("refuses a mapping whose batches overtake each other, before anything is written", async () => {
    const { handler, texts, leases } = setUp({
      listMappings: () => Promise.resolve([{ UUID: "u", ParallelizationFactor: 2 }]),
    });
    await expect(handler(event(lines(1)), context())).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("ParallelizationFactor 2"),
    });
    expect(texts()).toEqual([]);
    expect(leases.rows.size).toBe(0);
  });

  test.each([
    ["may not be looked at", undefined, "lambda:ListEventSourceMappings"],
    ["is not there", [], "parallelizationFactor: 1"],
  ] as const)("refuses a mapping that %s, unless it is stated", async (_, mappings, cure) => {
    const { handler } = setUp({ listMappings: () => Promise.resolve(mappings) });
    await expect(handler(event(lines(1)), context())).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining(cure),
    });
  });

  test("says what a mapping costs, with the cure", async () => {
    const { handler, lines: said } = setUp({
      listMappings: () => Promise.resolve([{ MaximumRetryAttempts: 2 }]),
    });
    await handler(event(lines(1)), context());
    expect(said.filter(({ level }) => level === "warn")).toHaveLength(2);
  });
});

describe("a prepared batch of an earlier invocation", () => {
  async function withPending(cut: readonly number[]) {
    const stream = new FakeStream(systemClock, 1);
    let reads = 0;
    const world = setUp({
      kinesisApi: () => {
        reads += 1;
        return stream.api();
      },
    });
    for (let number = 1; number <= 6; number += 1) stream.putRecord(S0, `${number}`);
    const numbers = stream.put.map(({ position }) => position.slice(0, -2));
    const of = (...wanted: readonly number[]) =>
      event(
        wanted.map((number) => ({
          sequenceNumber: numbers[number - 1] ?? "",
          data: new TextEncoder().encode(`${number}`),
        })),
      );
    world.bucket.refuses = () => true;
    await expect(world.handler(of(1, 2, 3), context())).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(world.leases.rows.get(S0)?.pending).toBeDefined();
    world.bucket.refuses = () => false;
    await world.handler(of(...cut), context());
    return { ...world, reads: () => reads };
  }

  test("is finished from the event, where that holds all of it", async () => {
    const { texts, reads } = await withPending([1, 2, 3, 4]);
    expect(texts()).toEqual(["1", "2", "3", "4"]);
    expect(reads()).toBe(0);
  });

  test("is finished from the stream, where the event was cut before its end, and once for each cold start", async () => {
    const { texts, reads, handler } = await withPending([1]);
    expect(texts()).toEqual(["1", "2"]);
    expect(reads()).toBe(1);
    await handler(event(lines(1)), context());
    expect(reads()).toBe(1);
  });

  test("is finished from the stream, where its records were given up by the mapping", async () => {
    const { texts, reads } = await withPending([4, 5]);
    expect(texts()).toEqual(["1", "2", "4", "5"]);
    expect(reads()).toBe(1);
  });
});

describe("without rows", () => {
  const keyed: Emitter<string> = {
    capabilities: { duplicates: "none", ordering: "shard" },
    emit: () => Promise.resolve({ failed: [] }),
  };

  test("an emitter that repeats itself without harm answers with where to go on", async () => {
    const seen: string[] = [];
    const handler = kinesisHandler({
      application: "clicks",
      leaseTable: false,
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      pipeline: definePipeline({
        transformer: text(),
        buffer: { maxRecords: 1 },
        retry: { maxAttempts: 1 },
        emitter: {
          ...keyed,
          emit: ({ entries }) => {
            const output = entries[0]?.output ?? "";
            if (output === "3")
              return Promise.resolve({
                failed: entries.map((failed) => ({
                  entry: failed,
                  action: "retry" as const,
                  error: new Error("not now"),
                })),
              });
            seen.push(output);
            return Promise.resolve({ failed: [] });
          },
        },
      }),
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
    });
    expect(await handler(event(lines(1, 2, 3, 4)), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: "103" }],
    });
    expect(seen).toEqual(["1", "2"]);
  });

  test.each([
    ["what this emitter writes", { emitter: bucketEmitter(new Bucket(), at) }],
    ["the dead letters", { emitter: keyed, deadLetters: { ...keyed, plan: () => ({ key: "k" }) } }],
  ])("is refused where %s would land twice", (what, parts) => {
    expect(() =>
      kinesisHandler({
        application: "clicks",
        leaseTable: false,
        pipeline: definePipeline({ transformer: text(), ...(parts as { emitter: Emitter<string> }) }),
      }),
    ).toThrow(new RegExp(`leaseTable must not be false.*${what} would then land twice`, "s"));
  });
});

describe("options", () => {
  const pipeline = definePipeline({ transformer: text(), emitter: bucketEmitter(new Bucket(), at) });

  test.each([
    [{ parallelizationFactor: 2 }, "parallelizationFactor can only be 1"],
    [{ leaseTable: "a b" }, "leaseTable must be 3 to 255"],
    [{ leaseTable: 5 }, "leaseTable must be the name"],
    [{ application: "a" }, "application names the lease table too"],
    [{ application: "" }, "application"],
    [{ pipeline: {} }, "pipeline must be what definePipeline"],
    [{ onRetentionGap: "maybe" }, "onRetentionGap"],
    [{ observe: 5 }, "observe must be a function"],
    [{ maxReadAheadBytes: 0 }, "maxReadAheadBytes"],
    [{ credentials: { accessKeyId: "a" } }, "credentials"],
  ])("%j is refused", (given, message) => {
    expect(() => kinesisHandler({ application: "clicks", pipeline, ...given } as never)).toThrow(message);
  });
});
