import type { Emitter } from "@kinesis-connectors/core";
import {
  postgresEmitter,
  type PostgresEmitterOptions,
  type PostgresPlan,
} from "@kinesis-connectors/postgres";
import type { TestServer } from "@kinesis-connectors/servers";
import { Client } from "pg";
import { startWireProxy, type WireProxy } from "./wire-proxy.js";

/** A schema of its own for one test, on a server that many tests use. */
export interface TestSchema extends AsyncDisposable {
  /** The name of the schema, which is also a name that no other test has. */
  readonly schema: string;
  /** Runs statements as the user who made the schema. */
  readonly run: (sql: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;
  /** The way of the emitters to the server. */
  readonly proxy: WireProxy;
  /** An emitter into `table` of the schema. It is closed when the test ends. */
  readonly emitter: <Row extends object>(
    options: Omit<PostgresEmitterOptions<Row>, "connection">,
  ) => Emitter<Row, PostgresPlan>;
}

let schemas = 0;

/** Makes a schema, with tables if wanted: their statements name them without a schema. */
export async function createSchema(server: TestServer, ...ddl: readonly string[]): Promise<TestSchema> {
  schemas += 1;
  const schema = `kc_test_${process.pid}_${schemas}`;
  const client = new Client(server.url);
  client.on("error", () => undefined);
  await client.connect();
  const run: TestSchema["run"] = async (sql, values) => (await client.query(sql, values as unknown[])).rows;
  await run(`CREATE SCHEMA ${schema}`);
  await run(`SET search_path = ${schema}`);
  for (const statement of ddl) await run(statement);
  const proxy = await startWireProxy(server.url);
  const open: { readonly close?: () => Promise<void> }[] = [];
  return {
    schema,
    run,
    proxy,
    emitter: <Row extends object>(options: Omit<PostgresEmitterOptions<Row>, "connection">) => {
      const emitter = postgresEmitter<Row>({
        connection: proxy.url,
        // PGlite has one session for all connections.
        ...(server.name === "PGlite" ? { maxConnections: 1 } : {}),
        ...options,
        table: `${schema}.${options.table}`,
      });
      open.push(emitter);
      return emitter;
    },
    [Symbol.asyncDispose]: async () => {
      for (const emitter of open) await emitter.close?.();
      await proxy[Symbol.asyncDispose]();
      // Another client: this one may have met what the test did to the server.
      const last = new Client(server.url);
      await client.end().catch(() => undefined);
      await last.connect();
      await last.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await last.end();
    },
  };
}
