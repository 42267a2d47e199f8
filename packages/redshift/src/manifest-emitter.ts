import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  checkOptions,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";
import { reasonOf, urlOfError } from "./loading/find-refused-rows.js";
import type { RedshiftFormat } from "./formats/formats.js";
import { isolate, unnamed } from "./loading/isolate.js";
import { MAX_OBJECTS_PER_LOAD } from "./limits.js";
import { nextToken, idOf, load, type Loader, probe, readLedger } from "./loading/loader.js";
import { openLoader } from "./loading/open-loader.js";
import {
  createLoader,
  refuseKeys,
  type RedshiftTargetOptions,
  type StagingOptions,
  TARGET_OPTIONS,
} from "./settings.js";
import { createManifestWriter, type ManifestWriter } from "./loading/staging.js";

/** Options of `redshiftManifestEmitter`. */
export interface RedshiftManifestEmitterOptions extends RedshiftTargetOptions {
  /** The bucket and prefix of manifests. They stay there: give the prefix a lifecycle rule. */
  readonly staging: StagingOptions;
  /** The format of the objects: `jsonAuto()`, `jsonPaths(url)`, `delimited()` or `csv()`. */
  readonly format: RedshiftFormat<never>;
  /** Whether the objects are compressed. All of them or none. Default `gzip`. */
  readonly compression?: "gzip" | "none";
  /** The buckets that objects may be loaded from. The names come from a stream: whoever can put there could have anything loaded otherwise. */
  readonly buckets: readonly string[];
}

/** An object on its way into the table, with all the records that name it. */
interface NamedObject {
  readonly url: string;
  readonly loadId: string;
  readonly entries: readonly BufferEntry<string>[];
}

const NAMES: OptionNames<RedshiftManifestEmitterOptions> = {
  ...TARGET_OPTIONS,
  format: "required",
  compression: true,
  buckets: "required",
};

/**
 * Loads the S3 objects whose URLs a stream carries (`s3://bucket/key`), many at a time, each once, whoever else loads at the same time and however often
 * an object is named: the second stage after `s3ManifestEmitter`.
 *
 * An object that cannot be loaded is a dead letter, with the line, the column and the reason; the others are loaded.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function redshiftManifestEmitter(options: RedshiftManifestEmitterOptions): Emitter<string> {
  refuseKeys(options);
  checkOptions("redshiftManifestEmitter", options, NAMES);
  const { format, compression = "gzip", buckets } = options;
  if (typeof format?.copy !== "object")
    throw invalidOption("format must be jsonAuto(), jsonPaths(url), delimited() or csv()");
  if (compression !== "gzip" && compression !== "none")
    throw invalidOption('compression must be "gzip" or "none"');
  if (!Array.isArray(buckets) || buckets.length === 0)
    throw invalidOption("buckets must list the buckets that objects may come from");
  if (options.staging === undefined) throw invalidOption("staging is missing: files go there on their way");
  if (typeof options.staging !== "object" || options.staging === null)
    throw invalidOption("staging must name a bucket");
  const loader = createLoader(options, format.copy, compression === "gzip", {
    maxEntries: MAX_OBJECTS_PER_LOAD,
  });
  const manifests = createManifestWriter(options.staging);

  return {
    // Each object has a ledger row of its own, so emitting is idempotent by record and needs no plan.
    capabilities: { duplicates: "none", ordering: "none" },

    emit: async (batch, context) => {
      const { objects, refused } = objectsOf(batch.entries, new Set(buckets));
      const failed = [...refused];
      for (let start = 0; start < objects.length; start += MAX_OBJECTS_PER_LOAD) {
        const some = objects.slice(start, start + MAX_OBJECTS_PER_LOAD);
        failed.push(...(await loadObjects(loader, manifests, batch, some, context)));
      }
      return { failed };
    },

    // An object that is named once more is not loaded again, whoever names it.
    wouldDouble: () => Promise.resolve(undefined),

    open: (opening) => openLoader(loader, manifests, opening),

    close: async () => {
      loader.runner.connection.close();
      await manifests.close();
    },
  };
}

/** Loads what the ledger does not know yet, in one transaction; again for the rest when somebody else was faster with some of it. */
async function loadObjects(
  loader: Loader,
  manifests: ManifestWriter,
  batch: Batch<string>,
  objects: readonly NamedObject[],
  context: EmitContext<undefined>,
): Promise<readonly FailedEntry<string>[]> {
  const failed: FailedEntry<string>[] = [];
  let known = await readLedger(loader, objects, context);
  let rest = withoutKnown(objects, known);
  while (rest.length > 0) {
    const urls = rest.map(({ url }) => url);
    const token = nextToken(context, batch.batchId, ...urls);
    const entries = rest.map(({ loadId }) => ({ loadId, contentSha256: loadId, recordCount: undefined }));
    const manifestUrl = await manifests.write(batch, urls, context);
    const outcome = await load(loader, { manifestUrl, entries, loader: token }, token, context);
    if ("ledger" in outcome) {
      known = outcome.ledger;
      if (known.length === 0) throw new Error("a load ended well, but the ledger has no row of it");
      rest = withoutKnown(rest, known);
      continue;
    }
    const unfit = await findUnfit(loader, manifests, batch, rest, context);
    if (unfit.size === 0) throw outcome.failure;
    for (const { entries: named, url } of rest)
      for (const entry of named) {
        const found = unfit.get(url);
        if (found !== undefined) failed.push({ ...found, entry });
      }
    rest = rest.filter(({ url }) => !unfit.has(url));
  }
  return failed;
}

