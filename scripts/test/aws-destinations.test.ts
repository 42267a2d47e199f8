import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startFarServer, SOURCES } from "../../packages/consumer/test/support/far-server.js";
import { type Emitter, KinesisConnectorError } from "../../packages/core/src/index.js";
import { firehoseEmitter } from "../../packages/firehose/src/index.js";
import {
  type FaultEffect,
  type FaultRule,
  type LocalAws,
  startLocalAws,
} from "../../packages/local/src/index.js";
import { sqsEmitter } from "../../packages/sqs/src/index.js";
import {
  batchOf,
  contextOf,
  deliver,
  failureFrom,
  startClockAhead,
  startLoopbackProxy,
} from "../../packages/testkit/src/index.js";

/** Options of an emitter that this is about. */
interface Reach {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: object;
  readonly proxy?: string | false;
  readonly allowInsecure?: boolean;
  readonly requestTimeoutMs?: number;
}

/** A destination on AWS: one row for each. */
interface Row {
  readonly name: string;
  /** In the names of hosts and of AWS_ENDPOINT_URL_...; the local server's name too. */
  readonly service: "firehose" | "sqs";
  readonly operation: string;
  /** Records of more than one request. */
  readonly several: number;
  readonly emitter: (options: Reach) => Emitter<unknown>;
  readonly texts: (aws: LocalAws) => readonly string[];
  /** Codes of an answer that say "later", of one that quotes what was put, and of a session that is over. */
  readonly throttled: string;
  readonly quoting: string;
}

