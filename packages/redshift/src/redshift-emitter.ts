import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  systemClock,
  wholeNumber,
  checkOptions,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";
import { gzip, none } from "@kinesis-connectors/s3";
import { findRefusedRows } from "./loading/find-refused-rows.js";
import type { RedshiftFormat } from "./formats/formats.js";
import { tableName } from "./sql/identifiers.js";
import { DEFAULT_OBJECT_BYTES } from "./limits.js";
import {
  nextToken,
  idOf,
  type LedgerRow,
  load,
  type Loader,
  loadsBefore,
  readLedger,
} from "./loading/loader.js";
import { openLoader } from "./loading/open-loader.js";
import {
  createLoader,
  refuseKeys,
  type RedshiftTargetOptions,
  type StagingOptions,
  TARGET_OPTIONS,
} from "./settings.js";
import { createManifestWriter, createStaging, type ManifestWriter, type Staging } from "./loading/staging.js";

/** Options of `redshiftEmitter`. */
export interface RedshiftEmitterOptions<Output> extends RedshiftTargetOptions {
  /** The bucket and prefix to which rows are written before they are loaded. Objects stay there: give the prefix a lifecycle rule. */
  readonly staging: StagingOptions;
  /** `jsonAuto()`, `jsonPaths(url)`, `delimited()` or `csv()`. */
  readonly format: RedshiftFormat<Output>;
  /** Default `gzip`. */
  readonly compression?: "gzip" | "none";
  /** Bytes of one staged object before compression; a larger batch becomes several objects of one load. Default 32 MiB. */
  readonly maxObjectBytes?: number;
  /**
   * Columns that make a row the same row: a new version replaces the one in the table, in the same transaction, and of several versions in a batch the
   * last one stays. Needs `columns`, and records of one key in one shard (the partition key). Default: rows are only added.
   */
  readonly mergeKeys?: readonly string[];
}

/** The plan of a batch: its row in the ledger. A type and not an interface, so that it is plain JSON to the lease row. */
export type RedshiftPlan = {
  readonly v: 1;
  readonly table: string;
  /** Token under which the load is first submitted: a next owner that submits it again is given the statement that is running already. */
  readonly statement: string;
  /** SHA-256 over the positions of the planned rows, in hex. */
  readonly contentSha256: string;
};

const NAMES: OptionNames<RedshiftEmitterOptions<unknown>> = {
  ...TARGET_OPTIONS,
  format: "required",
  compression: true,
  maxObjectBytes: true,
  mergeKeys: true,
};

