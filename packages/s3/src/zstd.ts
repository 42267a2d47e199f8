import { createRequire } from "node:module";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { asError, KinesisConnectorError, wholeNumber } from "@kinesis-connectors/core";
import type { Compression } from "./compression.js";

/** The binding for Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. */
const BINDING = "@hpcc-js/wasm-zstd";

type Compress = (bytes: Buffer, level: number) => Promise<Buffer>;

/**
 * Zstandard: smaller than gzip at a multiple of its speed. Node from 22.15 and 23.8 has it in its thread pool; older ones take the package
 * `@hpcc-js/wasm-zstd`, to be installed beside this one, which works on the event loop: prefer gzip there for objects of many MiB.
 *
 * @param level 1 (fast) to 19 (small). Default 3.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, also when neither is there
 */
export function zstd(level: number = 3): Compression {
  wholeNumber("zstd level", level, { min: 1, max: 19 });
  const compress = nodeCompress() ?? bindingCompress();
  return {
    extension: ".zst",
    contentEncoding: "zstd",
    compress: (bytes) => compress(bytes, level),
  };
}

/** Node's own, which the types of Node 20 do not know. */
function nodeCompress(): Compress | undefined {
  const zstdCompress: unknown = Reflect.get(zlib, "zstdCompress");
  const constants: unknown = Reflect.get(zlib, "constants");
  if (typeof zstdCompress !== "function" || typeof constants !== "object" || constants === null)
    return undefined;
  const levelParameter = Number(Reflect.get(constants, "ZSTD_c_compressionLevel"));
  const run = promisify(
    (bytes: Buffer, level: number, done: (error: Error | null, compressed?: Buffer) => void): void => {
      Reflect.apply(zstdCompress, zlib, [
        bytes,
        { params: { [levelParameter]: level }, chunkSize: 256 * 1024 },
        done,
      ]);
    },
  );
  return async (bytes, level) => {
    const compressed = await run(bytes, level);
    if (compressed === undefined) throw new Error("zlib.zstdCompress gave nothing");
    return compressed;
  };
}

function bindingCompress(): Compress {
  try {
    createRequire(import.meta.url).resolve(BINDING);
  } catch (error) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `compression zstd() needs Node 22.15 or newer, or the package ${BINDING}: install it, or take gzip()`,
      { cause: asError(error) },
    );
  }
  return async (bytes, level) => {
    // Loaded once; Node remembers it.
    const { Zstd } = await import("@hpcc-js/wasm-zstd");
    const loaded = await Zstd.load();
    return Buffer.from(loaded.compress(bytes, level));
  };
}
