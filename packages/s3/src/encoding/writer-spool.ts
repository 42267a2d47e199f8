import { type Body, bodyOf, type Spool, tight } from "../objects/body.js";

/** Keeps the pieces of a batch that is being filled. */
export interface WriterSpool extends Spool {
  /** Bytes of memory that what is kept takes. */
  readonly heldBytes: number;
  /**
   * Whatever should be on the disk is there once this settles.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full: the shard stops, nothing is dropped
   */
  readonly settle: () => Promise<void>;
}

/** Keeps pieces in memory. */
export function memoryWriterSpool(): WriterSpool {
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
 * Keeps pieces in a spool on disk, which is opened for the first of them. What the disk does not take waits in memory, as far as the worker's limit allows,
 * and is tried again before the batch is written: a disk that is full for a while stops no shard.
 *
 * @param onFull told of what the disk did not take, once
 */
export function diskWriterSpool(open: () => Promise<Spool>, onFull: (error: unknown) => void): WriterSpool {
  let opening: Promise<Spool> | undefined;
  let heldBytes = 0;
  const waiting = new Set<{ readonly bytes: Buffer; body: Body }>();

  const toDisk = async (bytes: Buffer): Promise<Body> => {
    opening ??= open();
    let spool: Spool;
    try {
      spool = await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
    return spool.keep(bytes);
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
        const piece = { bytes: kept, body: bodyOf(kept) };
        waiting.add(piece);
        heldBytes += kept.buffer.byteLength;
        return { length: kept.length, read: (start, end) => piece.body.read(start, end) };
      }
    },
    settle: async () => {
      for (const piece of waiting) {
        piece.body = await toDisk(piece.bytes);
        waiting.delete(piece);
        heldBytes -= piece.bytes.buffer.byteLength;
      }
    },
    [Symbol.asyncDispose]: async () => {
      waiting.clear();
      const spool = await opening?.catch(() => undefined);
      await spool?.[Symbol.asyncDispose]();
    },
  };
}