/**
 * Loads each batch into a Redshift table, once: rows are staged in S3, and one transaction copies them, inserts them unless the ledger knows the batch
 * already, and writes the ledger.
 *
 * @example
 * ```ts
 * const emitter = redshiftEmitter<OrderRow>({
 *   workgroup: "analytics",
 *   database: "shop",
 *   table: "sales.orders",
 *   columns: ["id", "total", "placed_at"],
 *   staging: { bucket: "shop-staging", prefix: "orders" },
 *   format: jsonAuto(),
 *   iamRole: "default",
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function redshiftEmitter<Output>(
  options: RedshiftEmitterOptions<Output>,
): Emitter<Output, RedshiftPlan> {
  refuseKeys(options);
  checkOptions("redshiftEmitter", options, NAMES);
  const { format, columns, mergeKeys = [], compression = "gzip" } = options;
  checkFormat(format, columns, mergeKeys);
  if (compression !== "gzip" && compression !== "none")
    throw invalidOption('compression must be "gzip" or "none"');
  if (options.staging === undefined) throw invalidOption("staging is missing: files go there on their way");
  if (typeof options.staging !== "object" || options.staging === null)
    throw invalidOption("staging must name a bucket");
  const loader = createLoader(options, format.copy, compression === "gzip", { mergeKeys });
  const staging = createStaging<Output>({
    objects: options.staging,
    // Loaded once: what it takes to make them counts more than their size.
    compression: compression === "gzip" ? gzip(1) : none(),
    format,
    columns: columns ?? [],
    isNumbered: mergeKeys.length > 0,
    maxObjectBytes: wholeNumber("maxObjectBytes", options.maxObjectBytes ?? DEFAULT_OBJECT_BYTES, { min: 1 }),
  });
  const manifests = createManifestWriter(options.staging);

  const planOf = (batch: Batch<Output>, table: string): RedshiftPlan => {
    const contentSha256 = contentOf(batch.entries);
    return { v: 1, table, statement: idOf(batch.batchId, table, contentSha256), contentSha256 };
  };

  return {
    capabilities: { duplicates: "none", ordering: "none" },

    plan: (batch) => planOf(batch, loader.target.table.text),

    planWithout: (plan, batch, kept) =>
      planOf({ ...batch, entries: batch.entries.filter((entry) => kept.has(entry)) }, plan.table),

    isWritten: async ({ batchId }, context) =>
      (await readLedger(intoTable(loader, context.plan.table), [{ loadId: batchId }], context)).length > 0,

    emit: async (batch, context) => {
      if (batch.entries.length === 0) return { failed: [] };
      return {
        failed: await loadBatch(intoTable(loader, context.plan.table), staging, manifests, batch, context),
      };
    },

    wouldDouble: (_again, { signal, logger }) => loadsBefore(loader, { signal, logger, clock: systemClock }),

    open: (opening) => openLoader(loader, staging, opening),

    close: async () => {
      loader.runner.connection.close();
      await staging.close();
      await manifests.close();
    },
  };
}

/** Stages and loads a batch; returns the rows that will never load, and then nothing was loaded. */
async function loadBatch<Output>(
  loader: Loader,
  staging: Staging<Output>,
  manifests: ManifestWriter,
  batch: Batch<Output>,
  context: EmitContext<RedshiftPlan>,
): Promise<readonly FailedEntry<Output>[]> {
  const urls: string[] = [];
  const refused: FailedEntry<Output>[] = [];
  for (const part of staging.split(batch)) {
    const written = await staging.write(batch, part, context);
    if ("url" in written) urls.push(written.url);
    else refused.push(...written.refused);
  }
  // Nothing is loaded yet, so the engine can plan the rest anew, without them.
  if (refused.length > 0) return refused;
  const { plan, attempt } = context;
  const manifestUrl = await manifests.write(batch, urls, context);
  const contentSha256 = contentOf(batch.entries);
  const token = attempt === 1 ? plan.statement : nextToken(context, plan.statement);
  const outcome = await load(
    loader,
    {
      manifestUrl,
      entries: [{ loadId: batch.batchId, contentSha256, recordCount: batch.entries.length }],
      loader: token,
    },
    token,
    context,
  );
  if ("ledger" in outcome) {
    requireOurs(outcome.ledger, batch, [contentSha256, plan.contentSha256]);
    return [];
  }
  const failed = await findRefusedRows(loader, staging, manifests, batch, context);
  // Each row loads, and yet the whole did not: whatever it was is over, or shows again.
  if (failed.length === 0) throw outcome.failure;
  return failed;
}

/** The ledger's row of the batch must be of these rows, whoever loaded them. */
function requireOurs(ledger: readonly LedgerRow[], batch: Batch<unknown>, contents: readonly string[]): void {
  const [row] = ledger;
  if (row === undefined)
    throw new Error(`the load of the batch ${batch.batchId} ended well, but the ledger has no row of it`);
  if (contents.includes(row.contentSha256)) return;
  throw new KinesisConnectorError(
    "KC_PLACE_TAKEN",
    `the ledger says that the batch ${batch.batchId} was loaded with other rows than these, while some of its records were set aside as dead letters: ` +
      "compare the table with the dead letters, then start again",
  );
}

/** SHA-256 over the positions of rows, in hex. */
function contentOf(entries: readonly BufferEntry<unknown>[]): string {
  const hash = createHash("sha256");
  for (const { record } of entries) hash.update(`${record.sequenceNumber}.${record.subSequenceNumber}\n`);
  return hash.digest("hex");
}

/** A batch goes to the table that it was planned for, also when the option says something else by now. */
function intoTable(loader: Loader, table: string): Loader {
  if (table === loader.target.table.text) return loader;
  return { ...loader, target: { ...loader.target, table: tableName("table", table) } };
}

function checkFormat(
  format: RedshiftFormat<never>,
  columns: readonly string[] | undefined,
  mergeKeys: readonly string[],
): void {
  if (typeof format?.write !== "function" || typeof format.copy !== "object")
    throw invalidOption("format must be jsonAuto(), jsonPaths(url), delimited() or csv()");
  const { type } = format.copy;
  if ((type === "csv" || type === "delimited") && columns === undefined)
    throw invalidOption("columns must be given with delimited() and csv(): their values go by position");
  if (mergeKeys.length === 0) return;
  if (type === "json-paths")
    throw invalidOption(
      "mergeKeys cannot be used with jsonPaths(): the stage has a column that the file does not map",
    );
  if (columns === undefined) throw invalidOption("mergeKeys needs columns");
  const stranger = mergeKeys.find((key) => !columns.includes(key));
  if (stranger !== undefined) throw invalidOption(`mergeKeys names ${stranger}, which is not among columns`);
}
