import type { Batch, EncodedOutputs } from "@kinesis-connectors/core";
import type { Body } from "../objects/body.js";
import type { WriterSpool } from "./writer-spool.js";
import { forEachConcurrently } from "../concurrency.js";

/** Node's thread pool has four threads. */
const FINISHING_CONCURRENCY = 4;

/** One object of an encoded batch. */
export interface BatchObject {
  readonly partition: string;
  /** Outputs in it. */
  readonly recordCount: number;
  readonly idsSha256: string;
  /** Whether some of it is compressed and in its spool already. */
  readonly isBegun: boolean;
  /** Its bytes as they go into the bucket. The same ones whenever it is asked. */
  readonly body: () => Promise<Body>;
  /** It is given up. */
  readonly close: () => void;
}

/** The parts of `EncodedObjects`. */
interface Contents {
  readonly count: number;
  /** Arrival of the record of the first output, in epoch milliseconds. */
  readonly arrivalTimeMs: number;
  /** In the order in which their partitions appeared. */
  readonly objects: readonly BatchObject[];
  /** The object of each output, as `ObjectIndexes` codes them. */
  readonly indexes: string;
  readonly spool: WriterSpool;
}

/** The outputs of a batch, encoded and for a good part compressed. */
export class EncodedObjects implements EncodedOutputs {
  readonly count: number;
  readonly arrivalTimeMs: number;
  readonly objects: readonly BatchObject[];
  readonly indexes: string;
  readonly #spool: WriterSpool;

  constructor({ count, arrivalTimeMs, objects, indexes, spool }: Contents) {
    this.count = count;
    this.arrivalTimeMs = arrivalTimeMs;
    this.objects = objects;
    this.indexes = indexes;
    this.#spool = spool;
  }

  /**
   * Finishes the objects that are begun, and settles when all of them are where they should wait. The others are finished when they are written.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full; or what the compression failed with
   */
  async settle(signal: AbortSignal): Promise<void> {
    const begun = this.objects.filter(({ isBegun }) => isBegun);
    await forEachConcurrently(begun, FINISHING_CONCURRENCY, async (object) => {
      signal.throwIfAborted();
      await object.body();
    });
    await this.#spool.settle();
  }

  readonly discard = (): void => {
    for (const object of this.objects) object.close();
    // A file without a name: the disk has its space back also where closing it fails.
    this.#spool[Symbol.asyncDispose]().catch(() => undefined);
  };
}

/** The encoded objects of a batch; undefined for a batch of entries. */
export function encodedIn({ encoded }: Pick<Batch<unknown>, "encoded">): EncodedObjects | undefined {
  if (encoded === undefined || encoded instanceof EncodedObjects) return encoded;
  throw new Error("the batch was encoded by another emitter");
}
