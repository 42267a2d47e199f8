import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { ConnectorEvent, EventsDropped } from "@kinesis-connectors/consumer";

/** What connectors told of, in events and as their end, counted. */
export interface Seen {
  /** Batches that another process than their first finished by writing. */
  readonly inherited: number;
  /** Connectors that ended with `KC_PLACE_TAKEN`, and with `KC_STOP_DEADLINE`. */
  readonly placesTaken: number;
  readonly stopDeadlines: number;
  /** Leases that were dropped because they could not be renewed in time. */
  readonly overdue: number;
  /** Answers about the end of a shard that were doubted, and pages that were refused. */
  readonly endDoubts: number;
  readonly pagesRefused: number;
}

/** Listens to all connectors of a run. */
export class Sightings {
  /** Shards of which a connector said that records are gone. */
  readonly gaps: Set<string> = new Set();
  readonly #counts = {
    inherited: 0,
    placesTaken: 0,
    stopDeadlines: 0,
    overdue: 0,
    endDoubts: 0,
    pagesRefused: 0,
  };

  get counts(): Seen {
    return this.#counts;
  }

  /** A connector tells of something; gives it in a line, or undefined for what is not worth one. */
  meet(event: ConnectorEvent | EventsDropped): string | undefined {
    const shardId = "shardId" in event ? ` ${event.shardId}` : "";
    switch (event.type) {
      case "retention-gap":
        this.gaps.add(event.shardId);
        break;
      case "batch-emit":
        if (event.inherited) this.#counts.inherited += 1;
        break;
      case "lease-lose":
        if (event.reason.startsWith("it could not be renewed")) this.#counts.overdue += 1;
        break;
      case "shard-end-doubt":
        this.#counts.endDoubts += 1;
        break;
      case "page-refuse":
        this.#counts.pagesRefused += 1;
        break;
      case "page-read":
        return undefined;
      default:
    }
    return `* ${event.type}${shardId}${detailOf(event)}`;
  }

  /** A connector ends with an error. */
  end(error: Error): void {
    const code = codeOf(error);
    if (code === "KC_PLACE_TAKEN") this.#counts.placesTaken += 1;
    if (code === "KC_STOP_DEADLINE") this.#counts.stopDeadlines += 1;
  }
}

export function codeOf(error: Error): string {
  return KinesisConnectorError.isInstance(error) ? error.code : error.name;
}

function detailOf(event: ConnectorEvent | EventsDropped): string {
  switch (event.type) {
    case "checkpoint-commit":
      return ` ${event.checkpoint.sequenceNumber}.${event.checkpoint.subSequenceNumber}`;
    case "buffer-flush":
      return ` ${event.reason} ${event.records}`;
    case "batch-emit":
      return ` ${event.records}${event.inherited ? " inherited" : ""}`;
    case "shard-start":
      return event.inherited ? " inherited" : "";
    case "lease-lose":
      return `: ${event.reason}`;
    default:
      return "";
  }
}
