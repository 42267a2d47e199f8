import { jsonAuto, redshiftEmitter } from "@kinesis-connectors/redshift";
import type { StoredObject } from "../services/bucket.js";
import { type DestinationParts, entryOf, type SimDestination, driving } from "./destination.js";
import { RedshiftDatabase, type TargetRow } from "../services/redshift-database.js";
import { bucketOf, type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";
import { SimRedshift } from "../services/sim-redshift.js";

/** Shorter than the longest load, so that some are cancelled. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** Records as rows of a table, each there once; rows that the table has no room for are found by trying, and are dead letters. */
export function redshiftDestination(
  parts: DestinationParts,
  objects: ReadonlyMap<string, StoredObject>,
): SimDestination {
  const { scenario, scheduler, landings, random, isUnguarded } = parts;
  const land = (row: TargetRow): void => {
    const { at, key } = row;
    const line = { id: Number(row["id"]), n: Number(row["n"]), at: String(at), key: String(key) };
    const entry = entryOf(parts, line, "the table");
    if (entry !== undefined) landings.land(entry, line.n, false, "the table");
  };
  const broken = scenario.seed % 2 === 0 ? "ignored" : "after-read";
  const database = new RedshiftDatabase({
    scheduler,
    random,
    temper: { failures: scenario.faultRate / 4, slow: 0.05 },
    objects,
    loaded: (rows) => rows.forEach(land),
    lock: isUnguarded ? broken : "kept",
  });
  const api = new SimRedshift(database, parts.network, random);
  return {
    drive: driving(parts, (process) =>
      redshiftEmitter<Output>({
        client: api.clientOf(process),
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
        workgroup: "simulated",
        database: "simulated",
        table: "rows",
        iamRole: "default",
        staging: { ...bucketOf(scenario, parts.s3(process)), prefix: STAGING },
        format: jsonAuto(),
        // It would run on threads of Node.
        compression: "none",
        maxObjectBytes: 400,
      }),
    ),
    calm: () => {
      Object.assign(database.temper, { failures: 0, slow: 0 });
    },
    storedCount: () => database.rowCount,
  };
}

/** The prefix of what is staged: no place of a plan, and no object that the checker of objects looks at. */
export const STAGING = "staging";
