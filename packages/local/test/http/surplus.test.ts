import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local-aws.js";

const Bucket = "things";
let local: LocalAws;
let client: S3Client;
beforeEach(async () => {
  local = await startLocalAws({ s3: { buckets: [Bucket] } });
  client = new S3Client({
    ...local.clientOptions("s3"),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 1 } }),
  });
  for (const Key of ["one", "two"])
    await client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
});
afterEach(async () => {
  client.destroy();
  await local.close();
});

const get = async (Key: string): Promise<string | undefined> =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

test.each([
  [0, 1],
  [20, 2],
])("the same answer comes again behind the answer, after %i ms %i times", async (afterMs, copies) => {
  local.faults.add({ operation: "GetObject", effect: { kind: "surplus-answer", afterMs, copies } });
  const socket = connect(Number(new URL(local.endpoints.s3).port), "127.0.0.1");
  socket.write(`GET /${Bucket}/one HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  const answers = await new Promise<readonly string[]>((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = text.split(/(?=HTTP\/1\.1 )/);
      if (found.length > copies && found.every((answer) => answer.endsWith("body of one"))) resolve(found);
    });
  });
  expect(answers).toHaveLength(1 + copies);
  for (const answer of answers) {
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\ncontent-length: 11\r\n/);
    expect(answer).toMatch(/\r\netag: "[0-9a-f]{32}"\r\n/);
  }
  // The connection goes on, and its next answer is right.
  const next = new Promise<string>((resolve) =>
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  socket.write(`GET /${Bucket}/two HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  expect(await next).toMatch(/body of two$/);
  socket.destroy();
});

test("a client that takes whatever comes next for its answer is given another object's", async () => {
  local.faults.add({
    operation: "GetObject",
    where: { key: "one" },
    effect: { kind: "surplus-answer", afterMs: 100 },
  });
  local.faults.add({
    operation: "GetObject",
    where: { key: "two" },
    effect: { kind: "delay", delayMs: 5_000 },
  });
  expect(await get("one")).toBe("body of one");
  expect(await get("two")).toBe("body of one");
});

test("behind an answer to HEAD no body comes", async () => {
  local.faults.add({ operation: "HeadObject", effect: { kind: "surplus-answer" } });
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: "one" }))).toMatchObject({
    ContentLength: 11,
  });
  expect(await get("two")).toBe("body of two");
  expect(local.faults.unfired()).toEqual([]);
});
