import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  type Emitter,
  KinesisConnectorError,
  type KinesisRecord,
  type Logger,
} from "@kinesis-connectors/core";
import {
  batchOf,
  batchOfEntries,
  contextOf,
  entryOf,
  failureFrom,
  keepingLogger,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

import { traced } from "../src/index.js";
import { Links, MAX_LINKS, spanContextOf } from "../src/tracing/links.js";
import { APPLICATION, CANARIES, startRealRun, STREAM } from "./support/real-run.js";
import { instrument, startSpans } from "./support/spans.js";

const HEADER = (n: number): string =>
  `00-${(n + 1).toString(16).padStart(32, "0")}-${(n + 1).toString(16).padStart(16, "0")}-01`;

const traceparentOf = ({ data }: KinesisRecord): string | undefined =>
  /"traceparent":"([^"]+)"/.exec(Buffer.from(data).toString("latin1"))?.[1];

const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1000 + nanos / 1e6;

describe("a connector whose emitter is traced", () => {
  it("has one trace for each batch, with prepare, emit and commit one after another, and the SDK's own spans below emit", async () => {
    using spans = startSpans();
    await using run = await startRealRun({
      client: instrument,
      wrap: (emitter) => traced(emitter, { traceparentOf }),
      // Three records of the stream were traced by their producers.
      traceparentOf: (n) => (n === 1 || n === 2 || n === 4 ? HEADER(n) : undefined),
      shards: 1,
      failures: 3,
    });
    const startedMs = Date.now();
    await run.settled();
    await run.connector.stop();

    const batches = spans.named(`process ${STREAM}`);
    const { totals } = run.connector.progress();
    expect(batches).toHaveLength(totals.batchesEmitted);
    expect(new Set(batches.map((span) => span.spanContext().traceId)).size).toBe(batches.length);
    for (const batch of batches) {
      expect(batch.parentSpanContext).toBeUndefined();
      expect(batch.kind).toBe(SpanKind.CONSUMER);
      expect(batch.status.code).toBe(SpanStatusCode.UNSET);
      expect(batch.attributes).toMatchObject({
        "messaging.system": "aws_kinesis",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": STREAM,
        "messaging.destination.partition.id": "shardId-000000000000",
        "messaging.consumer.group.name": APPLICATION,
        "kinesis_connectors.batch.id": expect.stringMatching(/^[0-9a-f]{32}$/),
        "kinesis_connectors.batch.inherited": false,
        "kinesis_connectors.flush.reason": expect.stringMatching(/^(records|age|stop)$/),
      });
      const children = spans.childrenOf(batch).toSorted((a, b) => ms(a.startTime) - ms(b.startTime));
      expect(children.map(({ name, kind }) => [name, kind])).toEqual([
        ["prepare", SpanKind.INTERNAL],
        ["emit", SpanKind.CLIENT],
        ["commit", SpanKind.INTERNAL],
      ]);
      const [prepare, emit, commit] = children as [ReadableSpan, ReadableSpan, ReadableSpan];
      // A millisecond for the rounding of the clocks that spans have.
      expect(ms(emit.startTime)).toBeGreaterThanOrEqual(ms(prepare.endTime) - 1);
      expect(ms(commit.startTime)).toBeGreaterThanOrEqual(ms(emit.endTime) - 1);
      expect(ms(batch.endTime)).toBeGreaterThanOrEqual(ms(commit.endTime) - 1);
      expect(ms(batch.startTime)).toBeLessThanOrEqual(ms(prepare.startTime) + 1);
      expect(ms(batch.startTime)).toBeGreaterThan(startedMs - 60_000);
      // The SDK's put of the object, and of nothing else.
      const puts = spans.childrenOf(emit);
      const retries = emit.events.filter(({ name }) => name === "retry");
      expect(puts.map(({ name }) => name)).toEqual(
        Array.from({ length: retries.length + 1 }, () => "S3.PutObject"),
      );
      for (const { attributes } of retries) expect(attributes).toMatchObject({ "error.type": "SlowDown" });
    }
    const count = (of: ReadableSpan): number => Number(of.attributes["messaging.batch.message_count"]);
    expect(batches.reduce((sum, batch) => sum + count(batch), 0)).toBe(run.expected.read);
    const retried = spans.named("emit").flatMap(({ events }) => events);
    expect(retried).toHaveLength(3);
    // Links of the three records, all in the batch they were in; no span for a record.
    const links = batches.flatMap((batch) => batch.links.map(({ context: linked }) => linked));
    expect(links.map(({ traceId, spanId, isRemote }) => [`00-${traceId}-${spanId}-01`, isRemote])).toEqual([
      [HEADER(1), true],
      [HEADER(2), true],
      [HEADER(4), true],
    ]);
    expect(batches[0]?.links).toHaveLength(3);
    const ours = spans.ended().filter(({ instrumentationScope }) => instrumentationScope.name !== "aws-sdk");
    expect(ours).toHaveLength(4 * batches.length);
    // None of it holds a record or a credential.
    const told = JSON.stringify(
      spans
        .ended()
        .map(({ name, attributes, events, status, links: of }) => ({ name, attributes, events, status, of })),
    );
    for (const canary of Object.values(CANARIES)) expect(told).not.toContain(canary);
  });

  it("has a span for each page only when asked", async () => {
    using spans = startSpans();
    let pages = 0;
    await using run = await startRealRun({
      wrap: (emitter) => traced(emitter, { read: true }),
      shards: 1,
      failures: 0,
    });
    await run.settled();
    await run.connector.stop();
    const received = spans.named(`receive ${STREAM}`);
    for (const { attributes, kind, startTime, endTime } of received) {
      expect(kind).toBe(SpanKind.CONSUMER);
      expect(ms(endTime)).toBeGreaterThanOrEqual(ms(startTime));
      expect(attributes).toMatchObject({
        "messaging.operation.type": "receive",
        "messaging.consumer.group.name": APPLICATION,
        "messaging.destination.partition.id": "shardId-000000000000",
      });
      pages += Number(attributes["messaging.batch.message_count"]);
    }
    expect(received.length).toBeGreaterThan(0);
    expect(pages).toBeLessThanOrEqual(run.expected.read);
  });

  it("writes the same objects as without", async () => {
    using _spans = startSpans();
    const objectsOf = async (wrap: boolean): Promise<readonly string[]> => {
      await using run = await startRealRun({
        shards: 1,
        failures: 0,
        ...(wrap ? { wrap: (emitter) => traced(emitter, { traceparentOf }) } : {}),
      });
      await run.settled();
      await run.connector.stop();
      return [...run.aws.s3.objects("archive")]
        .filter(({ key }) => key.startsWith("clicks/2"))
        .map(({ body }) => body.toString("utf8"))
        .join("")
        .split("\n")
        .toSorted();
    };
    expect(await objectsOf(true)).toEqual(await objectsOf(false));
  });
});

