import { createRequire } from "node:module";
import zlib from "node:zlib";
import { asError, KinesisConnectorError } from "@kinesis-connectors/core";

/** The compression of a file's pages: inside the file, so that readers still reach each column alone. */
export type ParquetCompression = "none" | "snappy" | "gzip" | "zstd";

type Compress = (bytes: Uint8Array) => Uint8Array;

/** What the writer needs of a compression. */
export interface PageCompression {
  readonly codec: "UNCOMPRESSED" | "SNAPPY" | "GZIP" | "ZSTD";
  /** Loads the compressor; Snappy is the writer's own. */
  readonly load: () => Promise<Compress | undefined>;
}

/**
 * For Node releases without zstd: WebAssembly, so that nothing is built or downloaded when it is installed. Put together so that bundlers leave
 * it alone: it is optional, and most have it not.
 */
const ZSTD_BINDING = ["@hpcc-js", "wasm-zstd"].join("/");
type ZstdBinding = typeof import("@hpcc-js/wasm-zstd");
const ZSTD_LEVEL = 3;

/** @throws KinesisConnectorError `KC_OPTION_INVALID`, also for zstd where there is none */
export function pageCompression(name: ParquetCompression): PageCompression {
  switch (name) {
    case "none":
      return { codec: "UNCOMPRESSED", load: () => Promise.resolve(undefined) };
    case "snappy":
      return { codec: "SNAPPY", load: () => Promise.resolve(undefined) };
    case "gzip":
      return { codec: "GZIP", load: () => Promise.resolve((bytes) => zlib.gzipSync(bytes)) };
    case "zstd":
      return { codec: "ZSTD", load: zstd() };
    default:
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        'parquet compression must be "none", "snappy", "gzip" or "zstd"',
      );
  }
}

function zstd(): () => Promise<Compress> {
  const own = ownFunction("zstdCompressSync");
  if (own !== undefined) return () => Promise.resolve(own);
  requireBinding('parquet compression "zstd"');
  return async () => {
    const loaded = await loadBinding('parquet compression "zstd"');
    return (bytes) => loaded.compress(bytes, ZSTD_LEVEL);
  };
}

function requireBinding(what: string): void {
  try {
    createRequire(import.meta.url).resolve(ZSTD_BINDING);
  } catch (error) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `${what} needs Node 22.15 or newer, or the package ${ZSTD_BINDING}: install it, or take "snappy"`,
      { cause: asError(error) },
    );
  }
}

/** Loaded once; Node remembers it. */
async function loadBinding(what: string): Promise<Awaited<ReturnType<ZstdBinding["Zstd"]["load"]>>> {
  requireBinding(what);
  const binding = (await import(/* webpackIgnore: true */ /* @vite-ignore */ ZSTD_BINDING)) as ZstdBinding;
  return await binding.Zstd.load();
}

/**
 * Decompresses pages of zstd.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where there is no zstd
 */
export async function zstdDecompressor(): Promise<Compress> {
  const own = ownFunction("zstdDecompressSync");
  if (own !== undefined) return own;
  const loaded = await loadBinding("the Parquet file is compressed with zstd, which");
  return (bytes) => loaded.decompress(bytes);
}

/** One of Node's own, which the types of Node 20 do not know. */
function ownFunction(name: "zstdCompressSync" | "zstdDecompressSync"): Compress | undefined {
  const found: unknown = Reflect.get(zlib, name);
  if (typeof found !== "function") return undefined;
  return (bytes) => {
    const made: unknown = Reflect.apply(found, zlib, [bytes]);
    if (made instanceof Uint8Array) return made;
    throw new TypeError(`zlib.${name} gave no bytes`);
  };
}
