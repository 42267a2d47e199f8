import { type SendMessageBatchRequestEntry, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Network } from "../../world/network.js";
import type { SeededRandom } from "../../world/random.js";
import type { Scheduler } from "../../world/scheduler.js";
import { NOWHERE, type Operation, serviceClient } from "../../world/service-client.js";
import type { SimProcess } from "../../world/sim-process.js";
import { type BrokenPut, told } from "./told.js";

/** How the queue behaves beyond calls that fail on the way. */
interface QueueTemper {
  /** Of a message that is refused among others that are taken. */
  refused: number;
}

/** A queue of SQS, as the SDK's client shows it. */
export class SimQueue {
  readonly temper: QueueTemper;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #windowMs: number | undefined;
  readonly #isContentBased: boolean;
  readonly #taken: (body: string, group: string | undefined) => void;
  readonly #broken: BrokenPut | undefined;
  /** When each deduplication id was last taken. */
  readonly #known = new Map<string, number>();

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: QueueTemper;
    /** For how long a FIFO queue knows a deduplication id; undefined for a standard queue. */
    readonly windowMs: number | undefined;
    /** Whether a message without a deduplication id goes by its body. */
    readonly isContentBased: boolean;
    /** Told of each message that will be delivered. */
    readonly taken: (body: string, group: string | undefined) => void;
    readonly broken: BrokenPut | undefined;
  }) {
    this.temper = options.temper;
    this.#scheduler = options.scheduler;
    this.#network = options.network;
    this.#random = options.random;
    this.#windowMs = options.windowMs;
    this.#isContentBased = options.isContentBased;
    this.#taken = options.taken;
    this.#broken = options.broken;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): SQSClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "destination",
      throttled: ["RequestThrottled", 403],
      operation: (command, sender) => this.#operation(command, sender),
    });
  }

  #operation(command: unknown, { random }: SimProcess): Operation {
    if (!(command instanceof SendMessageBatchCommand))
      throw new Error("the simulated queue does not know the command");
    const { Entries: given = [] } = command.input;
    const entries =
      this.#broken === "ids-anew"
        ? given.map((entry) =>
            entry.MessageDeduplicationId === undefined
              ? entry
              : { ...entry, MessageDeduplicationId: random.uuid() },
          )
        : given;
    return {
      name: "SendMessageBatch",
      about: `${entries.length}`,
      apply: () => this.#sendAll(entries),
      ...(this.#broken === "throttled-believed"
        ? {
            ifThrottled: () =>
              answerOf(
                entries,
                entries.map(() => true),
              ),
          }
        : {}),
    };
  }

  /** API reference, SendMessageBatch: messages are taken or refused one by one. */
  #sendAll(entries: readonly SendMessageBatchRequestEntry[]): object {
    const wasTaken = entries.map((entry) => {
      if (this.#random.chance(this.temper.refused)) return false;
      this.#take(entry);
      return true;
    });
    return answerOf(entries, told(wasTaken, this.#broken));
  }

  /** Developer guide, "Exactly-once processing": a message whose id was taken within the window is answered as taken, and not delivered. */
  #take({
    MessageBody: body = "",
    MessageGroupId: group,
    MessageDeduplicationId: given,
  }: SendMessageBatchRequestEntry): void {
    if (this.#windowMs !== undefined) {
      const id = given ?? (this.#isContentBased ? body : undefined);
      if (id === undefined || group === undefined)
        throw new Error("a message to a FIFO queue has neither a deduplication id nor a group");
      const { nowMs } = this.#scheduler;
      const before = this.#known.get(id);
      if (before !== undefined && nowMs - before < this.#windowMs) return;
      this.#known.set(id, nowMs);
    }
    this.#taken(body, group);
  }
}

function answerOf(entries: readonly SendMessageBatchRequestEntry[], taken: readonly boolean[]): object {
  const ids = entries.map(({ Id }, index) => ({ Id, isTaken: taken[index] === true }));
  return {
    Successful: ids.filter(({ isTaken }) => isTaken).map(({ Id }) => ({ Id, MessageId: `${Id}` })),
    Failed: ids
      .filter(({ isTaken }) => !isTaken)
      .map(({ Id }) => ({ Id, Code: "InternalError", Message: "simulated", SenderFault: false })),
  };
}

const realClient = new SQSClient(NOWHERE);
