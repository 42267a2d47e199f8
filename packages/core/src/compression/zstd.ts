import { createRequire } from "node:module";
import zlib from "node:zlib";
import { asError, KinesisConnectorError } from "../errors.js";
import type { MaybePromise } from "../maybe-promise.js";
import { framesOf, type ZstdFrame } from "./zstd-frames.js";

/**
 * The binding for Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. Put together so that
 * bundlers leave it alone: it is optional, and most have it not.
 */
const BINDING = ["@hpcc-js", "wasm-zstd"].join("/");

/** Up to so many bytes come out on the event loop; more go to the thread pool, where Node has zstd itself. */
const MAX_HERE_BYTES = 256 * 1024;

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

function inflateHere(
  run: (...given: unknown[]) => unknown,
  frames: readonly ZstdFrame[],
  maxBytes: number,
): Buffer {
  const made: Buffer[] = [];
  let left = maxBytes;
  for (const { bytes } of frames) {
    const inflated = asBuffer(run(bytes, { maxOutputLength: Math.max(left, 1) }));
    left -= inflated.length;
    if (left < 0) throw new TooLarge();
    made.push(inflated);
  }
  return Buffer.concat(made);
}

async function inflateInPool(
  run: (...given: unknown[]) => unknown,
  frames: readonly ZstdFrame[],
  maxBytes: number,
): Promise<Buffer> {
  const made: Buffer[] = [];
  let left = maxBytes;
  for (const { bytes } of frames) {
    const options = { maxOutputLength: Math.max(left, 1) };
    const inflated = await new Promise<Buffer>((resolve, reject) => {
      run(bytes, options, (error: unknown, result: unknown) => {
        if (error == null) resolve(asBuffer(result));
        else reject(asError(error));
      });
    });
    left -= inflated.length;
    if (left < 0) throw new TooLarge();
    made.push(inflated);
  }
  return Buffer.concat(made);
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
    loaded = await binding.Zstd.load();
    return loaded;
  })();
  return loading;
}

function inflateByBinding(frames: readonly ZstdFrame[], maxBytes: number): MaybePromise<Buffer> {
  if (loaded !== undefined) return runBinding(loaded, frames, maxBytes);
  return load().then((binding) => runBinding(binding, frames, maxBytes));
}

function runBinding(binding: Binding, frames: readonly ZstdFrame[], maxBytes: number): Buffer {
  const made: Uint8Array[] = [];
  let left = maxBytes;
  for (const { bytes, contentBytes, boundBytes } of frames) {
    if (boundBytes === 0) continue;
    binding.reset();
    // One more than may come tells too much from just enough.
    const inflated = binding.decompressChunk(bytes, Math.min(boundBytes, left + 1));
    if (inflated.length > left) throw new TooLarge();
    const isWhole = contentBytes === undefined ? inflated.length > 0 : inflated.length === contentBytes;
    if (!isWhole) throw new Error("the frame is damaged");
    left -= inflated.length;
    made.push(inflated);
  }
  return Buffer.concat(made);
}
