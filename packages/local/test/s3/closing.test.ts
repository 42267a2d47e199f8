import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { startDynamoDb } from "../dynamodb/start-dynamodb.js";
import { startS3 } from "./start-s3.js";

// Alone in its file: what another test leaves for a moment would be counted here.
it("closing cuts open connections and stalled answers, and leaves no socket or server behind", async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((name) => /^(?:TCP|Pipe)/.test(name)).length;
  const before = sockets();
  const s3 = await startS3();
  const dynamo = await startDynamoDb();
  await dynamo.createTable("open");
  const object = { Bucket: "things", Key: "stalled" };
  await s3.client.send(new PutObjectCommand({ ...object, Body: "x".repeat(1_000) }));
  s3.faults.add({ operation: "GetObject", effect: { kind: "stalled-body" } });
  const { Body } = await s3.client.send(new GetObjectCommand(object));
  const cut = Body?.transformToString().then(
    () => "whole",
    () => "cut",
  );
  expect(sockets()).toBeGreaterThan(before);
  // The servers first: closing must not wait for the clients.
  await Promise.all([s3.server.close(), dynamo.server.close()]);
  expect(await cut).toBe("cut");
  await Promise.all([s3.stop(), dynamo.stop()]);
  await expect.poll(sockets).toBe(before);
});
