import type { Compression } from "@kinesis-connectors/s3";
import { gunzipped, unzstd } from "./data/expected-objects.js";
import { spread, type Spread } from "./rows/spread.js";

/** A compression with its level, by the name that it is shown with. */
export interface Level {
  readonly name: string;
  readonly compression: Compression;
}

/** What is compressed as one object. */
export interface Input {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What a level made of an input. */
export interface LevelFigures {
  readonly level: string;
  readonly input: string;
  /** MB of input per CPU-second of the process, its pool included: median, least and greatest of the turns. */
  readonly megabytesPerCpuSecond: Spread;
  /** Bytes that are left of 100. */
  readonly left: number;
}

/** As a batch gives them to its object while it fills. */
const PIECE_BYTES = 1024 * 1024;

/** One object, as the emitter makes it: in pieces where the compression has them. */
async function object({ pieces, compress }: Compression, bytes: Buffer): Promise<Buffer> {
  if (pieces === undefined) return compress(bytes);
  const compressor = pieces.begin();
  try {
    const made: Promise<Buffer>[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      made.push(compressor.add(bytes.subarray(at, at + PIECE_BYTES)));
    return Buffer.concat([...(await Promise.all(made)), await compressor.end()]);
  } finally {
    compressor.close();
  }
}

/** @throws Error where an object does not hold what it was made of */
async function requireSame({ name, compression }: Level, bytes: Buffer, compressed: Buffer): Promise<void> {
  const read = compression.extension === ".gz" ? gunzipped(compressed) : await unzstd(compressed);
  if (!read.equals(bytes)) throw new Error(`an object of ${name} does not hold what it was made of`);
}

/**
 * Compresses each input at each level, in turns, so that whatever else the machine does falls on all of them.
 * @param turns how often each pair is measured
 * @param cpuMs of the process, that a measurement takes at least
 * @throws Error where an object does not hold what it was made of
 */
export async function compressionLevels(
  levels: readonly Level[],
  inputs: readonly Input[],
  { turns, cpuMs }: { readonly turns: number; readonly cpuMs: number },
): Promise<readonly LevelFigures[]> {
  const pairs = inputs.flatMap((input) => levels.map((level) => ({ input, level, rates: [0].slice(1) })));
  const left = new Map<object, number>();
  for (const pair of pairs) {
    const { input, level } = pair;
    const compressed = await object(level.compression, input.bytes);
    await requireSame(level, input.bytes, compressed);
    left.set(pair, (compressed.length / input.bytes.length) * 100);
  }
  for (let turn = 0; turn < turns; turn += 1)
    for (const { input, level, rates } of pairs) {
      const before = process.cpuUsage();
      let [objects, takenMs] = [0, 0];
      while (takenMs < cpuMs || objects === 0) {
        await object(level.compression, input.bytes);
        objects += 1;
        const { user, system } = process.cpuUsage(before);
        takenMs = (user + system) / 1000;
      }
      rates.push((input.bytes.length * objects) / 1e6 / (takenMs / 1000));
    }
  return pairs.map((pair) => ({
    level: pair.level.name,
    input: pair.input.name,
    megabytesPerCpuSecond: spread(pair.rates),
    left: left.get(pair) ?? Number.NaN,
  }));
}
