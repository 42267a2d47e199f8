import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { localTo, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { archivePipeline } from "./archive.js";
import { movableClock, putHistory } from "./history.js";
import type { ArchiveSetup } from "./protocol.js";
import { runToItsEnd } from "./replay-runs.js";
import { setupOf, type Scenario } from "./scenario.js";
import { differing, tablePipeline, Tables } from "./table.js";

/** What it came to. */
export interface ArchiveResult {
  readonly records: number;
  readonly objects: number;
  /** Items of the live table. */
  readonly items: number;
  /** Items of the live table that are others behind the replay. */
  readonly changed: number;
  /** Items of a table that was empty before that are others than the live one's. */
  readonly different: number;
  readonly kills: number;
}

const STREAM = "clicks";
const BUCKET = "clicks";
const PREFIX = "archive";

/** Archives a stream that a live connector keeps a table of, and replays the archive into that table and into an empty one. */
export async function replayOfArchive(
  scenario: Pick<Scenario, "shards" | "seed" | "records" | "kills" | "max-bytes-per-second">,
  { signal, progress }: Running,
): Promise<ArchiveResult> {
  const clock = movableClock();
  const { records: count, seed, shards } = scenario;
  await using aws = await startLocalAws({ clock, s3: { buckets: [BUCKET] }, opensearch: false, seed });
  putHistory(aws, clock, { stream: STREAM, shards, count, seed, fromMs: 0, untilMs: 0 });
  const s3 = setupOf(aws, "s3");
  const dynamodb = setupOf(aws, "dynamodb");
  const tables = new Tables(dynamodb);
  for (const table of ["live", "new"]) await tables.create(table);

  await using archiver = await startConnector({
    application: "clicks-archive",
    ...localTo(aws, STREAM, signal),
    pipeline: archivePipeline({ s3, bucket: BUCKET, prefix: PREFIX, format: "records" }),
  });
  await using live = await startConnector({
    application: "visitors-live",
    ...localTo(aws, STREAM, signal),
    pipeline: tablePipeline({ dynamodb, table: "live" }),
  });
  const folder = mkdtempSync(join(tmpdir(), "replay-rows-"));
  let phase = "the stream is archived, and the table kept";
  using _watched = progress.watch(() => ({
    share: undefined,
    text: `${phase}; archived ${archiver.progress().recordsEmitted}, into the table ${live.progress().recordsEmitted}`,
  }));
  try {
    while (Math.min(archiver.progress().recordsEmitted, live.progress().recordsEmitted) < count)
      await wait(20, undefined, { signal });
    const before = await tables.items("live");
    let kills = 0;
    for (const table of ["live", "new"]) {
      const setup: ArchiveSetup = {
        type: "archive",
        application: `visitors-again-${table}`,
        maxBytesPerSecond: scenario["max-bytes-per-second"],
        leaseFolder: join(folder, table),
        s3,
        bucket: BUCKET,
        prefix: PREFIX,
        dynamodb,
        table,
      };
      kills += await runToItsEnd(setup, table === "live" ? scenario.kills : 0, signal, (text) => {
        phase = `the archive into the ${table} table: ${text}`;
      });
    }
    return {
      records: count,
      objects: [...aws.s3.objects(BUCKET)].filter(({ key }) => key.startsWith(`${PREFIX}/`)).length,
      items: before.size,
      changed: differing(before, await tables.items("live")),
      different: differing(before, await tables.items("new")),
      kills,
    };
  } finally {
    tables.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
