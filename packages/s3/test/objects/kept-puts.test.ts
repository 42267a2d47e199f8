import { S3Client } from "@aws-sdk/client-s3";
import { type AwsCredentials } from "@kinesis-connectors/aws";
import {
  batchOfEntries,
  deliver,
  deliverStubbornly,
  entryOf,
  failureFrom,
} from "@kinesis-connectors/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Answer, startScriptedS3, xmlError } from "../support/scripted-s3.js";

const batch = (index: number) => batchOfEntries<unknown>([entryOf(index, { n: index })]);

/** An emitter of which one object has been written, so that the next ones need no client. */
async function startWarm(
  options: Parameters<Awaited<ReturnType<typeof startScriptedS3>>["emitter"]>[0] = {},
) {
  const s3 = await startScriptedS3();
  const emitter = s3.emitter(options);
  await deliver(emitter, batch(0));
  const [first] = s3.taken();
  return { s3, emitter, first, [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() };
}

/** Values that differ between two requests for the same object. */
const OF_ITS_TIME = new Set(["amz-sdk-invocation-id", "authorization", "x-amz-date"]);

describe("objects after the first one", () => {
  it("are written without the client, by requests that differ from the client's in what is of their time alone", async () => {
    await using s3 = await startScriptedS3();
    const options = {
      serverSideEncryption: "aws:kms",
      sseKmsKeyId: "alias/clicks",
      bucketKeyEnabled: true,
      storageClass: "STANDARD_IA",
      tags: { team: "web + mobile" },
      acl: "bucket-owner-full-control",
      requestPayer: "requester",
      expectedBucketOwner: "123456789012",
      metadata: { team: "web" },
      credentials: { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c" },
    } as const;
    // The same object by another emitter's client, which knows nothing yet.
    await deliver(s3.emitter(options), batch(1));
    const warm = s3.emitter(options);
    await deliver(warm, batch(0));
    await deliver(warm, batch(1));
    const [theirs, , ours] = s3.taken();
    expect([theirs?.isOfClient, ours?.isOfClient]).toEqual([true, false]);
    expect(ours?.url).toBe(theirs?.url);
    expect(ours?.body).toBe(theirs?.body);
    expect(ours?.names).toEqual(theirs?.names.filter((name) => name.toLowerCase() !== "connection"));
    const others = (ours?.names ?? []).filter((name) => !OF_ITS_TIME.has(name));
    expect(others.length).toBe((ours?.names.length ?? 0) - OF_ITS_TIME.size);
    for (const name of others) expect([name, ours?.headers[name]]).toEqual([name, theirs?.headers[name]]);
  });

  it("are written by the client alone where it is the user's own, holds requests back by itself, or tells of invocations", async () => {
    await using s3 = await startScriptedS3();
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      forcePathStyle: true,
    });
    for (const variables of [undefined, { AWS_RETRY_MODE: "adaptive" }, { AWS_LAMBDA_FUNCTION_NAME: "f" }]) {
      vi.unstubAllEnvs();
      for (const [name, value] of Object.entries(variables ?? {})) vi.stubEnv(name, value);
      const emitter = s3.emitter(variables === undefined ? { client } : {});
      for (const nth of [0, 1, 2]) await deliver(emitter, batch(nth));
    }
    expect(s3.taken().map(({ isOfClient }) => isOfClient)).toEqual(Array(9).fill(true));
    client.destroy();
  });

  it("are written by the client alone where its send is instrumented, before the first object or after it", async () => {
    await using s3 = await startScriptedS3();
    const prototype: { send?: unknown } = S3Client.prototype;
    const own = prototype.send as (...given: never[]) => unknown;
    let watched = 0;
    const instrument = (): void => {
      prototype.send = Object.assign(
        function (this: S3Client, ...given: never[]): unknown {
          watched += 1;
          return Reflect.apply(own, this, given);
        },
        { __wrapped: true },
      );
    };
    try {
      const late = s3.emitter();
      await deliver(late, batch(0));
      await deliver(late, batch(1));
      instrument();
      const early = s3.emitter();
      for (const nth of [2, 3, 4]) for (const emitter of [late, early]) await deliver(emitter, batch(nth));
    } finally {
      delete prototype.send;
    }
    expect(watched).toBe(6);
    expect(s3.taken().map(({ isOfClient }) => isOfClient)).toEqual([true, false, ...Array(6).fill(true)]);
  });

  afterEach(() => void vi.unstubAllEnvs());
});

const cut: Answer = (response) => response.destroy();

/** Answers after which the client takes over, and writes the object. */
const TAKEN_OVER: readonly [string, Answer][] = [
  ["503 SlowDown", xmlError(503, "SlowDown")],
  ["500", xmlError(500, "InternalError")],
  ["429", xmlError(429, "TooManyRequestsException")],
  ["409, a conflict", xmlError(409, "ConditionalRequestConflict")],
  ["400 RequestTimeout", xmlError(400, "RequestTimeout")],
  ["307, for a bucket that is new", xmlError(307, "TemporaryRedirect")],
  ["200 with an error inside", xmlError(200, "InternalError")],
  ["a cut connection", cut],
];

