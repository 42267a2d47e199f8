import type { Compression, PieceCompressor } from "./compression.js";

const NOTHING: Buffer = Buffer.alloc(0);

/** No compression: bytes as the format wrote them. */
export function none(): Compression {
  const asTheyAre: PieceCompressor = {
    add: (bytes) => Promise.resolve(bytes),
    end: () => Promise.resolve(NOTHING),
    close: () => undefined,
  };
  return {
    extension: "",
    contentEncoding: undefined,
    compress: (bytes) => Promise.resolve(bytes),
    pieces: { heldBytes: 0, begin: () => asTheyAre },
    sampleBytes: (sample) => sample.length,
  };
}
