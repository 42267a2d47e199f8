import { type Body, bodyOf, type Shelf, tight } from "../objects/body.js";

/** Where the pieces of a batch that is being filled wait. */
export interface GatherShelf extends Shelf {
  /** Bytes of memory that what is kept takes. */
  readonly heldBytes: number;
  /**
   * Whatever should be on the disk is there once this settles.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full: the shard stops, nothing is dropped
   */
  readonly settle: () => Promise<void>;
}

/** Keeps pieces in memory. */
export function memoryGatherShelf(): GatherShelf {
  let heldBytes = 0;
  return {
    get heldBytes() {
      return heldBytes;
    },
    keep: (bytes) => {
      const kept = tight(bytes);
      heldBytes += kept.buffer.byteLength;
      return Promise.resolve(bodyOf(kept));
    },
    settle: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Keeps pieces on a shelf on disk, which is opened for the first of them. What the disk does not take waits in memory, as far as the worker's limit allows,
 * and is tried again before the batch is written: a disk that is full for a while stops no shard.
 *
 * @param onFull told of what the disk did not take, once
 */
export function spoolingShelf(open: () => Promise<Shelf>, onFull: (error: unknown) => void): GatherShelf {
  let opening: Promise<Shelf> | undefined;
  let heldBytes = 0;
  const waiting = new Set<{ readonly bytes: Buffer; place: Body }>();

  const toDisk = async (bytes: Buffer): Promise<Body> => {
    opening ??= open();
    let shelf: Shelf;
    try {
      shelf = await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
    return shelf.keep(bytes);
  };
  return {
    get heldBytes() {
      return heldBytes;
    },
    keep: async (bytes) => {
      try {
        return await toDisk(bytes);
      } catch (error) {
        if (waiting.size === 0) onFull(error);
        const kept = tight(bytes);
        const piece = { bytes: kept, place: bodyOf(kept) };
        waiting.add(piece);
        heldBytes += kept.buffer.byteLength;
        return { length: kept.length, read: (start, end) => piece.place.read(start, end) };
      }
    },
    settle: async () => {
      for (const piece of waiting) {
        piece.place = await toDisk(piece.bytes);
        waiting.delete(piece);
        heldBytes -= piece.bytes.buffer.byteLength;
      }
    },
    [Symbol.asyncDispose]: async () => {
      waiting.clear();
      const shelf = await opening?.catch(() => undefined);
      await shelf?.[Symbol.asyncDispose]();
    },
  };
}
