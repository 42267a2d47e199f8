import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type EmitResult,
  type FailedEntry,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import { type SimulatedLog, LogError, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS } from "./simulated-log.js";

/** Limits that a broken emitter may have wrong. */
export interface LogEmitterLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Appends to a `SimulatedLog`: at least once, in order per partition key, without a plan. */
export function logEmitter(
  log: SimulatedLog,
  { maxRecords, maxBytes }: LogEmitterLimits = {
    maxRecords: MAX_REQUEST_RECORDS,
    maxBytes: MAX_REQUEST_BYTES,
  },
): Emitter<string> {
  return {
    capabilities: { duplicates: "possible", ordering: "partition-key" },
    sizeOf: (output) => output.length,
    emit: async (batch, { signal }) => {
      const failed: FailedEntry<string>[] = [];
      // A key whose earlier record waits is not passed by a later one.
      const waitingKeys = new Set<string>();
      let left: readonly BufferEntry<string>[] = batch.entries;
      while (left.length > 0) {
        const { request, rest } = nextRequest(left, maxRecords, maxBytes);
        const sent = request.filter((entry) => {
          if (!waitingKeys.has(entry.record.partitionKey)) return true;
          failed.push({ entry, action: "retry", error: new Error("waits for an earlier record of its key") });
          return false;
        });
        left = rest;
        if (sent.length === 0) continue;
        const records = sent.map(({ output, record }) => ({ key: record.partitionKey, text: output }));
        const statuses = await append(log, records, signal);
        for (const [position, entry] of sent.entries()) {
          const status = statuses[position];
          if (status === 200) continue;
          const action = status === 429 ? "retry" : "dead-letter";
          if (action === "retry") waitingKeys.add(entry.record.partitionKey);
          failed.push({ entry, action, error: new LogError(status ?? 0) });
        }
      }
      return { failed };
    },
  };
}

/** The same as a class: nothing of it works without its `this`. */
export class LogEmitter implements Emitter<string> {
  readonly capabilities: Emitter<string>["capabilities"] = {
    duplicates: "possible",
    ordering: "partition-key",
  };
  readonly #log: SimulatedLog;
  #isClosed = false;

  constructor(log: SimulatedLog) {
    this.#log = log;
  }

  sizeOf(output: string): number {
    return this.#isClosed ? Number.NaN : output.length;
  }

  emit(batch: Batch<string>, context: EmitContext<undefined>): Promise<EmitResult<string>> {
    return logEmitter(this.#log).emit(batch, context);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }
}

async function append(
  log: SimulatedLog,
  records: readonly { readonly key: string; readonly text: string }[],
  signal: AbortSignal,
): Promise<readonly number[]> {
  signal.throwIfAborted();
  try {
    return await log.append(records, signal);
  } catch (error) {
    if (!(error instanceof LogError) || error.status !== 403) throw error;
    throw new KinesisConnectorError("KC_EMIT_REFUSED", "check the credentials", { cause: error });
  }
}

/** The longest run of entries that fits, each key once: within a request the order of what is refused and what is taken is open. */
function nextRequest(
  entries: readonly BufferEntry<string>[],
  maxRecords: number,
  maxBytes: number,
): { readonly request: readonly BufferEntry<string>[]; readonly rest: readonly BufferEntry<string>[] } {
  const keys = new Set<string>();
  let bytes = 0;
  let end = 0;
  for (const { output, record } of entries) {
    bytes += output.length;
    const fits = end < maxRecords && (bytes <= maxBytes || end === 0) && !keys.has(record.partitionKey);
    if (!fits) break;
    keys.add(record.partitionKey);
    end += 1;
  }
  return { request: entries.slice(0, end), rest: entries.slice(end) };
}