/** Finds the objects that do not load, each with the reason. Nothing is loaded. */
async function findUnfit(
  loader: Loader,
  manifests: ManifestWriter,
  batch: Batch<string>,
  objects: readonly NamedObject[],
  context: EmitContext<undefined>,
): Promise<ReadonlyMap<string, FailedEntry<string>>> {
  const byEntry = new Map<BufferEntry<string>, NamedObject>();
  for (const object of objects) {
    const [entry] = object.entries;
    if (entry !== undefined) byEntry.set(entry, object);
  }
  const failed = await isolate([...byEntry.keys()], async (entries) => {
    const byUrl = new Map(
      entries.flatMap((entry) => {
        const url = byEntry.get(entry)?.url;
        return url === undefined ? [] : [[url, entry] as const];
      }),
    );
    const urls = [...byUrl.keys()];
    const outcome = await probe(loader, await manifests.write(batch, urls, context), context);
    if ("failure" in outcome) return unnamed(outcome.failure);
    const refused = outcome.errors.flatMap((error) => {
      const entry = byUrl.get(urlOfError(error, urls) ?? "");
      return entry === undefined ? [] : [{ entry, reason: reasonOf(error) }];
    });
    const [first] = outcome.errors;
    return refused.length === 0 && first !== undefined ? { unnamed: reasonOf(first) } : { refused };
  });
  return new Map(failed.map((one) => [byEntry.get(one.entry)?.url ?? "", one]));
}

function withoutKnown(
  objects: readonly NamedObject[],
  known: readonly { readonly loadId: string }[],
): readonly NamedObject[] {
  const ids = new Set(known.map(({ loadId }) => loadId));
  return objects.filter(({ loadId }) => !ids.has(loadId));
}

/** The objects that the records name, each once; records that name none are refused. */
function objectsOf(
  entries: readonly BufferEntry<string>[],
  buckets: ReadonlySet<string>,
): { readonly objects: readonly NamedObject[]; readonly refused: readonly FailedEntry<string>[] } {
  const byUrl = new Map<string, BufferEntry<string>[]>();
  const refused: FailedEntry<string>[] = [];
  for (const entry of entries) {
    const problem = problemOf(entry.output, buckets);
    if (problem !== undefined) {
      const error = new KinesisConnectorError(
        "KC_RECORD_POISON",
        `the record does not name an object to load: ${problem}`,
      );
      refused.push({ entry, action: "dead-letter", error });
      continue;
    }
    const named = byUrl.get(entry.output);
    if (named === undefined) byUrl.set(entry.output, [entry]);
    else named.push(entry);
  }
  const objects = [...byUrl].map(([url, named]) => ({ url, loadId: idOf(url), entries: named }));
  return { objects, refused };
}

/** Names go into manifests, as JSON, and never into SQL; quotes and the like are refused all the same, because no object of ours has them. */
function problemOf(url: unknown, buckets: ReadonlySet<string>): string | undefined {
  if (typeof url !== "string") return "it is no text";
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket === undefined || key === undefined) return "it is not of the form s3://bucket/key";
  if (!buckets.has(bucket)) return "its bucket is not among the option buckets";
  if (Buffer.byteLength(key) > 1024) return "its key is longer than S3 allows";
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f'"\\`]|\p{Surrogate}/u.test(key)
    ? "its key holds quotes, backslashes or control characters"
    : undefined;
}
