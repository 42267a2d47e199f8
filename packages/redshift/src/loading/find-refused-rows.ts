import type { Batch, BufferEntry, EmitContext, FailedEntry } from "@kinesis-connectors/core";
import { isolate, type Verdict } from "./isolate.js";
import { MAX_ERROR_FILE_NAME } from "../limits.js";
import { type LoadError, type Loader, probe } from "./loader.js";
import type { ManifestWriter, StagedPart, Staging } from "./staging.js";

/** Finds the rows of a batch that COPY refuses: by file and line where those lead to one row, else by halving. Nothing is loaded. */
export async function findRefusedRows<Output>(
  loader: Loader,
  staging: Staging<Output>,
  manifests: ManifestWriter,
  batch: Batch<Output>,
  context: EmitContext<unknown>,
): Promise<readonly FailedEntry<Output>[]> {
  return isolate(batch.entries, async (entries) => {
    const some: Batch<Output> = {
      ...batch,
      entries,
      bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    };
    const parts = new Map<string, StagedPart<Output>>();
    for (const part of staging.split(some)) {
      const written = await staging.write(some, part, context);
      if ("url" in written) parts.set(written.url, part);
      else throw new Error("a row that was staged before was refused by its format");
    }
    const outcome = await probe(loader, await manifests.write(some, [...parts.keys()], context), context);
    if ("failure" in outcome) return { unnamed: outcome.failure.message };
    return verdictOf(outcome.errors, parts, staging);
  });
}

function verdictOf<Output>(
  errors: readonly LoadError[],
  parts: ReadonlyMap<string, StagedPart<Output>>,
  staging: Staging<Output>,
): Verdict<Output> {
  const rows = new Map<string, readonly BufferEntry<Output>[]>();
  const refused: { entry: BufferEntry<Output>; reason: string }[] = [];
  for (const error of errors) {
    const url = urlOfError(error, [...parts.keys()]);
    const part = url === undefined ? undefined : parts.get(url);
    if (url === undefined || part === undefined) continue;
    let byLine = rows.get(url);
    if (byLine === undefined) {
      // A value with a line end in it takes several lines, and it is not said how COPY counts those.
      byLine = part.entries.every((entry) => staging.linesOf(entry) === 1) ? part.entries : [];
      rows.set(url, byLine);
    }
    const entry = byLine[error.line - 1];
    if (entry !== undefined) refused.push({ entry, reason: reasonOf(error) });
  }
  const [first] = errors;
  if (refused.length === 0 && first !== undefined) return { unnamed: reasonOf(first) };
  return { refused };
}

/** `line 7 of s3://bucket/key, column total: 1207: Invalid digit`. */
export function reasonOf({ fileUrl, line, column, reason }: LoadError): string {
  return `line ${line} of ${fileUrl}, column ${column}: ${reason}`;
}

/** The object that an error is about: its name is cut in the view, and where two begin alike it leads nowhere. */
export function urlOfError({ fileUrl }: LoadError, urls: readonly string[]): string | undefined {
  if (urls.includes(fileUrl)) return fileUrl;
  if (fileUrl.length < MAX_ERROR_FILE_NAME) return undefined;
  const [only, ...others] = urls.filter((url) => url.startsWith(fileUrl));
  return others.length === 0 ? only : undefined;
}
