import { constants } from "node:fs";
import { access, link, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { asError, type Emitter, type FailedEntry, KinesisConnectorError } from "@kinesis-connectors/core";

/** Where a batch goes. A type and not an interface, so that it counts as JSON. */
export type FilePlan = { readonly file: string };

/** Options of `fileEmitter`. */
export interface FileEmitterOptions {
  /** An existing folder; several applications may share it. */
  readonly folder: string;
}

/** The codes of Node that no repetition mends; a full disk or too many open files may pass. */
const REFUSED: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS"]);

/** Reads or writes; tells what stops the shard from what is tried again. */
async function attempt<Value>(folder: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    if (!REFUSED.has(codeOf(error))) throw error;
    throw new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `the folder ${folder} (option folder) refuses files (${codeOf(error)}): create it, and let this process write there`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Creates a file with its whole content, or leaves the one that is there as it is. */
async function createOnce(
  path: string,
  content: string,
  scratch: string,
  signal: AbortSignal,
): Promise<void> {
  // A file that is created and then filled could be left half full by a crash, so it is filled under another name.
  const file = await open(scratch, "wx");
  try {
    await file.writeFile(content, { signal });
    await file.sync();
    signal.throwIfAborted();
    // The moment of truth: a link is there whole or not at all, and is refused when its name is taken.
    await link(scratch, path);
  } catch (error) {
    // The name holds the batch, so what is there is this batch: written by an earlier try, here or in another process.
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await file.close();
    await rm(scratch, { force: true });
  }
}

/** Writes each batch as one file of JSON lines, once. */
export function fileEmitter<Output>({ folder }: FileEmitterOptions): Emitter<Output, FilePlan> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },

    // Of the batch alone: the next owner in another process must come to the same file.
    plan: ({ shardId, first, batchId }) => ({
      file: `${shardId}-${first.sequenceNumber}.${first.subSequenceNumber}-${batchId}.ndjson`,
    }),

    isWritten: async (_range, { plan }) => {
      try {
        await attempt(folder, () => access(folder, constants.W_OK));
        await access(join(folder, plan.file));
        return true;
      } catch (error) {
        if (codeOf(error) === "ENOENT") return false;
        throw error;
      }
    },

    emit: async (batch, { plan, random, signal }) => {
      if (batch.entries.length === 0) return { failed: [] };
      const failed: FailedEntry<Output>[] = [];
      const lines: string[] = [];
      for (const entry of batch.entries) {
        try {
          lines.push(`${encode(entry.output)}\n`);
        } catch (error) {
          failed.push({ entry, action: "dead-letter", error: asError(error) });
        }
      }
      // Nothing is written yet, so the engine can plan the rest anew, without them.
      if (failed.length > 0) return { failed };
      const path = join(folder, plan.file);
      await attempt(folder, () => createOnce(path, lines.join(""), `${path}.${random.uuid()}`, signal));
      return { failed: [] };
    },
  };
}

function encode(output: unknown): string {
  const line: string | undefined = JSON.stringify(output);
  // Functions and undefined have no JSON; a line "undefined" would be read as damage later.
  if (line === undefined) throw new TypeError(`a value of type ${typeof output} has no JSON`);
  return line;
}
