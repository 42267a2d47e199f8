import type { KinesisRecord } from "@kinesis-connectors/core";
import type { InputRecord } from "../input/records-of.js";
import type { AnyPipeline } from "./load-pipeline.js";
import type { Probe } from "./protocol.js";
import { shownName } from "./stages.js";
import { processCpuMs } from "./thread-cpu.js";

/** Waits below this are the turns of the event loop. */
const LEAST_WAIT_MS = 0.2;

/** Runs some records through a pipeline by themselves, one behind the other, up to a time: what fails, what is kept, and how long it waits for others. */
export async function probe(
  pipeline: AnyPipeline,
  records: readonly InputRecord[],
  limitMs: number,
): Promise<Probe> {
  const startMs = performance.now();
  const startCpuMs = processCpuMs();
  const waits: number[] = [];
  let count = 0;
  let failed = 0;
  let kept = 0;
  let error: string | undefined;
  for (const [index, record] of records.entries()) {
    const beganMs = performance.now();
    if (count > 0 && beganMs - startMs > limitMs) break;
    // Idle is the event loop alone: what the machine does for others is no wait of the pipeline's.
    const idleMs = performance.eventLoopUtilization().idle;
    count += 1;
    try {
      if (await passed(pipeline, recordOf(record, index))) kept += 1;
    } catch (thrown) {
      failed += 1;
      error ??= shownName(thrown);
    }
    waits.push(performance.eventLoopUtilization().idle - idleMs);
  }
  const waitMs = waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length);
  return {
    records: count,
    failed,
    error,
    kept,
    waitMs: waitMs < LEAST_WAIT_MS ? 0 : waitMs,
    cpuMs: (processCpuMs() - startCpuMs) / Math.max(1, count),
    concurrency: pipeline.transformConcurrency,
  };
}

async function passed({ transformer, filter }: AnyPipeline, record: KinesisRecord): Promise<boolean> {
  const made = await transformer.toModel(record);
  if (made === undefined) return false;
  let isKept = false;
  for (const model of Array.isArray(made) ? (made as readonly unknown[]) : [made]) {
    if (!(await filter(model, record))) continue;
    await transformer.fromModel(model, record);
    isKept = true;
  }
  return isKept;
}

function recordOf({ data, partitionKey }: InputRecord, index: number): KinesisRecord {
  return {
    data,
    partitionKey,
    sequenceNumber: `4959033827149025660855969253${String(index).padStart(28, "0")}`,
    subSequenceNumber: 0,
    arrivalTimeMs: Date.UTC(2026, 0, 1) + index,
  };
}
