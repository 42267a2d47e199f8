import type { ConnectorEvent } from "@kinesis-connectors/consumer";
import type { StageFigures } from "./protocol.js";
import { mainThreadCpuMs, processCpuMs } from "./thread-cpu.js";

/** Counts what a connector does between two moments, and the CPU that it takes. */
export class Meter {
  readonly startRssBytes: number = process.memoryUsage.rss();
  #peakRssBytes = 0;
  #records = 0;
  #dataBytes = 0;
  #polls = 0;
  #batches = 0;
  #batchRecords = 0;
  #batchBytes = 0;
  #deadLetters = 0;
  #flushes: Record<string, number> = {};
  #cpuMs = 0;
  #mainMs: number | undefined;
  #openedMs = 0;

  readonly observe = (event: ConnectorEvent): void => {
    switch (event.type) {
      case "page-read":
        this.#polls += 1;
        this.#records += event.records;
        this.#dataBytes += event.dataBytes;
        this.#peakRssBytes = Math.max(this.#peakRssBytes, process.memoryUsage.rss());
        break;
      case "buffer-flush":
        this.#flushes[event.reason] = (this.#flushes[event.reason] ?? 0) + 1;
        break;
      case "batch-emit":
        this.#batches += 1;
        this.#batchRecords += event.records;
        this.#batchBytes += event.bytes;
        break;
      case "record-dead-letter":
        this.#deadLetters += 1;
        break;
      default:
    }
  };

  get polls(): number {
    return this.#polls;
  }

  get batches(): number {
    return this.#batches;
  }

  /** What was seen so far was the warm-up; peaks of memory and reasons stay. */
  open(): void {
    this.#records = 0;
    this.#dataBytes = 0;
    this.#polls = 0;
    this.#batches = 0;
    this.#batchRecords = 0;
    this.#batchBytes = 0;
    this.#deadLetters = 0;
    this.#cpuMs = processCpuMs();
    this.#mainMs = mainThreadCpuMs();
    this.#openedMs = performance.now();
  }

  /** The figures since `open`. */
  figures({
    shards,
    perPage,
    maxReadAheadBytes,
  }: Pick<StageFigures, "shards" | "perPage" | "maxReadAheadBytes">): StageFigures {
    const cpuMs = processCpuMs() - this.#cpuMs;
    const mainMs = mainThreadCpuMs();
    return {
      records: this.#records,
      dataBytes: this.#dataBytes,
      polls: this.#polls,
      batches: this.#batches,
      deadLetters: this.#deadLetters,
      cpuMs,
      otherThreadsMs:
        mainMs === undefined || this.#mainMs === undefined
          ? undefined
          : Math.max(0, cpuMs - (mainMs - this.#mainMs)),
      wallMs: performance.now() - this.#openedMs,
      shards,
      perPage,
      startRssBytes: this.startRssBytes,
      peakRssBytes: this.#peakRssBytes,
      flushes: { ...this.#flushes },
      recordsPerBatch: this.#batches === 0 ? 0 : this.#batchRecords / this.#batches,
      bytesPerBatch: this.#batches === 0 ? 0 : this.#batchBytes / this.#batches,
      maxReadAheadBytes,
    };
  }
}
