import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ConsoleProcess, ConsoleSnapshot } from "@kinesis-connectors/console";
import { idOf, ownerOf } from "./fleets.js";

/** An admin server as far as the console asks one, with figures that move: for pictures of a busy fleet. */
export interface PaintedProcess extends AsyncDisposable {
  readonly url: string;
}

export interface PaintedOptions {
  readonly application: string;
  readonly worker: number;
  readonly shards: readonly number[];
  readonly isFailing?: boolean;
}

export async function paintedProcess(options: PaintedOptions): Promise<PaintedProcess> {
  const startedMs = Date.now() - 3 * 3_600_000;
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const body = request.url?.includes("/console?")
      ? { application: options.application, processes: [processAt(options, startedMs)] }
      : { connectors: [{ name: options.application }] };
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function processAt(
  { application, worker, shards, isFailing = false }: PaintedOptions,
  startedMs: number,
): ConsoleProcess {
  const nowMs = Date.now();
  const ran = (nowMs - startedMs) / 1000;
  const wave = Math.sin(nowMs / 7_000 + worker) + 0.4 * Math.sin(nowMs / 2_300);
  const each = 4_100 + 600 * worker;
  const emitted = Math.round(ran * each + 9_000 * wave);
  const list: ConsoleSnapshot["shards"] = shards.map((index) => ({
    shardId: idOf(index),
    state: "reading",
    recordsRead: Math.round(emitted / shards.length) + 812,
    recordsEmitted: Math.round(emitted / shards.length),
    recordsFiltered: Math.round(emitted / shards.length / 40),
    deadLetters: index % 5 === 3 ? 2 : 0,
    millisBehindLatest: 80 + ((index * 131) % 7) * 60,
    bufferedRecords: 300 + ((index * 577 + Math.round(ran) * 41) % 900),
    bufferedBytes: 1_100_000 + ((index * 57_711 + Math.round(ran) * 80_000) % 2_400_000),
    retentionLeftMs: 23.2 * 3_600_000,
    lastCommitMs: nowMs - 1_200,
    ...(index % 3 === 1
      ? {
          batchUnderWay: {
            batchId: `9f3c${index}0d7a41c8b2e6f5`,
            records: 4_000 + index,
            sinceMs: nowMs - (isFailing ? 41_000 : 400),
            failedAttempts: isFailing && index === 1 ? 3 : 0,
            ...(isFailing && index === 1 ? { lastError: "SlowDown" } : {}),
          },
        }
      : {}),
  }));
  return {
    url: null,
    problem: null,
    snapshot: {
      state: "running",
      health: {
        status: isFailing ? "failing" : "ok",
        reasons: isFailing
          ? [
              {
                rule: "emit-retrying",
                status: "failing",
                shardId: idOf(1),
                value: 141_000,
                limit: 120_000,
                cure: "the destination refuses (SlowDown): nothing is lost, and nothing moves until it takes the batch",
              },
            ]
          : [],
      },
      application,
      stream: "clicks",
      ownerId: ownerOf(worker),
      startedMs,
      isLeader: worker === 0,
      fleetRole: "peer",
      failoverTimeMs: 10_000,
      retentionMs: 86_400_000,
      totals: {
        recordsRead: emitted + 812 * shards.length + Math.round(500 * Math.sin(nowMs / 3_000)),
        recordsEmitted: emitted,
        recordsFiltered: Math.round(emitted / 40),
        deadLetters: 2,
        bytesRead: emitted * 310,
        batchesEmitted: Math.round(ran),
        commits: Math.round(ran),
      },
      readAheadBytes: 41 * 1024 * 1024,
      maxReadAheadBytes: 256 * 1024 * 1024,
      leaseRenewals: { count: Math.round(ran / 3), longestUnrenewedMs: 1_800 },
      shards: list,
    },
    errors: isFailing
      ? [
          {
            type: "emit-retry",
            code: "KC_EMIT_FAILED",
            cause: "SlowDown",
            shardId: idOf(1),
            batchId: "9f3c10d7a41c8b2e6f5",
            attempt: 3,
            firstMs: nowMs - 40_000,
            lastMs: nowMs - 4_000,
            count: 3,
          },
          {
            type: "record-dead-letter",
            code: "KC_TRANSFORM_FAILED",
            shardId: idOf(3),
            position: {
              sequenceNumber: "49671234567890123456789012345678901234567890139990",
              subSequenceNumber: 0,
            },
            firstMs: nowMs - 7_200_000,
            lastMs: nowMs - 5_400_000,
            count: 2,
          },
          {
            type: "read-retry",
            code: "ProvisionedThroughputExceededException",
            operation: "GetRecords",
            shardId: idOf(2),
            attempt: 1,
            firstMs: nowMs - 9_000_000,
            lastMs: nowMs - 320_000,
            count: 14,
          },
        ]
      : [],
    config: {
      application,
      source: {
        stream: "clicks",
        region: "eu-central-1",
        retrieval: { type: "polling", maxRecordsPerRead: 10_000 },
      },
      buffer: { maxRecords: 100_000, maxBytes: 67_108_864, maxAgeMs: 60_000 },
      emitter: {
        type: "s3",
        bucket: "clicks-archive",
        prefix: "archive",
        format: { type: "ndjson" },
        credentials: "***",
      },
    },
  };
}
