import { createRequire } from "node:module";
import { asError, KinesisConnectorError, wholeNumber } from "@kinesis-connectors/core";
import type { Compression } from "./compression.js";
import { nodeZstd } from "./node-zstd.js";

/** The binding for Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. */
const BINDING = "@hpcc-js/wasm-zstd";

/**
 * Zstandard: smaller than gzip at a multiple of its speed. Node from 22.15 and 23.8 has it in its thread pool; older ones take the package
 * `@hpcc-js/wasm-zstd`, to be installed beside this one, which works on the event loop and on whole objects: prefer gzip there for objects of many MiB.
 *
 * @param level 1 (fast) to 19 (small). Default 3.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, also when neither is there
 */
export function zstd(level: number = 3): Compression {
  wholeNumber("zstd level", level, { min: 1, max: 19 });
  return { extension: ".zst", contentEncoding: "zstd", ...(nodeZstd(level) ?? bindingZstd(level)) };
}

type Compress = (bytes: Uint8Array, level: number) => Uint8Array;

/** Loaded once for the process. */
let loading: Promise<Compress> | undefined;
let loaded: Compress | undefined;

function load(): Promise<Compress> {
  loading ??= (async () => {
    const { Zstd } = await import("@hpcc-js/wasm-zstd");
    const binding = await Zstd.load();
    loaded = (bytes, level) => binding.compress(bytes, level);
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
    compress: async (bytes) => Buffer.from((await load())(bytes, level)),
    sampleBytes: (sample) => loaded?.(sample, level).length,
  };
}
