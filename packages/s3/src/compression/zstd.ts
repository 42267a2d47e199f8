import { createRequire } from "node:module";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Zstd } from "@hpcc-js/wasm-zstd";
import { asError, KinesisConnectorError, wholeNumber } from "@kinesis-connectors/core";
import type { Compression } from "./compression.js";
import { ConcurrencyLimit } from "../concurrency.js";
import { nodeZstd } from "./node-zstd.js";

/**
 * The binding for Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. Put together so that
 * bundlers leave it alone: it is optional, and most have it not.
 */
const BINDING = ["@hpcc-js", "wasm-zstd"].join("/");

/**
 * Zstandard: smaller than gzip at a multiple of its speed. Node from 22.15 and 23.8 has it in its thread pool; older ones take the package
 * `@hpcc-js/wasm-zstd`, to be installed beside this one, which works on the event loop, a MiB at a time, and on whole objects: prefer gzip there for objects of many MiB.
 *
 * @param level 1 (fast) to 19 (small). Default 3.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, also when neither is there
 */
export function zstd(level: number = 3): Compression {
  wholeNumber("zstd level", level, { min: 1, max: 19 });
  return { extension: ".zst", contentEncoding: "zstd", ...(nodeZstd(level) ?? bindingZstd(level)) };
}

/** Larger objects are compressed so much at a time: this takes some ten milliseconds, and the binding ends the process over hundreds of MiB at once. */
const STEP_BYTES = 1024 * 1024;

type Binding = typeof import("@hpcc-js/wasm-zstd");

/** Loaded once for the process. */
let loading: Promise<Zstd> | undefined;
let loaded: Zstd | undefined;
/** The binding has one stream for the whole process. */
const stream = new ConcurrencyLimit(1);

function load(): Promise<Zstd> {
  loading ??= (async () => {
    const binding = (await import(/* webpackIgnore: true */ /* @vite-ignore */ BINDING)) as Binding;
    loaded = await binding.Zstd.load();
    return loaded;
  })();
  return loading;
}

function bindingZstd(level: number): Pick<Compression, "compress" | "sampleBytes"> {
  try {
    createRequire(import.meta.url).resolve(BINDING);
  } catch (error) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `compression zstd() needs Node 22.15 or newer, or the package ${BINDING}: install it, or take gzip()`,
      { cause: asError(error) },
    );
  }
  // Long before the first record comes; what is wrong with it is told by the first object.
  load().catch(() => undefined);
  return {
    compress: async (bytes) => {
      const binding = await load();
      if (bytes.length <= STEP_BYTES) return Buffer.from(binding.compress(bytes, level));
      return stream.run(() => compressInSteps(binding, bytes, level));
    },
    sampleBytes: (sample) => loaded?.compress(sample, level).length,
  };
}

async function compressInSteps(binding: Zstd, bytes: Buffer, level: number): Promise<Buffer> {
  const made: Uint8Array[] = [];
  binding.reset();
  binding.setCompressionLevel(level);
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    made.push(binding.compressChunk(bytes.subarray(at, at + STEP_BYTES)));
    await nextTurn();
  }
  made.push(binding.compressEnd());
  return Buffer.concat(made);
}
