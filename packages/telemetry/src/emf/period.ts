import type { ConnectorEvent } from "@kinesis-connectors/consumer";

import type { EmfLine } from "./line.js";

/** What one way of naming makes of a period. */
export interface Period {
  /** Takes in an event that the period needs for itself, beside what the tally counts. */
  readonly event: (event: ConnectorEvent, nowMs: number) => void;
  /** The lines of the period that ends now; the next one begins. */
  readonly lines: (timestampMs: number) => readonly EmfLine[];
}