const ROWS: readonly Row[] = [
  {
    name: "firehoseEmitter",
    service: "firehose",
    operation: "PutRecordBatch",
    several: 1_100,
    emitter: (options) => firehoseEmitter({ deliveryStream: "target", delimiter: "", ...options }),
    texts: (aws) => aws.firehose.records("target").map(String),
    throttled: "ServiceUnavailableException",
    quoting: "ValidationException",
  },
  {
    name: "sqsEmitter",
    service: "sqs",
    operation: "SendMessageBatch",
    several: 25,
    emitter: (options) =>
      sqsEmitter({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/000000000000/target", ...options }),
    texts: (aws) => aws.sqs.messages("target").map(({ body }) => body),
    throttled: "RequestThrottled",
    quoting: "InvalidParameterValue",
  },
];

const TWENTY_MINUTES_MS = 20 * 60_000;
const texts = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `record ${from + index}`);

afterEach(() => void vi.unstubAllEnvs());

describe.each(ROWS)("$name", ({ service, operation, several, emitter: create, texts: landed, ...codes }) => {
  /** The service on loopback, and emitters into it. */
  const start = async () => {
    const aws = await startLocalAws({
      kinesis: false,
      s3: false,
      dynamodb: false,
      opensearch: false,
      firehose: { deliveryStreams: ["target"] },
      sqs: { queues: ["target"] },
    });
    const made: Emitter<unknown>[] = [];
    const { endpoint, region, credentials } = aws.clientOptions(service);
    return {
      endpoint,
      landed: () => landed(aws).toSorted(),
      emitter: (options: Reach = {}) => {
        const emitter = create({ endpoint, region, credentials, ...options });
        made.push(emitter);
        return emitter;
      },
      fault: (effect: FaultEffect, rule: Partial<FaultRule> = {}) => {
        const id = aws.faults.add({ server: service, operation, effect, ...rule });
        return () => aws.faults.list().find((status) => status.id === id)?.fired ?? 0;
      },
      [Symbol.asyncDispose]: async () => {
        for (const emitter of made) await emitter.close?.();
        await aws.close();
      },
    };
  };
  const open = async (emitter: Emitter<unknown>): Promise<void> => emitter.open?.(contextOf(undefined));

  describe("behind a proxy", () => {
    it("reaches its destination through it, and through nothing else", async () => {
      await using target = await start();
      await using proxy = await startLoopbackProxy({ credentials: "user:SECRET" });
      const emitter = target.emitter({ proxy: `http://user:SECRET@127.0.0.1:${proxy.port}` });
      await open(emitter);
      expect(await deliver(emitter, batchOf(texts(3)))).toEqual({ failed: [] });
      expect(target.landed()).toEqual(texts(3));
      expect(new Set(proxy.asked)).toEqual(new Set([new URL(target.endpoint).host]));
    });

    it("is stopped by one that wants credentials, by an error that names it and not them", async () => {
      await using target = await start();
      await using proxy = await startLoopbackProxy({ credentials: "user:RIGHT" });
      const emitter = target.emitter({ proxy: `http://user:SECRET@127.0.0.1:${proxy.port}` });
      for (const ask of [() => open(emitter), () => deliver(emitter, batchOf(texts(3)))]) {
        const error = await failureFrom(ask());
        expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
        expect(error.message).toContain(
          `the proxy http://127.0.0.1:${proxy.port} does not take these credentials (407)`,
        );
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("SECRET");
      }
      expect(target.landed()).toEqual([]);
    });

    it("waits where it opens no way, and goes on when it does", async () => {
      await using target = await start();
      await using proxy = await startLoopbackProxy();
      const emitter = target.emitter({ proxy: `http://127.0.0.1:${proxy.port}` });
      proxy.answer(502);
      const error = await failureFrom(deliver(emitter, batchOf(texts(3))));
      expect(KinesisConnectorError.isInstance(error)).toBe(false);
      proxy.answer("open");
      expect(await deliver(emitter, batchOf(texts(3)))).toEqual({ failed: [] });
      expect(target.landed()).toEqual(texts(3));
    });

    it.each([
      [{}, `${service}.us-east-1.amazonaws.com`],
      [{ AWS_USE_FIPS_ENDPOINT: "true" }, `${service}-fips.us-east-1.amazonaws.com`],
      [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, `${service}.us-east-1.api.aws`],
      [
        { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" },
        `${service}-fips.us-east-1.api.aws`,
      ],
    ])("asks it for the address of AWS that the variables %j mean", async (variables, host) => {
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
      await using proxy = await startLoopbackProxy({ credentials: "user:RIGHT" });
      const emitter = create({
        region: "us-east-1",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        proxy: `http://127.0.0.1:${proxy.port}`,
      });
      expect(await failureFrom(open(emitter))).toMatchObject({ code: "KC_EMIT_REFUSED" });
      expect(proxy.asked[0]).toBe(`${host}:443`);
      await emitter.close?.();
    });
  });

  describe("led by the environment", () => {
    it("goes where the service's variable says", async () => {
      await using target = await start();
      vi.stubEnv(`AWS_ENDPOINT_URL_${service.toUpperCase()}`, target.endpoint);
      const credentials = { accessKeyId: "a", secretAccessKey: "b" };
      const emitter = create({ region: "eu-central-1", credentials });
      await open(emitter);
      expect(await deliver(emitter, batchOf(texts(3)))).toEqual({ failed: [] });
      expect(target.landed()).toEqual(texts(3));
      await emitter.close?.();
    });

    it.each(SOURCES)(
      "does not go over http to another machine, and sends nothing there: by %s",
      async (_name, variables) => {
        await using far = await startFarServer();
        for (const [name, value] of Object.entries(variables(service, far))) vi.stubEnv(name, value);
        const credentials = { accessKeyId: "a", secretAccessKey: "b" };
        const opening = async (allowInsecure: boolean) =>
          open(create({ region: "eu-central-1", credentials, allowInsecure }));
        expect(await failureFrom(opening(false))).toMatchObject({
          code: "KC_OPTION_INVALID",
          message: expect.stringMatching(/is http to another machine \(0\.0\.0\.0\)/),
        });
        expect(far.requests()).toBe(0);
        // What it answers is of no matter here: it was asked.
        await Promise.allSettled([opening(true)]);
        expect(far.requests()).toBeGreaterThan(0);
      },
    );
  });

  it("puts every record once though the clock is off from the start, or of a sudden", async () => {
    await using target = await start();
    await using ahead = await startClockAhead(target.endpoint, { aheadMs: TWENTY_MINUTES_MS });
    const emitter = target.emitter({ endpoint: ahead.endpoint });
    await open(emitter);
    expect(await deliver(emitter, batchOf(texts(5)))).toEqual({ failed: [] });
    expect(ahead.refused).toBe(1);
    ahead.aheadMs = -TWENTY_MINUTES_MS;
    expect(await deliver(emitter, batchOf(texts(5, 5), 5))).toEqual({ failed: [] });
    expect(await deliver(emitter, batchOf(texts(5, 10), 10))).toEqual({ failed: [] });
    expect(ahead.refused).toBe(2);
    expect(target.landed()).toEqual(texts(15).toSorted());
  });

  it("fetches credentials that are over anew once, and then waits for whoever provides them", async () => {
    await using target = await start();
    let fetched = 0;
    const emitter = target.emitter({
      credentials: () => {
        fetched += 1;
        return Promise.resolve({ accessKeyId: "local", secretAccessKey: "local" });
      },
    });
    target.fault({ kind: "error", status: 400, code: "ExpiredTokenException" });
    expect(await deliver(emitter, batchOf(texts(3)))).toEqual({ failed: [] });
    expect([fetched, target.landed()]).toEqual([2, texts(3)]);
    target.fault({ kind: "error", status: 400, code: "ExpiredTokenException" }, { times: "always" });
    const error = await failureFrom(deliver(emitter, batchOf(texts(3))));
    expect([error.name, KinesisConnectorError.isInstance(error)]).toEqual(["ExpiredTokenException", false]);
    // Given as an object they stay over.
    expect(await failureFrom(deliver(target.emitter(), batchOf(texts(3))))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("renew the session's credentials"),
    });
  });

  it("keeps what earlier requests wrote when a later one is throttled, or finds nobody", async () => {
    await using target = await start();
    const emitter = target.emitter();
    const all = texts(several);
    for (const effect of [
      { kind: "error", status: 503, code: codes.throttled },
      { kind: "reset", at: "before-headers" },
    ] as const) {
      const before = target.landed().length;
      target.fault(effect, { nth: 2, phase: "before" });
      const { failed } = await deliver(emitter, batchOf(all));
      expect(new Set(failed.map(({ action }) => action))).toEqual(new Set(["retry"]));
      expect(target.landed().length - before).toBe(several - failed.length);
      expect(failed.length).toBeGreaterThan(0);
      const rest = batchOf(failed.map(({ entry }) => entry.output));
      expect(await deliver(emitter, rest)).toEqual({ failed: [] });
      expect(target.landed().length - before).toBe(several);
      expect(new Set(target.landed()).size).toBe(several);
    }
  });

  it("gives a request up when its time is over, and ends a batch that is aborted with the reason", async () => {
    await using target = await start();
    // Long enough for the second request on a busy machine.
    const emitter = target.emitter({ requestTimeoutMs: 2_000 });
    target.fault({ kind: "delay", delayMs: 3_600_000 });
    expect((await failureFrom(deliver(emitter, batchOf(texts(3))))).name).toBe("TimeoutError");
    expect(await deliver(emitter, batchOf(texts(3)))).toEqual({ failed: [] });
    const aborting = new AbortController();
    const reason = new Error("lease lost");
    const fired = target.fault({ kind: "delay", delayMs: 3_600_000 }, { nth: 2 });
    const failure = failureFrom(
      target.emitter().emit(batchOf(texts(several)), contextOf(undefined, { signal: aborting.signal })),
    );
    while (fired() === 0) await new Promise(setImmediate);
    aborting.abort(reason);
    expect(await failure).toBe(reason);
  });

  it("says at the start that nobody answers, and never says what was put or with which key", async () => {
    await using target = await start();
    const nobody = target.emitter({ endpoint: "http://127.0.0.1:1" });
    expect((await failureFrom(open(nobody))).message).toContain("cannot be reached");
    const credentials = { accessKeyId: "KEY-SECRET", secretAccessKey: "SECRET" };
    target.fault(
      { kind: "error", status: 400, code: codes.quoting, message: "the record SECRET is not valid" },
      { times: "always" },
    );
    const error = await failureFrom(deliver(target.emitter({ credentials }), batchOf(["SECRET"])));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("SECRET");
  });
});
