import { request } from "node:http";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { outcomeOf, startS3, type RunningS3 } from "./start-s3.js";

const Bucket = "things";
let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
});

const create = (Key: string, Body: string) =>
  outcomeOf(s3.client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: "*" })));

/** A PUT whose headers have reached the server and whose body is sent when the test says so. */
async function slowPut(key: string, headers: Record<string, string>, body: string) {
  const sent = request(`${s3.server.url}/${Bucket}/${key}`, {
    method: "PUT",
    headers: { ...headers, "content-length": body.length, expect: "100-continue" },
    agent: false,
  });
  const status = new Promise<number>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
  sent.flushHeaders();
  await new Promise<void>((resolve) => {
    sent.once("continue", resolve);
  });
  return { status, finish: () => sent.end(body) };
}

it("F25 of 40 concurrent creators exactly one is told 200, and its bytes are the ones that stay", async () => {
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, n) => create("race", `writer ${n}`)));
  const winners = outcomes.flatMap((outcome, n) => (outcome === "ok" ? [n] : []));
  expect(winners).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "PreconditionFailed 412")).toHaveLength(39);
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "race" }));
  expect(await got.Body?.transformToString()).toBe(`writer ${winners[0]}`);
});

it("judges If-None-Match when the body is complete, not when it starts", async () => {
  const slow = await slowPut("late", { "if-none-match": "*" }, "slow");
  expect(await create("late", "quick")).toBe("ok");
  slow.finish();
  expect(await slow.status).toBe(412);
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "late" }));
  expect(await got.Body?.transformToString()).toBe("quick");
});

it("answers 409 to a conditional write whose key was deleted under it, and stores nothing", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "conflict", Body: "old" }));
  const slow = await slowPut("conflict", { "if-none-match": "*" }, "slow");
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "conflict" }));
  slow.finish();
  expect(await slow.status).toBe(409);
  expect(await create("conflict", "again")).toBe("ok");
});

it("answers If-Match with 412 for another ETag and 404 for a missing key", async () => {
  const { ETag } = await s3.client.send(new PutObjectCommand({ Bucket, Key: "match", Body: "1" }));
  const put = (Key: string, IfMatch: string | undefined) =>
    outcomeOf(s3.client.send(new PutObjectCommand({ Bucket, Key, Body: "2", IfMatch })));
  expect(await put("match", '"0123"')).toBe("PreconditionFailed 412");
  expect(await put("match", ETag)).toBe("ok");
  expect(await put("match-missing", ETag)).toBe("NoSuchKey 404");
});

it("refuses If-None-Match with anything but * on a write", async () => {
  const put = new PutObjectCommand({ Bucket, Key: "any", Body: "x", IfNoneMatch: '"abc"' });
  expect(await outcomeOf(s3.client.send(put))).toBe("NotImplemented 501");
});

it("a body cut short by its sender stores nothing", async () => {
  const sent = request(`${s3.server.url}/${Bucket}/cut`, {
    method: "PUT",
    headers: { "content-length": 100 },
    agent: false,
  });
  const failed = new Promise((resolve) => {
    sent.on("error", resolve);
  });
  sent.write("half of it");
  await new Promise<void>((resolve) => {
    sent.on("socket", (socket) => socket.once("connect", resolve));
  });
  sent.destroy(new Error("cut"));
  await failed;
  await expect.poll(() => s3.journal.entries({ operation: "PutObject" }).at(-1)?.applied).toBe(false);
  expect([...s3.server.objects(Bucket)].map(({ key }) => key)).not.toContain("cut");
});
