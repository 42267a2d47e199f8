import { Redis } from "ioredis";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { describeOn, startAnswerCutter, startRedis, type ServerProcess } from "@kinesis-connectors/servers";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { afterAll, describe, it } from "vitest";
import { redisLeaseTable } from "../src/index.js";

const redis = await startRedis();
const replica = redis?.process === undefined ? undefined : await startRedis({ replicaOf: redis });

afterAll(async () => {
  await replica?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

let made = 0;

describeOn(describe, redis, "Redis or Valkey", (server) => {
  if (replica !== undefined) contractOn(server.url, undefined, "redisLeaseTable with waitReplicas: 1", 1);
  contractOn(server.url, server.process, "redisLeaseTable", 0);
});

function contractOn(
  url: string,
  process: ServerProcess | undefined,
  name: string,
  waitReplicas: number,
): void {
  const tableOf = (key: string, at = url): LeaseTable =>
    redisLeaseTable({ application: "contract", key, connection: at, waitReplicas });

  describeLeaseTable({
    describe,
    it,
    name,
    create: async () => {
      made += 1;
      const key = `kc:test:${Date.now()}:${made}`;
      const cutter = await startAnswerCutter({ url });
      return {
        key,
        cutter,
        table: tableOf(key, cutter.url),
        [Symbol.asyncDispose]: async () => {
          await cutter[Symbol.asyncDispose]();
          await withClient(url, async (client) => void (await client.del(key)));
        },
      };
    },
    connect: ({ key }) => tableOf(key),
    answerLost: ({ cutter }) =>
      cutter.cut(async () => {
        await process?.kill();
        await process?.start();
      }),
    restart:
      process === undefined
        ? excluded("a replica takes its time to come back")
        : async ({ key }) => {
            await process.kill();
            await process.start();
            return tableOf(key);
          },
    setCounter: async ({ key, table }, leaseKey, counter) => {
      await withClient(url, async (client) => {
        const row = JSON.parse((await client.hget(key, leaseKey)) ?? "") as object;
        await client.hset(key, leaseKey, JSON.stringify({ ...row, counter: `${counter}` }));
      });
      return table;
    },
  });
}

async function withClient(at: string, run: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(at);
  try {
    await run(client);
  } finally {
    client.disconnect();
  }
}
