import {
  deliver,
  deliverThroughKills,
  type RecordOfStream,
  type Running,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { startPostgres, type TestServer } from "@kinesis-connectors/servers";
import { checkTables, type TableCheck } from "./check.js";
import { ordersOf } from "./orders.js";
import { ordersPipeline } from "./pipeline.js";
import { createTables, readTables } from "./tables.js";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** How often the worker is killed; it is a process of its own then. Default 0. */
  readonly kills?: number;
  /** The URL of a server of the user's; its tables `orders`, `dead_letters` and `kc_positions` are made anew. Default: one of our own. */
  readonly postgres?: string | undefined;
}

/** The result of a run. */
export interface RunResult extends TableCheck {
  /** What the tables stood in. */
  readonly server: string;
  readonly kills: number;
  /** Batches that a killed worker had begun and the next one ended. */
  readonly takenOver: number;
  /** From the first put to the last commit. */
  readonly seconds: number;
}

/** Puts orders into a stream on loopback while a connector writes them into PostgreSQL, and compares. */
export async function run(
  { records, shards, seed, kills = 0, postgres }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using server = postgres === undefined ? await startPostgres() : usersOwn(postgres);
  await createTables(server.url, kills > 0);
  await using aws = await startLocalAws({ limits: "off", opensearch: false, s3: false, seed });
  const database = { url: server.url, maxConnections: server.name === "PGlite" ? 1 : 16 };
  const application = "orders-to-postgres";
  const delivery = { stream: "orders", shards, records: recordsOf(records, seed), count: records };
  const { seconds, takenOver } =
    kills === 0
      ? {
          takenOver: 0,
          ...(await deliver(
            aws,
            {
              ...delivery,
              start: (local) => startConnector({ ...local, application, pipeline: ordersPipeline(database) }),
            },
            running,
          )),
        }
      : await deliverThroughKills(
          aws,
          {
            ...delivery,
            application,
            worker: new URL("worker.js", import.meta.url),
            setup: database,
            kills,
            seed,
          },
          running,
        );
  const { rows, letters } = await readTables(server.url);
  const check = checkTables(ordersOf(records, seed), rows, letters);
  return { ...check, server: server.name, kills, takenOver, seconds };
}

function usersOwn(url: string): TestServer {
  return {
    name: `PostgreSQL at ${new URL(url).host}`,
    url,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function* recordsOf(records: number, seed: number): Generator<RecordOfStream, void> {
  for (const order of ordersOf(records, seed))
    yield { partitionKey: String(order.id), data: JSON.stringify(order) };
}
