import { type RecordOfStream, type Running, UNWATCHED } from "@kinesis-connectors/app-sample";
import type { Connector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ledgerSchema, tableSchema } from "@kinesis-connectors/redshift";
import { setTimeout as wait } from "node:timers/promises";
import { inOwnProcess, type Stage } from "./stage-process.js";
import { readingsOf, type Totals, totalsFrom, totalsOf, TOTALS_SQL } from "./readings.js";
import {
  type Addresses,
  BUCKET,
  FILES_STREAM,
  READINGS_STREAM,
  startStageOne,
  startStageTwo,
} from "./stages.js";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** 2 runs stage two in a process of its own. Default 1: both stages run in this one. */
  readonly processes?: 1 | 2;
}

/** The result of a run. */
export interface RunResult {
  readonly put: Totals;
  readonly landed: Totals;
  /** Objects that stage one wrote. */
  readonly objects: number;
  /** Objects in the ledger, and the transactions that loaded them. */
  readonly loaded: number;
  readonly loads: number;
  readonly seconds: number;
}

/** Starts AWS on loopback and both stages, puts readings into the first stream, waits for them in the table, and compares. */
export async function run(
  { records, shards, seed, processes = 1 }: RunOptions,
  running: Running = UNWATCHED,
): Promise<RunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    opensearch: false,
    seed,
    s3: { buckets: [BUCKET] },
    redshift: {},
  });
  for (const name of [READINGS_STREAM, FILES_STREAM]) aws.kinesis.createStream({ name, shardCount: shards });
  const columns = [
    { name: "id", type: "BIGINT", notNull: true },
    { name: "sensor", type: "VARCHAR(20)" },
    { name: "value", type: "INTEGER" },
  ];
  await aws.redshift.query(tableSchema({ table: "readings", columns }));
  await aws.redshift.query(ledgerSchema());

  const addresses = addressesOf(aws);
  const startMs = performance.now();
  const stages = [
    stageOf(await startStageOne(addresses)),
    processes === 1 ? stageOf(await startStageTwo(addresses)) : inOwnProcess(addresses),
  ];
  aws.kinesis.putRecords(READINGS_STREAM, [...recordsOf(records, seed)]);
  await untilLanded(aws, stages, records, running);
  for (const { stop } of stages) await stop();
  const seconds = (performance.now() - startMs) / 1000;

  const [totals] = await aws.redshift.query(TOTALS_SQL);
  const [ledger] = await aws.redshift.query(
    "SELECT COUNT(*) AS loaded, COUNT(DISTINCT loader) AS loads FROM kc_ledger",
  );
  return {
    put: totalsOf(readingsOf(records, seed)),
    landed: totalsFrom(totals),
    objects: [...aws.s3.objects(BUCKET)].filter(({ key }) => /^readings\/[^_]/.test(key)).length,
    loaded: Number(ledger?.["loaded"]),
    loads: Number(ledger?.["loads"]),
    seconds,
  };
}

function addressesOf(aws: LocalAws): Addresses {
  const { kinesis, dynamodb, s3, redshift } = aws.endpoints;
  return { region: aws.clientOptions("kinesis").region, kinesis, dynamodb, s3, redshift };
}

function stageOf(connector: Connector): Stage {
  return {
    done: connector.done,
    stop: async () => {
      await connector.stop();
      await connector.done;
    },
  };
}

function* recordsOf(records: number, seed: number): Generator<RecordOfStream, void> {
  for (const reading of readingsOf(records, seed))
    yield { partitionKey: reading.sensor, data: JSON.stringify(reading) };
}

/** Waits until the table has as many rows as were put; a stage that ends before fails the run. */
async function untilLanded(
  aws: LocalAws,
  stages: readonly Stage[],
  records: number,
  { signal, progress }: Running,
): Promise<void> {
  let rows = 0;
  using _watched = progress.watch(() => ({ share: rows / records, text: `put ${records}  loaded ${rows}` }));
  const waiting = new AbortController();
  const ended = stages.map(({ done }) =>
    done.then(() => {
      throw new Error("a stage ended before everything was in the table");
    }),
  );
  const landed = async (): Promise<void> => {
    while (!waiting.signal.aborted) {
      signal.throwIfAborted();
      const [totals] = await aws.redshift.query(TOTALS_SQL);
      rows = totalsFrom(totals).rows;
      if (rows >= records) return;
      await wait(200);
    }
  };
  try {
    await Promise.race([landed(), ...ended]);
  } finally {
    waiting.abort();
    for (const one of ended) one.catch(() => undefined);
  }
}
