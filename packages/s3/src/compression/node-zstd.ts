import { once } from "node:events";
import { Transform } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { AT_ONCE_BYTES, type Compression, type PieceCompressor } from "./compression.js";

const MiB = 1024 * 1024;
/** Chunks of a result: each is allocated whole, and each takes a trip between the pool and the event loop. */
const CHUNK_BYTES = 256 * 1024;
/** Of an object that is made in pieces. A trip may take as long as a page is scanned, and another MiB or two of lines are waiting then. */
const STREAM_CHUNK_BYTES = MiB;
/** What a stream of zstd holds, up to these levels: its window and tables, measured with Node 24.21. */
const STREAM_BYTES: readonly (readonly [upToLevel: number, bytes: number])[] = [
  [5, 4 * MiB],
  [9, 14 * MiB],
  [12, 44 * MiB],
  [19, 85 * MiB],
];

/** Above it 32 KiB take milliseconds (level 12: 1.8, level 19: 8.7). */
const LAST_LEVEL_AT_ONCE = 9;

const NOTHING: Buffer = Buffer.alloc(0);

type Options = Readonly<Record<string, unknown>>;

/** Node's own zstd, which the types of Node 20 do not know; undefined where there is none. */
export function nodeZstd(
  level: number,
): Pick<Compression, "compress" | "pieces" | "sampleBytes"> | undefined {
  const compress = functionOf("zstdCompress");
  const compressSync = functionOf("zstdCompressSync");
  const create = functionOf("createZstdCompress");
  if (compress === undefined || compressSync === undefined || create === undefined) return undefined;
  const constants: unknown = Reflect.get(zlib, "constants");
  const levelParameter = Number(Reflect.get(Object(constants), "ZSTD_c_compressionLevel"));
  const atOnceBytes = level <= LAST_LEVEL_AT_ONCE ? AT_ONCE_BYTES : 0;
  const [, heldBytes = 0] = STREAM_BYTES.find(([upToLevel]) => level <= upToLevel) ?? [];
  const options: Options = { params: { [levelParameter]: level }, chunkSize: CHUNK_BYTES };
  const run = promisify((bytes: Buffer, done: (error: Error | null, compressed?: Buffer) => void): void => {
    compress(bytes, options, done);
  });
  const atOnce = (bytes: Buffer): Buffer => {
    const compressed = compressSync(bytes, { ...options, chunkSize: Math.max(bytes.length, 1024) });
    if (!Buffer.isBuffer(compressed)) throw new TypeError("zlib.zstdCompressSync gave no bytes");
    return compressed;
  };
  return {
    compress: async (bytes) => {
      if (bytes.length <= atOnceBytes) return atOnce(bytes);
      const compressed = await run(bytes);
      if (compressed === undefined) throw new Error("zlib.zstdCompress gave nothing");
      return compressed;
    },
    // One frame for the whole object and not one for each piece: some readers read the first frame and silently leave the rest (nodejs/node#64741,
    // indygreg/python-zstandard#59).
    pieces: {
      heldBytes: heldBytes + STREAM_CHUNK_BYTES,
      begin: () => beginZstd(create({ ...options, chunkSize: STREAM_CHUNK_BYTES })),
    },
    sampleBytes: (sample) => {
      const compressed = compressSync(sample, options);
      return compressed instanceof Uint8Array ? compressed.length : undefined;
    },
  };
}

function functionOf(name: string): ((...given: unknown[]) => unknown) | undefined {
  const found: unknown = Reflect.get(zlib, name);
  return typeof found === "function" ? (...given) => Reflect.apply(found, zlib, given) as unknown : undefined;
}

function beginZstd(stream: unknown): PieceCompressor {
  if (!(stream instanceof Transform)) throw new TypeError("zlib.createZstdCompress gave no stream");
  let made: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => made.push(chunk));
  // Told by the piece that meets it; a stream without a listener would end the process.
  stream.on("error", () => undefined);
  const write = async (bytes: Buffer): Promise<Buffer> => {
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
    });
    return take();
  };
  const take = (): Buffer => {
    const taken = made;
    made = [];
    return Buffer.concat(taken);
  };
  // What comes while the pool has a piece goes to it as one, or each piece would wait for a turn of a busy event loop.
  let waiting: { readonly pieces: Buffer[]; readonly written: Promise<Buffer> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const addToWaiting = (bytes: Buffer): Promise<Buffer> => {
    if (waiting !== undefined) {
      waiting.pieces.push(bytes);
      // What they become is told by the first of them.
      return waiting.written.then(() => NOTHING);
    }
    const pieces = [bytes];
    const written = last.then(() => {
      waiting = undefined;
      return write(pieces.length === 1 ? bytes : Buffer.concat(pieces));
    });
    waiting = { pieces, written };
    last = written;
    return written;
  };
  return {
    add: addToWaiting,
    end: async () => {
      const ended = once(stream, "end");
      stream.end();
      await ended;
      return take();
    },
    close: () => {
      stream.destroy();
    },
  };
}