/** An emitter that does what a test says, without a plan. */
function emitterThat(emit: Emitter<string>["emit"]): Emitter<string> {
  return { capabilities: { duplicates: "possible", ordering: "shard" }, emit };
}

describe("a traced emitter by itself", () => {
  it("says with what a batch failed, by code and never by message, and ends its spans", async () => {
    using spans = startSpans();
    const refused = new KinesisConnectorError("KC_EMIT_REFUSED", "canary: no such bucket");
    const emitter = traced(emitterThat(() => Promise.reject(refused)));
    const batch = batchOf(["a"]);
    expect(await failureFrom(emitter.emit(batch, contextOf(undefined)))).toBe(refused);
    expect(spans.ended().map(({ name }) => name)).toEqual(["emit", `process ${batch.stream}`]);
    for (const { attributes, status } of spans.ended()) {
      expect(attributes["error.type"]).toBe("KC_EMIT_REFUSED");
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "KC_EMIT_REFUSED" });
    }
  });

  it("ends the trace of a batch that was left, when the shard's next batch comes and when it is closed", async () => {
    using spans = startSpans();
    const emitter = traced(
      emitterThat(() => Promise.reject(Object.assign(new Error("x"), { name: "SlowDown" }))),
    );
    const first = batchOf(["a"]);
    const second = batchOfEntries([entryOf(5, "b")]);
    await failureFrom(emitter.emit(first, contextOf(undefined)));
    await failureFrom(emitter.emit(first, contextOf(undefined, { attempt: 2 })));
    expect(spans.ended()).toEqual([]);
    await failureFrom(emitter.emit(second, contextOf(undefined)));
    await emitter.close?.();
    const batches = spans.named(`process ${first.stream}`);
    expect(batches.map(({ attributes }) => attributes["kinesis_connectors.batch.id"])).toEqual([
      first.batchId,
      second.batchId,
    ]);
    for (const { attributes, status } of batches)
      expect([attributes["error.type"], status.code]).toEqual(["SlowDown", SpanStatusCode.ERROR]);
    expect(spans.named("emit").map(({ events }) => events.length)).toEqual([2, 1]);
  });

  it("ends its trace at once when the shard is lost", async () => {
    using spans = startSpans();
    const abort = new AbortController();
    const emitter = traced(
      emitterThat(() => {
        abort.abort(new KinesisConnectorError("KC_LEASE_LOST", "lost"));
        return Promise.reject(abort.signal.reason as Error);
      }),
    );
    await failureFrom(emitter.emit(batchOf(["a"]), contextOf(undefined, { signal: abort.signal })));
    expect(spans.ended().map(({ attributes }) => attributes["error.type"])).toEqual([
      "KC_LEASE_LOST",
      "KC_LEASE_LOST",
    ]);
  });

  it("gives the emitter a logger whose lines name the span, and makes that span active", async () => {
    using spans = startSpans();
    const logger = keepingLogger();
    let active: string | undefined;
    const emitter = traced(
      emitterThat((_batch, { logger: given }) => {
        given.warn({ shardId: "s" }, "words");
        active = trace.getSpan(context.active())?.spanContext().spanId;
        return Promise.resolve({ failed: [] });
      }),
    );
    const batch = batchOf(["a"]);
    await emitter.emit(batch, contextOf(undefined, { logger: logger as unknown as Logger }));
    await emitter.around?.("commit", batch, () => Promise.resolve());
    const { traceId, spanId } = spans.named("emit")[0]?.spanContext() ?? {};
    expect(active).toBe(spanId);
    expect(JSON.stringify(logger)).toContain(traceId);
    expect(JSON.stringify(logger)).toContain(spanId);
    expect(trace.getSpan(context.active())).toBeUndefined();
  });

  it("works, with no span, where no SDK is set up", async () => {
    const emitter = traced(emitterThat(() => Promise.resolve({ failed: [] })));
    const batch = batchOf(["a"]);
    let ran = 0;
    await emitter.around?.("prepare", batch, () => Promise.resolve(void (ran += 1)));
    expect(await emitter.emit(batch, contextOf(undefined))).toEqual({ failed: [] });
    await emitter.around?.("commit", batch, () => Promise.resolve(void (ran += 1)));
    expect(ran).toBe(2);
  });
});

