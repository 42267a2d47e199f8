import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One line that a worker wrote of itself, Java or ours. */
export interface WorkerEvent {
  /** Epoch milliseconds. */
  readonly t: number;
  /** The worker's name. */
  readonly w: string;
  /**
   * Of both kinds: `start`, `begin` (a shard, at its checkpoint), `records`, `lost`, `ended`, `stop-begin`, `stop-end`, `failed`. Of Java besides:
   * `checkpoint`, `checkpoint-refused`, `asked-to-stop`, `scheduler-end`. Of ours besides: `event:` and the name of a connector's event, and `log`.
   */
  readonly type: string;
  readonly shard?: string;
  readonly records?: readonly DeliveredRecord[];
  /** Of `begin`: the checkpoint it begins at, where there is one. */
  readonly checkpoint?: string;
  /** Of `begin`: whether it began with a prepared batch of another. */
  readonly pending?: boolean;
  readonly error?: string;
  readonly [name: string]: unknown;
}

/** Payload, sequence number and sub-sequence number. */
type DeliveredRecord = readonly [payload: string, sequenceNumber: string, subSequenceNumber: number];

const PREFIX = "events-";

/** The file that a worker writes its events to. */
export function eventsFile(folder: string, worker: string): string {
  return join(folder, `${PREFIX}${worker}.jsonl`);
}

/** The events of all workers of a run, in order of time. Throws at a line that cannot be read: nothing is missed in silence. */
export function readEvents(folder: string): readonly WorkerEvent[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(PREFIX))
    .flatMap((name) => parseEvents(readFileSync(join(folder, name), "utf8")))
    .toSorted((a, b) => a.t - b.t);
}

/** The events of one file's text. What follows the last line feed is being written, or was cut off by a kill. */
export function parseEvents(text: string): readonly WorkerEvent[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WorkerEvent);
}
