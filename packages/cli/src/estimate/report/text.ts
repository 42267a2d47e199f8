import type { Cost, Estimate } from "./result.js";

const WORDS: Readonly<Record<Cost["part"], string>> = {
  read: "read",
  decode: "decode (toModel)",
  transform: "filter and fromModel",
  encode: "encode",
  compress: "compress (pool)",
  destination: "requests to the destination",
};

/** Below this much was measured that other work of the machine, and what V8 compiles, are much of it. */
const ROUGH_CPU_SECONDS = 0.5;

/** The estimate for people, line by line. */
export function linesOf(estimate: Estimate, file: string): readonly string[] {
  const { input, shardsPerCore, memory, costs, waits, tried, destination, profile } = estimate;
  return [
    `${count(input.records)} record${input.records === 1 ? "" : "s"} of ${count(input.averageBytes)} bytes each in ${file}${input.isCut ? " (its beginning)" : ""}, read again and again; ` +
      `of ${tried.records} tried, ${tried.kept} are kept, ${tried.failed} fail`,
    "",
    row(
      "pipeline",
      `${count(estimate.recordsPerCpuSecond)} records, ${estimate.megabytesPerCpuSecond} MB a CPU-second (${estimate.cpuSecondsMeasured} CPU-seconds measured${
        estimate.cpuSecondsMeasured < ROUGH_CPU_SECONDS ? ": rough, --max-time measures longer" : ""
      })`,
    ),
    row("poll", `${estimate.cpuMsPerPoll} ms of CPU`),
    row(
      "full shards on a core",
      `${count(shardsPerCore.atWriteLimit)}, each with 1,000 records or 1 MB a second`,
    ),
    row("catching up", `${count(shardsPerCore.catchingUp)}, each read at 2 MB a second`),
    row(
      "memory",
      `${mib(memory.idleBytes)} idle, ${mib(memory.perShardBytes)} more for each busy shard (${memory.measuredShards} measured), at most about ${mib(memory.mostBytes)} by maxReadAheadBytes`,
    ),
    row("batches", batchesOf(memory)),
    ...(waits === null
      ? []
      : [
          row(
            "waits",
            `${waits.msPerRecord} ms a record, no CPU at work: ${count(waits.recordsPerSecond)} records a second and shard with transformConcurrency ${waits.transformConcurrency}`,
          ),
        ]),
    row("destination", destinationOf(destination)),
    "",
    "CPU of a record, by what is left out:",
    ...costs.map(({ part, microsecondsPerRecord, share }) =>
      row(`  ${WORDS[part]}`, `${percent(share).padStart(4)}  ${microsecondsPerRecord} µs`),
    ),
    ...(profile === null || profile.functions.length === 0
      ? []
      : [
          "",
          "your functions that were at work most:",
          ...profile.functions.map(({ name, share }) => `  ${percent(share).padStart(4)}  ${name}`),
        ]),
    "",
    "change first:",
    ...estimate.advice.map((text, index) => `  ${index + 1}. ${text}`),
  ];
}

function batchesOf({ recordsPerBatch, bytesPerBatch, flushes }: Estimate["memory"]): string {
  const reasons = Object.entries(flushes).map(([reason, times]) => `${times} by ${reason}`);
  if (reasons.length === 0 || recordsPerBatch === 0)
    return "none was written in the time that counts: what a batch costs at its end is hardly in the figures; --max-time measures longer";
  return `${count(recordsPerBatch)} outputs, ${mib(bytesPerBatch)}; closed ${reasons.join(", ")}`;
}

function destinationOf({ isMeasured, error, refused }: Estimate["destination"]): string {
  if (isMeasured) return "requests went to a server on loopback that keeps nothing";
  const why =
    error === null
      ? "no server stands in for it"
      : `its requests could not be sent to the server on loopback (${error}${refused.length === 0 ? "" : `; refused: ${refused.join(", ")}`})`;
  return `left out: ${why}; its requests, and what is encoded in them, are not in the figures`;
}

function row(name: string, value: string): string {
  return `${name.padEnd(30)}${value}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function mib(bytes: number): string {
  const value = bytes / 1024 / 1024;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MiB`;
}
