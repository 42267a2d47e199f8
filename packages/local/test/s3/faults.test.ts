import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { virtualClock } from "../../src/clock.js";
import type { FaultEffect } from "../../src/fault-effects.js";
import { outcomeOf, startS3, type RunningS3 } from "./start-s3.js";

const Bucket = "things";
let s3: RunningS3;
/** A client that never retries, to see each answer. */
let once: S3Client;
beforeAll(async () => {
  s3 = await startS3();
  once = s3.newClient({ maxAttempts: 1 });
});
afterEach(() => {
  // A rule that never fired means that a test did not test what it believes.
  const unfired = s3.faults.unfired();
  s3.faults.clear();
  if (unfired.length > 0) throw new Error(`rules never fired: ${unfired.join(", ")}`);
});
afterAll(async () => {
  await s3.stop();
});

const put = (client: S3Client, Key: string, Body: string | Buffer = "x") =>
  outcomeOf(client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: "*" })));
const exists = (key: string) => [...s3.server.objects(Bucket)].some((object) => object.key === key);
const onPut = (effect: FaultEffect, phase: "before" | "after" = "before") =>
  s3.faults.add({ server: "s3", operation: "PutObject", phase, effect });

it.each([
  ["F05", 503, "SlowDown"],
  ["F06", 500, "InternalError"],
  ["F25", 409, "ConditionalRequestConflict"],
  ["F41", 403, "AccessDenied"],
  ["F40", 400, "ExpiredToken"],
])("%s a rule answers %i %s before the change, and nothing is stored", async (id, status, code) => {
  onPut({ kind: "error", status, code });
  expect(await put(once, `error-${id}`)).toBe(`${code} ${status}`);
  expect(exists(`error-${id}`)).toBe(false);
});

it("F05 the SDK's own retries get through a SlowDown", async () => {
  onPut({ kind: "error", status: 503, code: "SlowDown" });
  expect(await put(s3.client, "slowdown")).toBe("ok");
  expect(exists("slowdown")).toBe(true);
});

it("F06 a reset before the change stores nothing", async () => {
  onPut({ kind: "reset", at: "before-headers" });
  expect(await put(once, "reset")).toMatch(/no answer/);
  expect(exists("reset")).toBe(false);
});

it("F06 a reply lost after the change: the object is there, and the repetition meets it with 412", async () => {
  onPut({ kind: "reply-lost" });
  expect(await put(s3.client, "lost")).toBe("PreconditionFailed 412");
  expect(exists("lost")).toBe(true);
  const [first, second] = s3.journal.entries({ operation: "PutObject" }).slice(-2);
  expect(first).toMatchObject({ applied: true, status: 0, parameters: { bucket: Bucket, key: "lost" } });
  expect(second).toMatchObject({ applied: false, status: 412, errorCode: "PreconditionFailed" });
});

it("F06 a 500 after the change: the object is there all the same", async () => {
  onPut({ kind: "error", status: 500, code: "InternalError" }, "after");
  expect(await put(once, "after")).toBe("InternalError 500");
  expect(exists("after")).toBe(true);
});

/** A server that delays the first write, on a clock of its own: so that it is late however busy the machine is. */
async function startDelaying() {
  const clock = virtualClock();
  const delaying = await startS3({ clock });
  delaying.faults.add({ operation: "PutObject", effect: { kind: "delay", delayMs: 60_000 } });
  return { ...delaying, clock, [Symbol.asyncDispose]: delaying.stop };
}

it("F07 a delayed write lands late, after a second one, and is refused with 412", async () => {
  await using delaying = await startDelaying();
  const { client, faults, clock } = delaying;
  const late = put(delaying.newClient({ maxAttempts: 1 }), "late", "first attempt");
  await expect.poll(() => faults.list()[0]?.fired).toBe(1);
  expect(await put(client, "late", "second attempt")).toBe("ok");
  await clock.advance(60_000);
  expect(await late).toBe("PreconditionFailed 412");
  const got = await client.send(new GetObjectCommand({ Bucket, Key: "late" }));
  expect(await got.Body?.transformToString()).toBe("second attempt");
});

