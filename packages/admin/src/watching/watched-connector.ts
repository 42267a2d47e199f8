import type {
  Connector,
  ConnectorEvent,
  ConnectorProgress,
  EventsDropped,
  ShardSnapshot,
} from "@kinesis-connectors/consumer";
import { asError, type Clock } from "@kinesis-connectors/core";
import { healthOf } from "@kinesis-connectors/telemetry";
import { EventStreams } from "./events.js";
import type { ShownOptions } from "./shown-options.js";
import { RecentErrors } from "./recent-errors.js";
import { failing, type Verdict } from "./verdict.js";
import { toldCode, toldError, type ToldError } from "./told-event.js";

/** Whether a connector still runs, and what ended it. */
export type Ending =
  | { readonly state: "running" }
  | { readonly state: "stopped" }
  | { readonly state: "failed"; readonly error: ToldError };

/** The cure of a connector that failed, by its code. */
const LOOK = "look into its log for this code, mend what it names, and start it again";

/** A connector as its admin server sees it: what it tells, kept as far as somebody may ask for it. */
export class WatchedConnector {
  readonly name: string;
  readonly connector: Connector;
  readonly options: ShownOptions;
  readonly errors: RecentErrors = new RecentErrors();
  readonly streams: EventStreams;
  readonly #clock: Clock;
  readonly #events: AsyncIterator<ConnectorEvent | EventsDropped>;
  #ending: Ending = { state: "running" };
  #isClosed = false;

  constructor(name: string, connector: Connector, options: ShownOptions, clock: Clock) {
    this.name = name;
    this.connector = connector;
    this.options = options;
    this.#clock = clock;
    this.streams = new EventStreams({
      clock,
      snapshot: () => this.snapshot(),
      dropped: (count) => options.metrics?.countDropped("admin", count),
    });
    this.#events = connector[Symbol.asyncIterator]();
    void this.#watch();
    connector.done.then(
      () => {
        this.#ending = { state: "stopped" };
      },
      (thrown: unknown) => {
        this.#ending = { state: "failed", error: toldError(asError(thrown)) };
      },
    );
  }

  get ending(): Ending {
    return this.#ending;
  }

  /** Whether it delivers; and where not, why. */
  verdict(): Verdict {
    const { ending } = this;
    switch (ending.state) {
      case "running":
        return healthOf(this.progress(), this.options.rules ?? {}, this.#clock.now());
      case "stopped":
        return failing({ rule: "stopped", value: "stopped", limit: "running", cure: "start it again" });
      default:
        return failing({ rule: "failed", value: ending.error.code, limit: "running", cure: LOOK });
    }
  }

  /** The state of the connector now, with its shards. */
  progress(): ConnectorProgress {
    const progress = this.connector.progress();
    return { ...progress, shards: progress.shards.map(shownShard) };
  }

  /** The same with the verdict on it. */
  snapshot(): Ending & { readonly health: Verdict } & ConnectorProgress {
    return { ...this.#ending, health: this.verdict(), ...this.progress() };
  }

  /** Stops listening, and ends what listens here. The connector goes on. */
  close(): void {
    this.#isClosed = true;
    this.streams.close();
    // Settles with the next event, which may be long in coming.
    Promise.resolve(this.#events.return?.()).catch(() => undefined);
  }

  async #watch(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#events.next();
        if (this.#isClosed || done === true) return;
        this.errors.note(value, this.#clock.now());
        this.streams.publish(value);
      }
    } catch {
      // What ended the connector: `done` tells it.
    } finally {
      // A stream that stays open would keep the process that waits for nothing else.
      await Promise.allSettled([this.connector.done]);
      this.streams.finish();
    }
  }
}

/** What an emitter of somebody else's failed with may have anything for a code. */
function shownShard(shard: ShardSnapshot): ShardSnapshot {
  const { batchUnderWay } = shard;
  if (batchUnderWay?.lastError === undefined) return shard;
  return { ...shard, batchUnderWay: { ...batchUnderWay, lastError: toldCode(batchUnderWay.lastError) } };
}
