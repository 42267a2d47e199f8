import { type Running, UNWATCHED } from "@kinesis-connectors/app-sample";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { type Catalog, icebergEmitter, restCatalog } from "@kinesis-connectors/iceberg";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { batchOfEntries, deliver, entryOf } from "@kinesis-connectors/testkit";
import { manifestCount } from "@kinesis-connectors/app-iceberg-oracles";
import { readBack, type ReadBacks } from "./read-back.js";
import { NAME, NAMESPACE } from "./pipeline.js";

/** Options of a run. */
export interface CommitsOptions {
  readonly commits: number;
  readonly writers: number;
  /** Rows of each commit. */
  readonly rows: number;
}

/** The table after so many commits. */
interface Milestone {
  readonly commits: number;
  /** . */
  readonly loadMs: number;
  /** Bytes of the answer to it. */
  readonly loadBytes: number;
  /** Manifests that a reader has to open before it plans anything. */
  readonly manifests: number;
  readonly listBytes: number;
  /** From the call to the answer, of the commits since the last milestone: the median, in milliseconds. */
  readonly commitMs: number;
}

/** The result of a run. */
export interface CommitsResult extends ReadBacks {
  readonly milestones: readonly Milestone[];
  readonly rows: number;
  readonly conflicts: number;
  readonly seconds: number;
}

const MILESTONES = 10;
const LOADS = 25;

/** Lets writers commit to one table, each a shard of its own and none knowing of the others, and looks from time to time what it takes to load the table. */
export async function runCommits(
  { commits, writers, rows }: CommitsOptions,
  { signal, progress }: Running = UNWATCHED,
): Promise<CommitsResult> {
  await using aws = await startLocalAws({ kinesis: false, dynamodb: false, opensearch: false, iceberg: {} });
  aws.iceberg.createNamespace(NAMESPACE);
  const uri = aws.endpoints.iceberg;
  const catalog = restCatalog({ uri });
  const milestones: Milestone[] = [];
  const startMs = performance.now();
  let started = 0;
  let done = 0;
  let times: number[] = [];
  using _watched = progress.watch(() => ({ share: done / commits, text: `${done} commits` }));

  const crew = Array.from({ length: writers }, (_, writer) => ({
    emitter: emitterTo(aws),
    shardId: `shardId-${String(writer).padStart(12, "0")}`,
    at: 0,
  }));
  const write = async (writer: (typeof crew)[number], until: number): Promise<void> => {
    const { emitter, shardId } = writer;
    while (started < until) {
      const first = started * rows;
      started += 1;
      const entries = Array.from({ length: rows }, (_, nth) =>
        entryOf(writer.at + nth, { id: first + nth, name: `row ${first + nth}` }),
      );
      writer.at += rows;
      const beganMs = performance.now();
      const batch = batchOfEntries(entries, { shardId });
      const { failed } = await deliver(emitter, batch, { random: systemRandom, signal });
      if (failed[0] !== undefined) throw failed[0].error;
      times.push(performance.now() - beganMs);
      done += 1;
    }
  };
  try {
    for (const { emitter } of crew) await emitter.open?.({ signal, logger: silentLogger });
    for (let part = 1; part <= MILESTONES; part += 1) {
      const until = Math.round((commits * part) / MILESTONES);
      await Promise.all(crew.map((writer) => write(writer, until)));
      // Looked at while nobody writes: the time is that of a load, and not of a busy process.
      milestones.push({ commits: done, commitMs: median(times), ...(await look(aws, catalog, signal)) });
      times = [];
    }
  } finally {
    for (const { emitter } of crew) await emitter.close?.();
  }
  const seconds = (performance.now() - startMs) / 1000;
  const conflicts = aws.journal
    .entries({ server: "iceberg", operation: "UpdateTable" })
    .filter(({ errorCode }) => errorCode === "CommitFailedException").length;
  catalog.close?.();
  const found = await readBack({ aws, uri }, commits * rows, false);
  return { ...found, milestones, rows: commits * rows, conflicts, seconds };
}

function emitterTo(aws: LocalAws) {
  return icebergEmitter<{ readonly id: number; readonly name: string }>({
    catalog: restCatalog({ uri: aws.endpoints.iceberg }),
    storage: aws.clientOptions("s3"),
    table: `${NAMESPACE}.${NAME}`,
    columns: { id: { required: "int64" }, name: "string" },
    createTable: true,
    properties: { "write.metadata.delete-after-commit.enabled": "true" },
  });
}

async function look(
  aws: LocalAws,
  catalog: Catalog,
  signal: AbortSignal,
): Promise<Pick<Milestone, "loadMs" | "loadBytes" | "manifests" | "listBytes">> {
  const context = { signal, logger: silentLogger, clock: systemClock, random: systemRandom };
  const table = { namespace: [NAMESPACE], name: NAME };
  const loads: number[] = [];
  for (let nth = 0; nth < LOADS; nth += 1) {
    const beganMs = performance.now();
    await catalog.loadTable(table, context);
    loads.push(performance.now() - beganMs);
  }
  const url = `${aws.endpoints.iceberg}/v1/namespaces/${NAMESPACE}/tables/${NAME}?snapshots=refs`;
  const text = await (await fetch(url, { signal })).text();
  const { metadata } = JSON.parse(text) as {
    readonly metadata: { readonly snapshots: readonly { readonly "manifest-list": string }[] };
  };
  const list = metadata.snapshots[0]?.["manifest-list"].replace("s3:/", aws.endpoints.s3) ?? "";
  const bytes = new Uint8Array(await (await fetch(list, { signal })).arrayBuffer());
  return {
    loadMs: Math.min(...loads),
    loadBytes: text.length,
    manifests: manifestCount(bytes),
    listBytes: bytes.length,
  };
}

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}
