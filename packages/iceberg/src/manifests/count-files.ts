import { placeOf } from "../files/locations.js";
import { inTurn } from "../files/in-turn.js";
import { FILE_CONCURRENCY } from "../limits.js";
import { decodeAvroFile } from "./avro-file.js";
import { type ManifestEntry, NOT_COUNTED } from "./manifest-list.js";
import type { TableStore } from "./manifest-store.js";

/** By the status of an entry (table spec, "Manifest entry fields"). */
const KINDS = ["existing", "added", "deleted"] as const;

/** The lines of a list, each with its counts: lists of version 1 may lack them, and version 2 wants them. The manifests of those are counted, once. */
export function countedEntries(
  entries: readonly ManifestEntry[],
  store: TableStore,
): Promise<readonly ManifestEntry[]> {
  return inTurn(entries, FILE_CONCURRENCY, (entry) =>
    isCounted(entry) ? Promise.resolve(entry) : count(entry, store),
  );
}

function isCounted(entry: ManifestEntry): boolean {
  return KINDS.every(
    (kind) => entry[`${kind}_files_count`] !== NOT_COUNTED && entry[`${kind}_rows_count`] !== NOT_COUNTED,
  );
}

async function count(entry: ManifestEntry, { objects, context }: TableStore): Promise<ManifestEntry> {
  const { manifest_path: name } = entry;
  const bytes = await objects.read(placeOf(name), context);
  if (bytes === undefined) throw new Error(`the manifest ${name} is gone`);
  const counts = {
    existing_files_count: 0,
    added_files_count: 0,
    deleted_files_count: 0,
    existing_rows_count: 0,
    added_rows_count: 0,
    deleted_rows_count: 0,
  };
  for (const { status, data_file: file } of decodeAvroFile(bytes, name).records) {
    const kind = KINDS[Number(status)];
    if (kind === undefined || typeof file !== "object" || file === null) continue;
    counts[`${kind}_files_count`] += 1;
    counts[`${kind}_rows_count`] += Number(Reflect.get(file, "record_count"));
  }
  return { ...entry, ...counts };
}
