import type { Batch, Gathered } from "@kinesis-connectors/core";
import type { Body } from "../objects/body.js";
import type { GatherShelf } from "./gather-shelf.js";
import { inLanes } from "../lanes.js";

/** Node's thread pool has four threads. */
const FINISHING_LANES = 4;

/** One object of a gathered batch. */
export interface GatheredObject {
  readonly partition: string;
  /** Outputs in it. */
  readonly recordCount: number;
  readonly idsSha256: string;
  /** Whether some of it is compressed and on its shelf already. */
  readonly isBegun: boolean;
  /** Its bytes as they go into the bucket. The same ones whenever it is asked. */
  readonly body: () => Promise<Body>;
  /** It is given up. */
  readonly close: () => void;
}

/** What a batch of gathered outputs is made of. */
interface Contents {
  readonly count: number;
  /** Arrival of the record of the first output, in epoch milliseconds. */
  readonly arrivalTimeMs: number;
  /** In the order in which their partitions appeared. */
  readonly objects: readonly GatheredObject[];
  /** The object of each output, as `PlaceRoutes` codes them. */
  readonly routes: string;
  readonly shelf: GatherShelf;
}

/** The outputs of a batch, encoded and for a good part compressed. */
export class GatheredObjects implements Gathered {
  readonly count: number;
  readonly arrivalTimeMs: number;
  readonly objects: readonly GatheredObject[];
  readonly routes: string;
  readonly #shelf: GatherShelf;

  constructor({ count, arrivalTimeMs, objects, routes, shelf }: Contents) {
    this.count = count;
    this.arrivalTimeMs = arrivalTimeMs;
    this.objects = objects;
    this.routes = routes;
    this.#shelf = shelf;
  }

  /**
   * Finishes the objects that are begun, and settles when all of them are where they should wait. The others are finished when they are written.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full; or what the compression failed with
   */
  async settle(signal: AbortSignal): Promise<void> {
    const begun = this.objects.filter(({ isBegun }) => isBegun);
    await inLanes(begun, FINISHING_LANES, async (object) => {
      signal.throwIfAborted();
      await object.body();
    });
    await this.#shelf.settle();
  }

  readonly discard = (): void => {
    for (const object of this.objects) object.close();
    // A file without a name: the disk has its space back also where closing it fails.
    this.#shelf[Symbol.asyncDispose]().catch(() => undefined);
  };
}

/** What was gathered of a batch; undefined for a batch of entries. */
export function gatheredIn({ gathered }: Pick<Batch<unknown>, "gathered">): GatheredObjects | undefined {
  if (gathered === undefined || gathered instanceof GatheredObjects) return gathered;
  throw new Error("the batch was gathered by another emitter");
}
