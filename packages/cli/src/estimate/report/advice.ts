import type { Described } from "../measure/protocol.js";
import type { Cost, Estimate } from "./result.js";

/** A part that costs more than this share is worth a change. */
const MUCH = 0.35;
const SMALL_BATCH_RECORDS = 500;
/** A shard that takes in all it may, in records a second. */
const FULL_SHARD = 1_000;

/** What to change first, the most important first. */
export function adviceOf(found: Omit<Estimate, "advice">, described: Described): readonly string[] {
  const {
    costs,
    waits,
    tried,
    memory,
    shardsPerCore,
    cpuMsPerPoll,
    recordsPerCpuSecond,
    destination,
    profile,
  } = found;
  const share = (part: Cost["part"]): number => costs.find((cost) => cost.part === part)?.share ?? 0;
  const advice: string[] = [];
  if (tried.failed > 0)
    advice.push(
      `${tried.failed} of ${tried.records} records could not be transformed (${tried.error}): ${
        described.stopsAtPoison
          ? "the pipeline has no deadLetters, so its shard would stop at the first of them; name some"
          : "each becomes a dead letter"
      }`,
    );
  if (tried.kept === 0 && tried.failed < tried.records)
    advice.push(
      "the filter keeps none of the records that were tried: what is written costs nothing here; give records of a usual hour",
    );
  if (waits !== null && waits.recordsPerSecond < FULL_SHARD)
    advice.push(
      `the pipeline waits ${waits.msPerRecord} ms for each record, so one shard passes ${waits.recordsPerSecond} records a second at most: ` +
        `set transformConcurrency to ${Math.min(1000, Math.ceil((FULL_SHARD * waits.msPerRecord) / 1000))} for a full shard, or keep what was asked`,
    );
  const parts: readonly (readonly [Cost["part"], string])[] = [
    [
      "decode",
      "decode less: json().pick(...) reads only the members that filter and partition want, .original() passes the producer's bytes on, and compressed records cost their inflating",
    ],
    ["transform", `look at your filter and mapping first${ownOf(profile)}`],
    [
      "encode",
      "write less: .original() instead of a document that is stringified anew, fewer members, or another format",
    ],
    ["compress", "compress for less: a lower gzip level, or zstd() where its readers know it"],
    ["destination", "fewer and larger requests: a larger buffer, fewer partitions"],
    [
      "read",
      "reading is most of it: there is little to change in the pipeline; records that producers aggregate (KPL) are cheaper",
    ],
  ];
  const heavy = parts.filter(([part]) => share(part) > MUCH).toSorted(([a], [b]) => share(b) - share(a));
  advice.push(...heavy.map(([, text]) => text));
  if (memory.recordsPerBatch > 0 && memory.recordsPerBatch < SMALL_BATCH_RECORDS && destination.isMeasured)
    advice.push(
      `batches have ${memory.recordsPerBatch} outputs: larger buffer.maxRecords and maxBytes make fewer requests and commits`,
    );
  if ((memory.flushes["memory"] ?? 0) > 0)
    advice.push(
      "batches were closed early for want of memory: raise maxReadAheadBytes, lower buffer.maxBytes, or give a process fewer shards",
    );
  // What a shard that takes in little costs are its polls.
  if (cpuMsPerPoll * recordsPerCpuSecond > 1_000 * FULL_SHARD)
    advice.push(
      "a poll costs as much as a second's records of a full shard: poll less often (polling idlePollMs), or read by fanOut()",
    );
  advice.push(
    `past ${Math.max(1, Math.floor(shardsPerCore.atWriteLimit))} full shards a second core is needed: threads, or more processes; plan half of it, for networks, TLS and bursts are not in these figures`,
  );
  return advice;
}

function ownOf(profile: Estimate["profile"]): string {
  const [first] = profile?.functions ?? [];
  return first === undefined
    ? ""
    : `: ${first.name} was at work in ${Math.round(first.share * 100)}% of the samples`;
}
