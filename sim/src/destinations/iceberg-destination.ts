import { parquetReadObjects } from "hyparquet";
import { icebergEmitter, type PartitionSpec, type TableMetadata } from "@kinesis-connectors/iceberg";
import { filesOfManifest, type TableFileEntry, tableManifests } from "@kinesis-connectors/iceberg/files";
import type { StoredObject } from "../services/bucket.js";
import { SimIceberg } from "../services/sim-iceberg.js";
import { bucketOf, type Output } from "../sim-pipeline.js";
import { type DestinationParts, entryOf, type SimDestination, driving } from "./destination.js";
import { STAGING } from "./redshift-destination.js";

const LOCATION = `s3://simulated/${STAGING}/rows`;

/** By `Scenario.variant`. */
const SPECS: readonly PartitionSpec["fields"][] = [
  [],
  [{ "source-id": 1, "field-id": 1000, name: "third", transform: "bucket[3]" }],
  [{ "source-id": 4, "field-id": 1000, name: "key", transform: "identity" }],
];

const COLUMNS = {
  id: { required: "int64" },
  n: { required: "int32" },
  at: { required: "string" },
  key: { required: "string" },
} as const;

function emptyTable(variant: number): TableMetadata {
  const field = (id: number, name: string, type: string) => ({ id, name, required: true, type });
  return {
    "format-version": 2,
    "table-uuid": "simulated",
    location: LOCATION,
    "last-sequence-number": 0,
    "last-updated-ms": 0,
    "last-column-id": 4,
    schemas: [
      {
        type: "struct",
        "schema-id": 0,
        fields: [
          field(1, "id", "long"),
          field(2, "n", "int"),
          field(3, "at", "string"),
          field(4, "key", "string"),
        ],
      },
    ],
    "current-schema-id": 0,
    "partition-specs": [{ "spec-id": 0, fields: SPECS[variant % SPECS.length] ?? [] }],
    "default-spec-id": 0,
    properties: {},
    snapshots: [],
  };
}

interface Row {
  readonly id: bigint;
  readonly n: number;
  readonly at: string;
  readonly key: string;
}

/** Records as rows of a table in S3, each there once: what lies in its folder and in no snapshot does not count. */
export function icebergDestination(
  parts: DestinationParts,
  objects: ReadonlyMap<string, StoredObject>,
): SimDestination {
  const { scenario, report } = parts;
  const contents = new TableContents(parts, objects);
  const catalog = new SimIceberg({
    network: parts.network,
    random: parts.random,
    temper: { foreign: scenario.faultRate },
    broken: parts.brokenTable,
    metadata: emptyTable(scenario.variant),
    committed: (after) => contents.look(after),
  });
  return {
    drive: driving(parts, (process) => {
      const { bucket: _bucket, ...storage } = bucketOf(scenario, parts.s3(process));
      return icebergEmitter<Output>({
        catalog: catalog.clientOf(process),
        storage,
        table: "sim.rows",
        columns: COLUMNS,
        commitEveryMs: scenario.variant % 2 === 0 ? 0 : 700,
      });
    }),
    calm: () => {
      catalog.temper.foreign = 0;
    },
    checkEnd: () => {
      if (contents.lost > 0)
        report({ rule: "lost", what: `${contents.lost} rows were in the table, and are no more` });
      return contents.lost;
    },
    storedCount: () => contents.rowCount,
  };
}

/** A file, and how often the table names it. */
interface Listed {
  readonly file: TableFileEntry;
  readonly times: number;
}

/** What is in the table after each commit. */
class TableContents {
  readonly #parts: DestinationParts;
  readonly #objects: ReadonlyMap<string, StoredObject>;
  /** By path. A manifest holds what it held when it was first seen. */
  readonly #manifests = new Map<string, readonly TableFileEntry[]>();
  #files: ReadonlyMap<string, Listed> = new Map();
  rowCount = 0;
  lost = 0;

  constructor(parts: DestinationParts, objects: ReadonlyMap<string, StoredObject>) {
    this.#parts = parts;
    this.#objects = objects;
  }

  async look(metadata: TableMetadata): Promise<void> {
    const now = new Map<string, Listed>();
    for (const manifest of await tableManifests(metadata, (location) => this.#bytesAt(location))) {
      const files =
        this.#manifests.get(manifest.path) ?? filesOfManifest(this.#bytesAt(manifest.path), manifest);
      this.#manifests.set(manifest.path, files);
      // A file that is named twice is read twice.
      for (const file of files) now.set(file.path, { file, times: (now.get(file.path)?.times ?? 0) + 1 });
    }
    const before = this.#files;
    this.#files = now;
    for (const [path, { file, times }] of now)
      for (let had = before.get(path)?.times ?? 0; had < times; had += 1) await this.#land(file);
    for (const [path, { file, times }] of before)
      this.lost += file.rows * Math.max(0, times - (now.get(path)?.times ?? 0));
  }

  async #land({ path, rows, bytes }: TableFileEntry): Promise<void> {
    const { landings, report } = this.#parts;
    const file = this.#bytesAt(path);
    const buffer = new ArrayBuffer(file.length);
    new Uint8Array(buffer).set(file);
    // The columns of the table say what they are.
    const found = (await parquetReadObjects({ file: buffer })) as unknown as readonly Row[];
    if (found.length !== rows || file.length !== bytes)
      report({ rule: "I9", what: `${path} is not what the table says of it` });
    this.rowCount += found.length;
    for (const { id, n, at, key } of found) {
      const line = { id: Number(id), n, at, key };
      const entry = entryOf(this.#parts, line, "the table");
      if (entry !== undefined) landings.land(entry, n, false, "the table");
    }
  }

  #bytesAt(location: string): Buffer {
    const body = this.#objects.get(location.replace("s3://simulated/", ""))?.body;
    if (body === undefined) throw new Error(`${location} is not there`);
    return body;
  }
}
