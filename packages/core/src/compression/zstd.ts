import { createRequire } from "node:module";
import zlib from "node:zlib";
import { asError, KinesisConnectorError } from "../errors.js";
import type { MaybePromise } from "../maybe-promise.js";
import { MAX_HERE_BYTES } from "./limits.js";
import { framesOf, MAX_BLOCK_BYTES, piecesOf, type ZstdFrame } from "./zstd-frames.js";

/**
 * The binding for Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. Put together so that
 * bundlers leave it alone: it is optional, and most have it not.
 */
const BINDING = ["@hpcc-js", "wasm-zstd"].join("/");

/** What is needed of the binding. */
interface Binding {
  readonly reset: () => void;
  /** Gives no more than `outputSize` bytes, and none for what is damaged. */
  readonly decompressChunk: (data: Uint8Array, outputSize: number) => Uint8Array;
}

/** Node's own, from 22.15 and 23.8; the types of Node 20 do not know them. */
const ownSync = functionOf("zstdDecompressSync");
const own = functionOf("zstdDecompress");

function functionOf(name: string): ((...given: unknown[]) => unknown) | undefined {
  const found: unknown = Reflect.get(zlib, name);
  return typeof found === "function" ? (...given) => Reflect.apply(found, zlib, given) as unknown : undefined;
}

/** What came out is more than was asked for, in the words of Node. */
class TooLarge extends Error {
  readonly code = "ERR_BUFFER_TOO_LARGE";
}

/**
 * What was compressed, of all frames.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where neither Node nor a package has zstd; an error of `code` `ERR_BUFFER_TOO_LARGE`, a
 * ZstdFramesError, or that of the decoder
 */
export function inflateZstd(data: Uint8Array, maxBytes: number): MaybePromise<Buffer> {
  const frames = framesOf(data);
  let boundBytes = 0;
  let statedBytes = 0;
  for (const frame of frames) {
    boundBytes += frame.boundBytes;
    statedBytes += frame.contentBytes ?? 0;
  }
  if (statedBytes > maxBytes) throw new TooLarge();
  if (ownSync === undefined || own === undefined) return inflateByBinding(frames, maxBytes);
  return boundBytes <= MAX_HERE_BYTES
    ? inflateHere(ownSync, frames, maxBytes)
    : inflateInPool(own, frames, maxBytes);
}

/** What has come out of the frames so far. */
class Inflated {
  readonly #made: Uint8Array[] = [];
  /** So much more may come. */
  leftBytes: number;

  constructor(maxBytes: number) {
    this.leftBytes = maxBytes;
  }

  /** The same for Node's own, which takes no zero. */
  get limit(): { readonly maxOutputLength: number } {
    return { maxOutputLength: Math.max(this.leftBytes, 1) };
  }

  add(bytes: Uint8Array): void {
    this.leftBytes -= bytes.length;
    if (this.leftBytes < 0) throw new TooLarge();
    this.#made.push(bytes);
  }

  whole(): Buffer {
    return Buffer.concat(this.#made);
  }
}

function inflateHere(
  run: (...given: unknown[]) => unknown,
  frames: readonly ZstdFrame[],
  maxBytes: number,
): Buffer {
  const inflated = new Inflated(maxBytes);
  for (const { bytes } of frames) inflated.add(asBuffer(run(bytes, inflated.limit)));
  return inflated.whole();
}

async function inflateInPool(
  run: (...given: unknown[]) => unknown,
  frames: readonly ZstdFrame[],
  maxBytes: number,
): Promise<Buffer> {
  const inflated = new Inflated(maxBytes);
  for (const { bytes } of frames) {
    const made = await new Promise<Buffer>((resolve, reject) => {
      run(bytes, inflated.limit, (error: unknown, result: unknown) => {
        if (error == null) resolve(asBuffer(result));
        else reject(asError(error));
      });
    });
    inflated.add(made);
  }
  return inflated.whole();
}

function asBuffer(result: unknown): Buffer {
  if (!Buffer.isBuffer(result)) throw new TypeError("zlib gave no buffer");
  return result;
}

/** Loaded once for the process. */
let loading: Promise<Binding> | undefined;
let loaded: Binding | undefined;

function load(): Promise<Binding> {
  loading ??= (async () => {
    try {
      createRequire(import.meta.url).resolve(BINDING);
    } catch (error) {
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        `a record is compressed with zstd, which needs Node 22.15 or newer, or the package ${BINDING} beside @kinesis-connectors/core: install it`,
        { cause: asError(error) },
      );
    }
    const binding = (await import(/* webpackIgnore: true */ /* @vite-ignore */ BINDING)) as {
      readonly Zstd: { readonly load: () => Promise<Binding> };
    };
    loaded = copyingFast(await binding.Zstd.load());
    return loaded;
  })();
  return loading;
}

/** What the binding (1.12) copies its results with, out of the memory of WebAssembly. */
interface Heap {
  readonly heapView: (at: unknown) => Uint8Array;
  heapToUint8Array: (at: unknown) => Uint8Array;
}

/** The binding makes an array of numbers of each result first, which takes 0.4 s and 8 MB a MiB, fifty times as long as decompressing it. */
function copyingFast(binding: Binding): Binding {
  const heap: unknown = Reflect.get(binding, "_mainModule");
  if (isHeap(heap)) heap.heapToUint8Array = (at) => heap.heapView(at).slice();
  return binding;
}

/** Not so in a release that has it otherwise, which is left as it is. */
function isHeap(heap: unknown): heap is Heap {
  return (
    typeof heap === "object" &&
    heap !== null &&
    ["heapView", "heapToUint8Array"].every((name) => typeof Reflect.get(heap, name) === "function")
  );
}

function inflateByBinding(frames: readonly ZstdFrame[], maxBytes: number): MaybePromise<Buffer> {
  if (loaded !== undefined) return runBinding(loaded, frames, maxBytes);
  return load().then((binding) => runBinding(binding, frames, maxBytes));
}

/**
 * Block by block: of a frame that is damaged further on, the binding gives what it has come to, which is no record; and its memory is that of a block, whatever
 * the frame becomes.
 */
function runBinding(binding: Binding, frames: readonly ZstdFrame[], maxBytes: number): Buffer {
  const inflated = new Inflated(maxBytes);
  for (const frame of frames) {
    const before = inflated.leftBytes;
    binding.reset();
    for (const { bytes, isEmpty } of piecesOf(frame)) {
      // One more than may come tells too much from just enough.
      const made = binding.decompressChunk(bytes, Math.min(MAX_BLOCK_BYTES, inflated.leftBytes + 1));
      if (made.length === 0 && !isEmpty) throw new Error("the frame is damaged");
      inflated.add(made);
    }
    if (frame.contentBytes !== undefined && before - inflated.leftBytes !== frame.contentBytes)
      throw new Error("the frame is damaged");
  }
  return inflated.whole();
}