it("F07 a client that gave up on a delayed write may still see it applied", async () => {
  await using delaying = await startDelaying();
  const { client, server, faults, clock } = delaying;
  const abort = new AbortController();
  const given = client.send(new PutObjectCommand({ Bucket, Key: "zombie", Body: "x" }), {
    abortSignal: abort.signal,
  });
  const outcome = outcomeOf(given);
  await expect.poll(() => faults.list()[0]?.fired).toBe(1);
  abort.abort();
  expect(await outcome).toMatch(/^AbortError/);
  expect([...server.objects(Bucket)]).toEqual([]);
  await clock.advance(60_000);
  await expect.poll(() => [...server.objects(Bucket)].map(({ key }) => key)).toEqual(["zombie"]);
});

it("F07 a withheld 100-continue only makes the client wait", async () => {
  onPut({ kind: "continue-withheld", forMs: 50 });
  expect(await put(once, "withheld", Buffer.alloc(3 * 1024 * 1024))).toBe("ok");
  expect(exists("withheld")).toBe(true);
});

it("F07 a body that the server stops reading for a while arrives whole", async () => {
  onPut({ kind: "stalled-request", forMs: 50 });
  expect(await put(once, "stalled", Buffer.alloc(1024 * 1024, 1))).toBe("ok");
  expect(exists("stalled")).toBe(true);
});

it.each<FaultEffect>([
  { kind: "reset", at: "inside-headers" },
  { kind: "reset", at: "inside-body" },
  { kind: "truncated-body" },
  { kind: "half-close" },
])("a read whose answer is damaged ($kind $at) fails, and the next one is whole", async (effect) => {
  const Key = "read";
  await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: "r".repeat(10_000) }));
  s3.faults.add({ operation: "GetObject", effect });
  const read = async () =>
    (await (await once.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString())?.length;
  await expect(read()).rejects.toThrow(Error);
  expect(await read()).toBe(10_000);
});

it("a slow body arrives whole", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "slow", Body: "s".repeat(2_000) }));
  s3.faults.add({ operation: "GetObject", effect: { kind: "slow-body", bytesPerSecond: 20_000 } });
  const got = await once.send(new GetObjectCommand({ Bucket, Key: "slow" }));
  expect((await got.Body?.transformToString())?.length).toBe(2_000);
});

it("F41 HEAD can be denied while PUT is not", async () => {
  s3.faults.add({ operation: "HeadObject", effect: { kind: "error", status: 403, code: "AccessDenied" } });
  expect(await outcomeOf(once.send(new HeadObjectCommand({ Bucket, Key: "read" })))).toMatch(/ 403$/);
});

async function upload(Key: string) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part" });
  const { ETag } = await s3.client.send(part);
  return new CompleteMultipartUploadCommand({
    Bucket,
    Key,
    UploadId,
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    IfNoneMatch: "*",
  });
}

it.each(["before", "after"] as const)(
  "F06 Complete answers 200 with an error inside, %s the change",
  async (phase) => {
    const complete = await upload(`inside-${phase}`);
    s3.faults.add({
      operation: "CompleteMultipartUpload",
      phase,
      effect: { kind: "success-with-error", code: "InternalError" },
    });
    expect(await outcomeOf(once.send(complete))).toMatch(/^InternalError/);
    expect(exists(`inside-${phase}`)).toBe(phase === "after");
    expect(await outcomeOf(once.send(complete))).toBe("ok");
  },
);

it("F06 Complete whose reply is lost is repeated by the SDK and gives the answer of the first", async () => {
  const complete = await upload("lost-complete");
  s3.faults.add({ operation: "CompleteMultipartUpload", effect: { kind: "reply-lost" } });
  expect(await outcomeOf(s3.client.send(complete))).toBe("ok");
  expect(exists("lost-complete")).toBe(true);
});

it("some keys of DeleteObjects fail when a rule says so", async () => {
  for (const Key of ["del-0", "del-1"]) await put(s3.client, Key);
  s3.faults.add({ operation: "DeleteObjects", effect: { kind: "partial-failure", indexes: [0] } });
  const { Deleted, Errors } = await s3.client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "del-0" }, { Key: "del-1" }] } }),
  );
  expect(Errors).toMatchObject([{ Key: "del-0", Code: "InternalError" }]);
  expect(Deleted?.map(({ Key }) => Key)).toEqual(["del-1"]);
  expect(exists("del-0")).toBe(true);
});

