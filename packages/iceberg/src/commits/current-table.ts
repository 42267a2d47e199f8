import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { Catalog, CatalogContext, LoadedTable, TableIdentifier } from "../catalog/catalog.js";
import { requireWritable } from "./one-commit.js";

/** So long the catalog's last answer is believed before an append: what has changed since shows as a conflict. */
const BELIEVED_MS = 1_000;

/** `sales.orders`. */
export function nameOf({ namespace, name }: TableIdentifier): string {
  return [...namespace, name].join(".");
}

/** The table as it was last seen. */
export class CurrentTable {
  readonly catalog: Catalog;
  readonly id: TableIdentifier;
  readonly name: string;
  #seen: { readonly table: LoadedTable; readonly atMs: number } | undefined;

  constructor(catalog: Catalog, id: TableIdentifier) {
    this.catalog = catalog;
    this.id = id;
    this.name = nameOf(id);
  }

  /** As the catalog has it, or had it a moment ago. */
  async recent(context: CatalogContext): Promise<LoadedTable> {
    const { clock } = context;
    const seen = this.#seen;
    if (seen !== undefined && clock.monotonicNow() - seen.atMs < BELIEVED_MS) return seen.table;
    return this.load(context);
  }

  /**
   * As the catalog has it now.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED` where there is none, or none that can be written
   */
  async load(context: CatalogContext): Promise<LoadedTable> {
    this.forget();
    const table = await this.catalog.loadTable(this.id, context);
    if (table === undefined) throw missingTable(this.name);
    requireWritable(table, this.name);
    this.see(table, context);
    return table;
  }

  see(table: LoadedTable, { clock }: CatalogContext): void {
    this.#seen = { table, atMs: clock.monotonicNow() };
  }

  /** What was seen may be no longer so. */
  forget(): void {
    this.#seen = undefined;
  }
}

/** The error of a table that is not there. */
export function missingTable(name: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `the catalog has no table ${name} (option table): create it, correct the name, or set createTable`,
  );
}