describe("an object that is written without the client", () => {
  it.each(TAKEN_OVER)("is written by the client after all: %s", async (_name, answer) => {
    await using warm = await startWarm();
    const { s3, emitter } = warm;
    s3.answer(answer);
    expect(await deliver(emitter, batch(1))).toEqual({ failed: [] });
    const [ours, theirs, ...others] = s3.taken();
    expect([ours?.isOfClient, theirs?.isOfClient, others.length]).toEqual([false, true, 0]);
    expect(theirs?.url).toBe(ours?.url);
    expect(theirs?.body).toBe('{"n":1}\n');
    // And the one after it without.
    await deliver(emitter, batch(2));
    expect(s3.taken().map(({ isOfClient }) => isOfClient)).toEqual([false]);
  });

  it.each([
    [301, "PermanentRedirect", /set `region`/],
    [400, "AuthorizationHeaderMalformed", /set `region`/],
    [403, "AccessDenied", /grant s3:PutObject/],
    [403, "SignatureDoesNotMatch", /check the credentials/],
    [501, "NotImplemented", /conditional writes/],
  ])("stops the shard by what the client says of %i %s", async (status, code, cure) => {
    await using warm = await startWarm();
    warm.s3.answer(...Array<Answer>(10).fill(xmlError(status, code)));
    const error = await failureFrom(deliver(warm.emitter, batch(1)));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED", message: expect.stringMatching(cure) });
    expect(error.message).toContain(code);
  });

  it("and one that the client writes, is not there where a page answers in S3's place: 200, and no ETag", async () => {
    await using s3 = await startScriptedS3();
    const emitter = s3.emitter();
    const page: Answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    for (const written of [0, 1]) {
      s3.answer(...Array<Answer>(written + 1).fill(page));
      const error = await failureFrom(deliver(emitter, batch(written)));
      expect(error).toMatchObject({ name: "ForeignAnswer", message: expect.stringContaining("no ETag") });
      expect(s3.taken().map(({ isOfClient }) => isOfClient)).toEqual(written === 0 ? [true] : [false, true]);
      expect(await deliver(emitter, batch(written))).toEqual({ failed: [] });
      s3.taken();
    }
  });

  it("names the region of a bucket that is elsewhere, as S3 does", async () => {
    await using warm = await startWarm();
    const elsewhere = xmlError(301, "PermanentRedirect", { "x-amz-bucket-region": "ap-southeast-2" });
    warm.s3.answer(elsewhere, elsewhere);
    const error = await failureFrom(deliver(warm.emitter, batch(1)));
    expect(error.message).toContain("set `region` to ap-southeast-2, where the bucket is");
  });

  it("is looked at where something is at its key, and the client is not asked to write it", async () => {
    await using warm = await startWarm();
    const { s3, emitter } = warm;
    s3.answer(xmlError(412, "PreconditionFailed"));
    expect(await failureFrom(deliver(emitter, batch(1)))).toMatchObject({ code: "KC_PLACE_TAKEN" });
    expect(s3.taken().map(({ method, isOfClient }) => [method, isOfClient])).toEqual([
      ["PUT", false],
      ["HEAD", true],
    ]);
  });

  it("is signed by the corrected clock, once the client has found that the machine's is off", async () => {
    await using warm = await startWarm();
    const { s3, emitter } = warm;
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    const skewed = xmlError(403, "RequestTimeTooSkewed", { date: inAnHour });
    s3.answer(skewed, skewed, (response) =>
      response.setHeader("date", inAnHour).setHeader("etag", '"0"').end(),
    );
    await deliver(emitter, batch(1));
    s3.taken();
    await deliver(emitter, batch(2));
    const [ours] = s3.taken();
    expect(ours?.isOfClient).toBe(false);
    const [, day, hour] = /^(\d{8})T(\d\d)/.exec(String(ours?.headers["x-amz-date"])) ?? [];
    const expected = new Date(Date.now() + 3_600_000).toISOString();
    expect(`${day}${hour}`).toBe(expected.slice(0, 13).replace(/[-T]/g, ""));
  });

  it("is left to the client when the credentials are others, and then signed by those", async () => {
    let keys: AwsCredentials = { accessKeyId: "first", secretAccessKey: "b", sessionToken: "one" };
    await using warm = await startWarm({ credentials: () => Promise.resolve(keys) });
    const { s3, emitter } = warm;
    keys = { accessKeyId: "second", secretAccessKey: "c", sessionToken: "two" };
    s3.answer(...Array<Answer>(2).fill(xmlError(400, "ExpiredToken")));
    await deliver(emitter, batch(1));
    await deliver(emitter, batch(2));
    const all = s3
      .taken()
      .map(({ headers, isOfClient }) => [
        isOfClient,
        /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1],
        headers["x-amz-security-token"],
      ]);
    expect(all).toEqual([
      [false, "first", "one"],
      [true, "first", "one"],
      [true, "second", "two"],
      [false, "second", "two"],
    ]);
  });

  it("ends with its shard's signal, and with its time", async () => {
    await using warm = await startWarm({ requestTimeoutMs: 1_500 });
    const { s3, emitter } = warm;
    const silent: Answer = () => undefined;
    s3.answer(silent, silent);
    const lost = new AbortController();
    const reason = new Error("lease lost");
    const emission = failureFrom(deliver(emitter, batch(1), { signal: lost.signal }));
    while (s3.came.length === 0) await new Promise((resolve) => setImmediate(resolve));
    lost.abort(reason);
    expect(await emission).toBe(reason);
    expect((await failureFrom(deliver(emitter, batch(2)))).name).toBe("TimeoutError");
    expect(s3.taken().map(({ isOfClient }) => isOfClient)).toEqual([false, false]);
    await deliverStubbornly(emitter, batch(2), 20);
  });
});
