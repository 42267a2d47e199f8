import type { IteratorPosition, KinesisApi, StreamRecord } from "@kinesis-connectors/consumer";
import { type Clock, comparePositions, type Position } from "@kinesis-connectors/core";
import type { LeaseCheckpoint } from "@kinesis-connectors/leases";
import { deaggregate } from "@kinesis-connectors/wire";
import { Hono } from "hono";
import { type AdminEnv, notConfigured, RequestRefused } from "../http/answers.js";
import { unknownShard } from "./reading.js";
import type { WatchedConnector } from "../watching/watched-connector.js";

/** Of the 5 reads a second that a shard gives (API reference, GetRecords), the connector has the rest. */
const PERIOD_MS = 1_000;

const DEFAULT_COUNT = 10;
const MAX_COUNT = 100;

/** The next records that a shard is read from, taken apart: payload, so only where the server was told to. */
export function peekRoutes(watched: WatchedConnector, clock: Clock): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  const lastMs = new Map<string, number>();
  routes.get("/shards/:shardId/peek", async (context) => {
    const shardId = context.req.param("shardId");
    const count = countOf(context.req.query("count"));
    const { kinesis } = watched.options;
    if (kinesis === undefined) throw notConfigured(501, "kinesis");
    const from = await checkpointOf(watched, shardId);
    const nowMs = clock.monotonicNow();
    if (nowMs - (lastMs.get(shardId) ?? -PERIOD_MS) < PERIOD_MS)
      throw new RequestRefused(
        429,
        "too-soon",
        "a shard is peeked at once a second at most: ask again later",
      );
    lastMs.set(shardId, nowMs);
    return context.json({
      shardId,
      after: from.checkpoint,
      records: await read(kinesis, shardId, from, count),
    });
  });
  return routes;
}

interface From {
  readonly checkpoint: LeaseCheckpoint;
  readonly startTimestampMs: number | undefined;
}

/** Where the shard goes on, by its row; by what this process committed where there is no table. */
async function checkpointOf({ options, connector }: WatchedConnector, shardId: string): Promise<From> {
  const shard = connector.progress().shards.find((one) => one.shardId === shardId);
  const lease = await options.steering?.table.get(shardId);
  if (lease !== undefined) return lease;
  if (shard === undefined) throw unknownShard();
  return { checkpoint: shard.checkpoint ?? "TRIM_HORIZON", startTimestampMs: undefined };
}

/** A record as it is shown: its bytes as text where they are text. */
interface PeekedRecord extends Position {
  readonly partitionKey: string;
  readonly arrivalTimeMs: number;
  readonly text?: string;
  readonly base64?: string;
}

async function read(
  kinesis: KinesisApi,
  shardId: string,
  { checkpoint, startTimestampMs }: From,
  count: number,
): Promise<readonly PeekedRecord[]> {
  if (checkpoint === "SHARD_END") return [];
  const iterator = await kinesis.getShardIterator(shardId, iteratorOf(checkpoint, startTimestampMs));
  const { records } = await kinesis.getRecords(iterator, count + 1);
  const after = typeof checkpoint === "object" ? checkpoint : undefined;
  return records
    .flatMap(takenApart)
    .filter((record) => after === undefined || comparePositions(record, after) > 0)
    .slice(0, count);
}

/** At the checkpoint and not after it: an aggregate may have been committed in part. */
function iteratorOf(
  checkpoint: Exclude<LeaseCheckpoint, "SHARD_END">,
  startTimestampMs: number | undefined,
): IteratorPosition {
  if (typeof checkpoint === "object")
    return { type: "at-sequence-number", sequenceNumber: checkpoint.sequenceNumber };
  if (checkpoint === "TRIM_HORIZON") return { type: "trim-horizon" };
  return startTimestampMs === undefined
    ? { type: "latest" }
    : { type: "at-timestamp", timestampMs: startTimestampMs };
}

function takenApart(record: StreamRecord): readonly PeekedRecord[] {
  const { sequenceNumber, arrivalTimeMs, data } = record;
  const opened = deaggregate(data);
  if (opened.kind !== "aggregated")
    return [shownRecord(record, { sequenceNumber, subSequenceNumber: 0 }, arrivalTimeMs)];
  return opened.records.map((user) =>
    shownRecord(user, { sequenceNumber, subSequenceNumber: user.subSequenceNumber }, arrivalTimeMs),
  );
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function shownRecord(
  { partitionKey, data }: { readonly partitionKey: string; readonly data: Uint8Array },
  position: Position,
  arrivalTimeMs: number,
): PeekedRecord {
  return { ...position, partitionKey, arrivalTimeMs, ...shownData(data) };
}

function shownData(data: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: UTF8.decode(data) };
  } catch {
    return { base64: Buffer.from(data).toString("base64") };
  }
}

function countOf(given: string | undefined): number {
  const count = given === undefined ? DEFAULT_COUNT : Number(given);
  if (Number.isSafeInteger(count) && count >= 1 && count <= MAX_COUNT) return count;
  throw new RequestRefused(400, "query-malformed", `count must be a whole number from 1 to ${MAX_COUNT}`);
}
