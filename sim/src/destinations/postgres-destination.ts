import { postgresEmitter } from "@kinesis-connectors/postgres";
import { type PositionRule, PostgresDatabase, type TargetRow } from "../services/postgres-database.js";
import { SimPostgres } from "../services/sim-postgres.js";
import { type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";
import { type DestinationParts, entryOf, type SimDestination, driving } from "./destination.js";

/** Ways to break what keeps a batch from being written twice, or not at all; by the seed. */
const BROKEN: readonly PositionRule[] = ["not-locked", "outside", "not-looked-at"];

/** Records as rows of a table, each there once and those of a shard in order; rows that do not fit are found by halving, and are dead letters. */
export function postgresDestination(parts: DestinationParts): SimDestination {
  const { scenario, scheduler, landings, random, isUnguarded } = parts;
  /** How far each shard has come, to see that rows stand in its order. */
  const last = new Map<string, number>();
  const land = (row: TargetRow): void => {
    const line = {
      id: Number(row["id"]),
      n: Number(row["n"]),
      at: row["at"] ?? "",
      key: row["key"] ?? "",
    };
    const entry = entryOf(parts, line, "the table");
    if (entry === undefined) return;
    landings.land(entry, line.n, false, "the table");
    const place = placeOf(line.at);
    if (place < (last.get(entry.shardId) ?? 0))
      parts.report({ rule: "reordered", what: `${line.at} of ${entry.shardId} stands behind a later one` });
    last.set(entry.shardId, place);
  };
  const database = new PostgresDatabase({
    scheduler,
    random,
    temper: { restarts: scenario.faultRate / 10, failures: scenario.faultRate / 4 },
    written: (rows) => rows.forEach(land),
    rule: isUnguarded ? (BROKEN[scenario.seed % BROKEN.length] ?? "kept") : "kept",
  });
  const server = new SimPostgres(database, parts.network, random);
  return {
    drive: driving(parts, (process) =>
      postgresEmitter<Output>({
        connection: server.connectorOf(process),
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        table: "rows",
        columns: { id: "bigint", n: "integer", at: "text", key: "text", unwritable: "integer" },
        // So that a batch is often several.
        maxRowsPerStatement: 3,
      }),
    ),
    calm: () => {
      Object.assign(database.temper, { restarts: 0, failures: 0 });
    },
    storedCount: () => database.rowCount,
  };
}

/** A number that grows along a shard: sequence numbers of the simulation fit one, with a thousand user records in each. */
function placeOf(at: string): number {
  const [sequence = "0", sub = "0"] = at.split(".");
  return Number(sequence) * 1_000 + Number(sub);
}
