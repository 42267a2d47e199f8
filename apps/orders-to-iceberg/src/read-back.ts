import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  askedTable,
  type Lake,
  Missing,
  rowsByIcebird,
  startPython,
} from "@kinesis-connectors/app-iceberg-oracles";
import { NAME, NAMESPACE } from "./pipeline.js";

/** What one reader found in the table. */
interface ReadBack {
  readonly reader: string;
  readonly rows: number;
  readonly lost: number;
  readonly duplicated: number;
}

/** What all readers found. */
export interface ReadBacks {
  readonly read: readonly ReadBack[];
  /** Why others could not be asked. */
  readonly missing: readonly string[];
}

/**
 * Reads the ids of the table by readers that others made, and compares them with those that were put: by icebird, which takes Node alone, and, where Python is there, by pyiceberg
 * and DuckDB.
 */
export async function readBack(lake: Lake, count: number, withPython: boolean): Promise<ReadBacks> {
  const folder = await mkdtemp(join(tmpdir(), "orders-to-iceberg-"));
  try {
    const table = await askedTable(lake, NAMESPACE, NAME, folder);
    const rows = await rowsByIcebird(table);
    const ids = rows.map(({ id }) => String(id as bigint | number));
    const read = [compared("icebird (Node alone)", ids, count)];
    const missing: string[] = [];
    if (withPython) {
      try {
        await using python = await startPython((text) => void process.stderr.write(`${text}\n`));
        for (const oracle of python.oracles) {
          const { ids: told = [] } = await oracle.ask(table, [], "ids");
          read.push(compared(oracle.name, told, count));
        }
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        missing.push(error.message);
      }
    }
    return { read, missing };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compared(reader: string, ids: readonly string[], count: number): ReadBack {
  const seen = new Set(ids);
  const lost = Array.from({ length: count }, (_, id) => String(id)).filter((id) => !seen.has(id)).length;
  return { reader, rows: ids.length, lost, duplicated: ids.length - seen.size };
}
