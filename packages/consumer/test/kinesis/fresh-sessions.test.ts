import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterEach, expect, it, vi } from "vitest";
import { connectKinesis } from "../../src/kinesis/connect-kinesis.js";
import { sdkKinesis } from "../../src/kinesis/sdk-kinesis.js";
import { ownLeaseTable } from "../../src/lease-table/own-lease-table.js";

/** A service that takes one key, and says of others that their session is over. */
async function startTaking(first: string) {
  const service = { key: first, refused: 0, endpoint: "" };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const isTaken = request.headers.authorization?.includes(`Credential=${service.key}/`) === true;
      if (!isTaken) service.refused += 1;
      response.writeHead(isTaken ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
      response.end(isTaken ? '{"ShardIterator":"iterator","Item":{}}' : '{"__type":"ExpiredTokenException"}');
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  service.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(service, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** Both ways on which a connector reads: the stream, and its leases. */
async function readers(endpoint: string, credentials?: () => Promise<never>) {
  const reach = { region: "eu-central-1", endpoint, ...(credentials === undefined ? {} : { credentials }) };
  const api = await connectKinesis({ ...reach, stream: { StreamName: "clicks" }, wireFormat: "json" });
  const { table } = ownLeaseTable({ ...reach, tableName: "clicks", createTable: false });
  return {
    read: () =>
      Promise.all([api.getShardIterator("shardId-000000000000", { type: "trim-horizon" }), table.get("one")]),
    close: () => {
      api.close();
      table.close?.();
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "kc-credentials-"));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("F40 keys that are written anew into the shared credentials file are taken when the old session is over", async () => {
  const file = join(folder, "credentials");
  const write = (key: string): void =>
    writeFileSync(
      file,
      `[default]\naws_access_key_id = ${key}\naws_secret_access_key = s\naws_session_token = t\n`,
    );
  write("AKIDOLD");
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  await using service = await startTaking("AKIDOLD");
  const { read, close } = await readers(service.endpoint);
  await read();
  write("AKIDNEW");
  service.key = "AKIDNEW";
  await read();
  expect(service.refused).toBe(2);
  await read();
  expect(service.refused).toBe(2);
  close();
});

it("a client that stands in for AWS needs no credentials", async () => {
  const answer = vi.fn<() => Promise<object>>(async () => ({ ShardIterator: "iterator" }));
  const credentials = vi.fn<() => Promise<never>>(() => Promise.reject(new Error("none")));
  const client = new KinesisClient({ region: "eu-central-1", credentials });
  client.send = answer as never;
  const api = sdkKinesis(client, { StreamName: "clicks" });
  const position = { type: "trim-horizon" } as const;
  expect(await api.getShardIterator("shardId-000000000000", position)).toBe("iterator");
  expect(credentials).not.toHaveBeenCalled();
});

it("F40 a function is asked again when the session of what it gave is over", async () => {
  await using service = await startTaking("AKIDOLD");
  const { key } = service;
  let present = key;
  const credentials = () => Promise.resolve({ accessKeyId: present, secretAccessKey: "s" } as never);
  const { read, close } = await readers(service.endpoint, credentials);
  await read();
  service.key = "AKIDNEW";
  await expect(read()).rejects.toThrow("ExpiredToken");
  present = "AKIDNEW";
  await expect.poll(async () => read().then(() => "read", String)).toBe("read");
  close();
});
