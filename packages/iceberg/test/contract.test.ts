import { afterAll, beforeAll, describe, it } from "vitest";
import { type FaultEffect, type FaultRule, type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import {
  describeEmitterContract,
  type EmitterUnderTest,
  excluded,
  type HasFired,
} from "@kinesis-connectors/testkit";
import { icebergEmitter, type IcebergEmitterOptions, type IcebergPlan, restCatalog } from "../src/index.js";
import { tableFiles } from "../src/files.js";
import { CONTEXT } from "./catalog/local-catalog.js";
import { rowsOf } from "./support/lake.js";
import { opened } from "./support/orders.js";

interface Row {
  readonly id: number;
  readonly text: string | number;
}

interface EmitterOnTable extends EmitterUnderTest<Row, IcebergPlan> {
  readonly name: string;
}

// One server for all: each test has a table of its own.
let aws: LocalAws;
let tables = 0;
beforeAll(async () => {
  aws = await startLocalAws({ kinesis: false, dynamodb: false, iceberg: {} });
  aws.iceberg.createNamespace("sales");
});
afterAll(() => aws.close());

function fault(server: "iceberg" | "s3", effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const operation = server === "s3" ? "PutObject" : "UpdateTable";
  const id = aws.faults.add({ server, operation, effect, ...rule });
  return () => aws.faults.list().some((status) => status.id === id && status.fired > 0);
}

async function readBack(name: string): Promise<readonly string[]> {
  const catalog = restCatalog({ uri: aws.endpoints.iceberg });
  const table = await catalog.loadTable({ namespace: ["sales"], name }, CONTEXT);
  catalog.close?.();
  const files = table === undefined ? [] : await tableFiles(table.metadata, bytesAt);
  const rows = await Promise.all(files.map(({ path }) => rowsOf(bytesAt(path))));
  return rows
    .flat()
    .map(({ id, text }) =>
      JSON.stringify({ id: Number(id), text: Buffer.from(text as Uint8Array).toString() }),
    );
}

function bytesAt(location: string): Buffer {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  const found = [...aws.s3.objects(bucket)].find((object) => object.key === key);
  if (found === undefined) throw new Error(`${location} is not there`);
  return found.body;
}

const anySize = "a batch is one commit of any size";

/** What is at the catalog, and what is at S3. */
const places = [
  { name: "icebergEmitter", server: "iceberg", options: {} },
  {
    name: "icebergEmitter with partitions, where S3 fails",
    server: "s3",
    options: { partitionBy: [{ column: "id", transform: "bucket[3]" }] },
  },
] as const;

for (const { name, server, options } of places) {
  const status =
    server === "s3" ? { status: 503, code: "SlowDown" } : { status: 429, code: "TooManyRequestsException" };
  const denied =
    server === "s3" ? { status: 403, code: "AccessDenied" } : { status: 403, code: "ForbiddenException" };
  describeEmitterContract<EmitterOnTable, Row, IcebergPlan>({
    describe,
    it,
    name,
    create: async () => {
      tables += 1;
      const table = `contract_${tables}`;
      const columns = { id: "int64", text: "string" } satisfies IcebergEmitterOptions["columns"];
      const emitter = await opened(
        icebergEmitter<Row>({
          catalog: restCatalog({ uri: aws.endpoints.iceberg }),
          storage: aws.clientOptions("s3"),
          table: `sales.${table}`,
          columns,
          createTable: true,
          ...options,
        }),
      );
      return {
        name: table,
        emitter,
        [Symbol.asyncDispose]: async () => {
          for (const { id } of aws.faults.list()) aws.faults.remove(id);
          await emitter.close?.();
        },
      };
    },
    // The rows of a table have no order.
    capabilities: { duplicates: "none", ordering: "none", planned: true, keeps: "log" },
    outputs: (index) => ({ id: index, text: `output ${index}` }),
    readBack: (setup) => readBack(setup.name),
    versions: excluded("rows are added"),
    refusedOutputs: (index) => ({ id: index, text: index }),
    faults: {
      // Once more than the SDK repeats a request by itself.
      throttle: () => fault(server, { kind: "error", ...status }, { times: 4 }),
      throttleEntries: excluded("a batch is committed whole"),
      outage: () => fault(server, { kind: "reset", at: "before-headers" }, { phase: "before", times: 4 }),
      replyLost: () => fault(server, { kind: "reply-lost" }),
      credentials: () => fault(server, { kind: "error", ...denied }, { times: "always" }),
      stall: () => fault(server, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
    },
    limits: excluded(anySize),
  });
}
