import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { putLines } from "@kinesis-connectors/app-seed-stream";
import type { Connector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ledgerSchema, tableSchema } from "@kinesis-connectors/redshift";
import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { readingsOf, type Totals, totalsFrom, totalsOf, TOTALS_SQL } from "./readings.js";
import {
  type Addresses,
  BUCKET,
  FILES_STREAM,
  READINGS_STREAM,
  startStageOne,
  startStageTwo,
} from "./stages.js";

/** What a run is told. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** The program that runs stage two in a process of its own; undefined: both stages run in this one. */
  readonly stageTwoProgram?: string | undefined;
}

/** What a run found. */
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

/** A stage that runs somewhere. */
interface Stage {
  /** Rejects when the stage fails. */
  readonly done: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The variable that carries the addresses to the process of stage two. */
export const ADDRESSES_VARIABLE = "LOCAL_AWS_ADDRESSES";

/** Starts AWS on loopback and both stages, puts readings into the first stream, waits for them in the table, and compares. */
export async function run({ records, shards, seed, stageTwoProgram }: RunOptions): Promise<RunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    opensearch: false,
    seed,
    s3: { buckets: [BUCKET] },
    redshift: {},
  });
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  for (const stream of [READINGS_STREAM, FILES_STREAM]) {
    await kinesis.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shards }));
    await waitUntilStreamExists(
      { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
      { StreamName: stream },
    );
  }
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
    stageTwoProgram === undefined
      ? stageOf(await startStageTwo(addresses))
      : inOwnProcess(stageTwoProgram, addresses),
  ];
  await putLines(linesOf(records, seed), {
    client: kinesis,
    stream: READINGS_STREAM,
    onPlaced: () => undefined,
  });
  await untilLanded(aws, stages, records);
  for (const { stop } of stages) await stop();
  const seconds = (performance.now() - startMs) / 1000;

  const [totals] = await aws.redshift.query(TOTALS_SQL);
  const [ledger] = await aws.redshift.query(
    "SELECT COUNT(*) AS loaded, COUNT(DISTINCT loader) AS loads FROM kc_ledger",
  );
  kinesis.destroy();
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

function inOwnProcess(program: string, addresses: Addresses): Stage {
  const child = spawn(process.execPath, [program, "--stage-two"], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, [ADDRESSES_VARIABLE]: JSON.stringify(addresses) },
  });
  const done = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the process of stage two ended with ${code ?? "a signal"}`));
    });
  });
  return {
    done,
    stop: () => {
      child.kill("SIGTERM");
      return done;
    },
  };
}

function* linesOf(records: number, seed: number): Generator<Uint8Array, void> {
  for (const reading of readingsOf(records, seed)) yield Buffer.from(JSON.stringify(reading));
}

/** Waits until the table has as many rows as were put; a stage that ends before fails the run. */
async function untilLanded(aws: LocalAws, stages: readonly Stage[], records: number): Promise<void> {
  const waiting = new AbortController();
  const ended = stages.map(({ done }) =>
    done.then(() => {
      throw new Error("a stage ended before everything was in the table");
    }),
  );
  const landed = async (): Promise<void> => {
    while (!waiting.signal.aborted) {
      const [totals] = await aws.redshift.query(TOTALS_SQL);
      if (totalsFrom(totals).rows >= records) return;
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