describe("links", () => {
  it("are at most 128, evenly spread from the first record to the last", () => {
    for (const count of [1, 2, 127, 128, 129, 1_000, 5_000]) {
      const links = new Links((record) => record.partitionKey);
      for (let n = 0; n < count; n += 1) links.add(entryOf(n, "x", { partitionKey: HEADER(n) }).record);
      const numbers = links.links().map(({ context: linked }) => Number.parseInt(linked.spanId, 16) - 1);
      expect(numbers).toHaveLength(Math.min(count, MAX_LINKS));
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      expect(numbers[0]).toBe(0);
      // No stretch of the batch has more than three times its share left out.
      const gaps = [...numbers, count].slice(1).map((number, index) => number - (numbers[index] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max(1, 3 * Math.ceil(count / MAX_LINKS)));
    }
  });

  it("take what W3C Trace Context calls a traceparent, and nothing else", () => {
    const id = "4bf92f3577b34da6a3ce929d0e0e4736";
    expect(spanContextOf(`00-${id}-00f067aa0ba902b7-01`)).toEqual({
      traceId: id,
      spanId: "00f067aa0ba902b7",
      traceFlags: 1,
      isRemote: true,
    });
    expect(spanContextOf(`cc-${id}-00f067aa0ba902b7-01-what-the-future-will-be-like`)?.traceId).toBe(id);
    for (const bad of [
      undefined,
      "",
      `ff-${id}-00f067aa0ba902b7-01`,
      `00-${id}-00f067aa0ba902b7-01-more`,
      `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
      `00-${id}-${"0".repeat(16)}-01`,
      `00-${id.toUpperCase()}-00f067aa0ba902b7-01`,
      `00-${id}-00f067aa0ba902b7`,
      `00-${id}-00f067aa0ba902b7-01${"x".repeat(100_000)}`,
    ])
      expect(spanContextOf(bad)).toBeUndefined();
  });

  it("are none where the function that looks for them throws", () => {
    const links = new Links(() => {
      throw new Error("not JSON");
    });
    links.add(entryOf(0, "x").record);
    expect(links.links()).toEqual([]);
  });
});
