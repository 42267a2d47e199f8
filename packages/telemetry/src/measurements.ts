import type { ConnectorEvent } from "@kinesis-connectors/consumer";

/** Gives the values that an event adds to histograms, by the metric's name. */
export function measure(
  event: ConnectorEvent,
  nowMs: number,
  record: (name: string, value: number) => void,
): void {
  switch (event.type) {
    case "page-read":
      record("read.duration", event.durationMs / 1000);
      return;
    case "batch-emit":
      record("emit.duration", event.durationMs / 1000);
      record("batch.records", event.outputs);
      record("batch.size", event.bytes);
      return;
    case "checkpoint-commit":
      // Clocks of the service and of this machine differ: never less than nothing.
      if (event.oldestArrivalMs !== undefined)
        record("delivery.latency", Math.max(0, nowMs - event.oldestArrivalMs) / 1000);
      return;
    default:
  }
}

/** The metrics that `measure` gives values of. */
export const MEASURED: readonly string[] = [
  "read.duration",
  "emit.duration",
  "batch.records",
  "batch.size",
  "delivery.latency",
];
