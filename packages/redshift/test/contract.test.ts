import { afterAll, beforeAll, describe, it } from "vitest";
import type { FaultEffect, FaultRule } from "@kinesis-connectors/local";
import { jsonAuto, type RedshiftPlan } from "@kinesis-connectors/redshift";
import {
  describeEmitterContract,
  type EmitterUnderTest,
  excluded,
  type HasFired,
} from "@kinesis-connectors/testkit";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

interface Row {
  readonly id: number | string;
  readonly text: string;
}

interface EmitterOnTable extends EmitterUnderTest<Row, RedshiftPlan> {
  readonly table: string;
}

// One database for all: each test has a table and a ledger of its own.
let redshift: LocalRedshift;
let tables = 0;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift[Symbol.asyncDispose]());

function fault(effect: FaultEffect, rule: Partial<FaultRule> = {}): HasFired {
  const { faults } = redshift.aws;
  const id = faults.add({ server: "redshift", operation: "BatchExecuteStatement", effect, ...rule });
  return () => faults.list().some((status) => status.id === id && status.fired > 0);
}

const anySize = "a batch is one load of any size";

describeEmitterContract<EmitterOnTable, Row, RedshiftPlan>({
  describe,
  it,
  name: "redshiftEmitter",
  create: async () => {
    tables += 1;
    const table = `contract_${tables}`;
    await redshift.query(`CREATE TABLE ${table} (id INTEGER, text VARCHAR(100))`);
    await redshift.query(`CREATE TABLE ${table}_ledger (LIKE kc_ledger INCLUDING DEFAULTS)`);
    const emitter = redshift.emitter<Row>({
      table,
      ledgerTable: `${table}_ledger`,
      columns: ["id", "text"],
      format: jsonAuto(),
    });
    return {
      table,
      emitter,
      [Symbol.asyncDispose]: () => {
        for (const { id } of redshift.aws.faults.list()) redshift.aws.faults.remove(id);
        return Promise.resolve();
      },
    };
  },
  // The rows of a table have no order.
  capabilities: { duplicates: "none", ordering: "none", planned: true, keeps: "log" },
  outputs: (index) => ({ id: index, text: `output ${index}` }),
  readBack: async ({ table }) =>
    (await redshift.query(`SELECT id, text FROM ${table} ORDER BY id`)).map(({ id, text }) =>
      JSON.stringify({ id: Number(id), text }),
    ),
  versions: excluded("rows are added"),
  // Well-formed JSON that only the database refuses.
  refusedOutputs: (index) => ({ id: `no number ${index}`, text: "" }),
  faults: {
    // Once more than the SDK repeats a request by itself.
    throttle: () => fault({ kind: "error", status: 400, code: "ThrottlingException" }, { times: 4 }),
    throttleEntries: excluded("a batch is loaded whole"),
    outage: () => fault({ kind: "reset", at: "before-headers" }, { phase: "before", times: 4 }),
    replyLost: () => fault({ kind: "reply-lost" }, { times: 4 }),
    credentials: () =>
      fault({ kind: "error", status: 400, code: "AccessDeniedException" }, { times: "always" }),
    stall: () => fault({ kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
  },
  limits: excluded(anySize),
});
