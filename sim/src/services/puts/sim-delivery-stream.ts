import {
  FirehoseClient,
  PutRecordBatchCommand,
  type PutRecordBatchCommandInput,
} from "@aws-sdk/client-firehose";
import type { Network } from "../../world/network.js";
import type { SeededRandom } from "../../world/random.js";
import { NOWHERE, type Operation, serviceClient } from "../../world/service-client.js";
import type { SimProcess } from "../../world/sim-process.js";
import { type BrokenPut, told } from "./told.js";

/** How the delivery stream behaves beyond calls that fail on the way. */
interface DeliveryTemper {
  /** Of a record that is refused among others that are taken. */
  refused: number;
}

/** A delivery stream of Amazon Data Firehose, as the SDK's client shows it. */
export class SimDeliveryStream {
  readonly temper: DeliveryTemper;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #taken: (data: Uint8Array) => void;
  readonly #broken: BrokenPut | undefined;

  constructor(options: {
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: DeliveryTemper;
    /** Told of each record that is taken. */
    readonly taken: (data: Uint8Array) => void;
    readonly broken: BrokenPut | undefined;
  }) {
    this.temper = options.temper;
    this.#network = options.network;
    this.#random = options.random;
    this.#taken = options.taken;
    this.#broken = options.broken;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): FirehoseClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "destination",
      throttled: ["ServiceUnavailableException", 503],
      operation: (command) => this.#operation(command),
    });
  }

  #operation(command: unknown): Operation {
    if (!(command instanceof PutRecordBatchCommand))
      throw new Error("the simulated delivery stream does not know the command");
    const { Records = [] } = command.input;
    return {
      name: "PutRecordBatch",
      about: `${Records.length}`,
      apply: () => this.#putAll(Records),
      ...(this.#broken === "throttled-believed"
        ? { ifThrottled: () => answerOf(Records.map(() => true)) }
        : {}),
    };
  }

  /** API reference, PutRecordBatch: records are taken or refused one by one, and answered in the order of the request. */
  #putAll(records: NonNullable<PutRecordBatchCommandInput["Records"]>): object {
    const wasTaken = records.map(({ Data = new Uint8Array() }) => {
      if (this.#random.chance(this.temper.refused)) return false;
      this.#taken(Data);
      return true;
    });
    return answerOf(told(wasTaken, this.#broken));
  }
}

function answerOf(taken: readonly boolean[]): object {
  return {
    FailedPutCount: taken.filter((isTaken) => !isTaken).length,
    RequestResponses: taken.map((isTaken, index) =>
      isTaken
        ? { RecordId: `${index}` }
        : { ErrorCode: "ServiceUnavailableException", ErrorMessage: "simulated" },
    ),
  };
}

const realClient = new FirehoseClient(NOWHERE);
