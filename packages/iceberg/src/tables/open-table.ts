import { type Logger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { tableFileWriter, type WriteTableFile } from "@kinesis-connectors/parquet/tables";
import { type ObjectStore, objectStore } from "@kinesis-connectors/s3/objects";
import type { CatalogContext } from "../catalog/catalog.js";
import { CurrentTable } from "../commits/current-table.js";
import type { FileSettings, TableSettings } from "../options.js";
import { prepareTable } from "./prepare-table.js";

/** What all emitters of a table work with. */
export interface TableTools {
  readonly current: CurrentTable;
  readonly objects: ObjectStore;
  readonly close: () => void;
}

/** The table and its objects; nothing is sent yet. */
export function tableOf({ catalog, id, storage }: TableSettings): TableTools {
  const objects = objectStore(storage);
  return {
    current: new CurrentTable(catalog, id),
    objects,
    close: () => {
      objects.close();
      catalog.close?.();
    },
  };
}

/** The same with what writes files. */
export function tableTools(
  table: TableSettings,
  files: FileSettings,
): TableTools & { readonly encode: WriteTableFile } {
  return { ...tableOf(table), encode: tableFileWriter(files) };
}

type Opening = { readonly signal: AbortSignal; readonly logger: Logger };

/** What a catalog is asked with before the first shard. */
export function openingContext({ signal, logger }: Opening): CatalogContext {
  return { signal, logger, clock: systemClock, random: systemRandom };
}

/** Sees to it that the table is there, before anything is read. */
export function openTable(current: CurrentTable, files: FileSettings, opening: Opening): Promise<void> {
  return prepareTable(current, files, openingContext(opening));
}
