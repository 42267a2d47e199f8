import { parseArgs } from "node:util";
import { MiB } from "@kinesis-connectors/core";
import { type Compression, gzip, ndjson, none, s3Emitter, zstd } from "@kinesis-connectors/s3";
import { fillObjects, sizesIn } from "./object-sizes.js";
import { startServer } from "./processes.js";
import { CREDENTIALS, REGION } from "./rows/variant.js";

const USAGE = `npm run object-sizes -- [options]
Fills objects of a target size from a shard of fresh documents, puts them to the local S3, and says how large they became, the first one included.
  --target-mib N      targetObjectBytes (default 128)
  --compression NAME  none, gzip or zstd (default gzip)
  --batches N         how many batches (default 3)
  --partitions N      folders that the records are spread over (default 1)
  --spool DIR         spoolDir (default: memory)
  --seed N            seed of the documents (default 1)
  --json              prints one JSON object
`;
const COMPRESSIONS: Readonly<Record<string, () => Compression>> = { none, gzip, zstd };
/** What is promised of the size. */
const TOLERANCE = 0.2;

const { values } = parseArgs({
  options: {
    "target-mib": { type: "string", default: "128" },
    compression: { type: "string", default: "gzip" },
    batches: { type: "string", default: "3" },
    partitions: { type: "string", default: "1" },
    spool: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const compression = COMPRESSIONS[values.compression]?.();
if (compression === undefined) throw new Error("--compression must be none, gzip or zstd");
if (values.help) process.stdout.write(USAGE);
else process.exitCode = await show(compression);

async function show(chosen: Compression): Promise<number> {
  const targetBytes = wholeNumber("--target-mib", values["target-mib"]) * MiB;
  const partitions = wholeNumber("--partitions", values.partitions);
  // In a process of its own, so that the memory is the connector's.
  const s3 = await startServer("s3-process.js", []);
  try {
    const endpoint = String(s3.said);
    const emitter = s3Emitter<Uint8Array>({
      bucket: "bench",
      format: ndjson(),
      compression: chosen,
      targetObjectBytes: targetBytes,
      ...(values.spool === undefined ? {} : { spoolDir: values.spool }),
      ...(partitions === 1
        ? {}
        : {
            partition: (_, { sequenceNumber }) => ({ part: Number(sequenceNumber.slice(-9)) % partitions }),
          }),
      region: REGION,
      credentials: CREDENTIALS,
      endpoint,
    });
    const result = await fillObjects({
      emitter,
      batches: wholeNumber("--batches", values.batches),
      seed: wholeNumber("--seed", values.seed),
      report: (step) => process.stderr.write(`${step}\n`),
    });
    await emitter.close?.();
    const sizes = await sizesIn(`${endpoint}/bench`);
    const isWithin = sizes.every((size) => Math.abs(size / targetBytes - 1) <= TOLERANCE);
    const ratios = sizes.map((size) => (size / targetBytes).toFixed(3));
    const listed = sizes.map((size, nth) => `object ${nth + 1}: ${size} bytes, ${ratios[nth]} of the target`);
    const taken = `held at most ${mib(result.peakHeldBytes)} MiB, RSS at most ${mib(result.peakRssBytes)} MiB, ${result.cpuSeconds.toFixed(1)} CPU-s`;
    const verdict = `${isWithin ? "all" : "NOT all"} within ${TOLERANCE * 100}% of the target`;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ targetBytes, sizes, isWithin, ...result })}\n`
        : `${[...listed, taken, verdict].join("\n")}\n`,
    );
    return isWithin ? 0 : 1;
  } finally {
    await s3.stop();
  }
}

function mib(bytes: number): string {
  return (bytes / MiB).toFixed(0);
}

function wholeNumber(option: string, given: string): number {
  if (!/^[1-9]\d{0,6}$/.test(given)) throw new Error(`${option} must be a whole number of at least 1`);
  return Number(given);
}