it("rules and journal are reached over HTTP on the same port", async () => {
  const posted = await fetch(`${s3.server.url}/_local/faults`, {
    method: "POST",
    body: JSON.stringify({
      operation: "PutObject",
      effect: { kind: "error", status: 503, code: "SlowDown" },
    }),
  });
  expect(posted.status).toBe(200);
  expect(await put(once, "over-http")).toBe("SlowDown 503");
  const journal = await fetch(`${s3.server.url}/_local/journal?operation=PutObject`);
  expect(await journal.text()).toContain("over-http");
});

it("a rule makes it a store that ignores conditions, on PutObject and on CompleteMultipartUpload", async () => {
  expect(await put(once, "ignored", "first")).toBe("ok");
  onPut({ kind: "conditions-ignored" });
  expect(await put(once, "ignored", "second")).toBe("ok");
  expect(await put(once, "ignored", "third")).toBe("PreconditionFailed 412");
  const { UploadId } = await once.send(new CreateMultipartUploadCommand({ Bucket, Key: "ignored" }));
  const part = { Bucket, Key: "ignored", UploadId, PartNumber: 1 };
  const { ETag } = await once.send(new UploadPartCommand({ ...part, Body: "parts" }));
  const complete = () =>
    outcomeOf(
      once.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: "ignored",
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
          IfNoneMatch: "*",
        }),
      ),
    );
  expect(await complete()).toBe("PreconditionFailed 412");
  s3.faults.add({ operation: "CompleteMultipartUpload", effect: { kind: "conditions-ignored" } });
  expect(await complete()).toBe("ok");
  expect([...s3.server.objects(Bucket)].find(({ key }) => key === "ignored")?.body.toString()).toBe("parts");
});

it("a stranger's object at the key: a conditional write meets it, and what it holds stays", async () => {
  s3.faults.add({ operation: "PutObject", effect: { kind: "foreign-object", body: "not ours" } });
  expect(await put(once, "taken")).toBe("PreconditionFailed 412");
  const { Body, ETag } = await once.send(new GetObjectCommand({ Bucket, Key: "taken" }));
  expect(await Body?.transformToString()).toBe("not ours");
  expect(ETag).toBe(`"${createHash("md5").update("not ours").digest("hex")}"`);
});

it("a stranger's object over what was written: the write has succeeded, and the object is another", async () => {
  s3.faults.add({ operation: "PutObject", phase: "after", effect: { kind: "foreign-object" } });
  expect(await put(once, "overwritten", "ours")).toBe("ok");
  const object = [...s3.server.objects(Bucket)].find(({ key }) => key === "overwritten");
  expect(object?.body.toString()).not.toContain("ours");
});

it("a stranger's object that appears while parts are sent refuses their completion", async () => {
  const at = { Bucket, Key: "parts-taken" };
  const { UploadId } = await once.send(new CreateMultipartUploadCommand(at));
  const { ETag } = await once.send(
    new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: Buffer.from("part") }),
  );
  s3.faults.add({ operation: "UploadPart", effect: { kind: "foreign-object" } });
  await once.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: Buffer.from("part") }));
  const complete = new CompleteMultipartUploadCommand({
    ...at,
    UploadId,
    IfNoneMatch: "*",
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
  });
  expect(await outcomeOf(once.send(complete))).toBe("PreconditionFailed 412");
});

it.each(["before", "after"] as const)(
  "half-open %s the change: every connection that was there waits, and another one works",
  async (phase) => {
    const other = s3.newClient({ maxAttempts: 1 });
    const key = `half-open-${phase}`;
    expect(await put(once, `${key}-1`)).toBe("ok");
    expect(await put(other, `${key}-2`)).toBe("ok");
    onPut({ kind: "half-open" }, phase);
    const calls = new AbortController();
    const send = (client: S3Client, Key: string) =>
      outcomeOf(client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }), { abortSignal: calls.signal }));
    const struck = send(other, key);
    while (s3.journal.entries({ operation: "PutObject" }).at(-1)?.parameters["key"] !== key) await pause(5);
    const later = send(once, `${key}-later`);
    const waited = pause(300).then(() => "no answer for 300 ms");
    expect(await Promise.race([struck, later, waited])).toBe("no answer for 300 ms");
    expect([exists(key), exists(`${key}-later`)]).toEqual([phase === "after", false]);
    calls.abort();
    expect(await Promise.all([struck, later])).toEqual(["AbortError no answer", "AbortError no answer"]);
    expect(await put(once, `${key}-again`)).toBe("ok");
  },
);
