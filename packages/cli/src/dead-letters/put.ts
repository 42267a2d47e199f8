import type { KinesisClient, PutRecordsRequestEntry } from "@aws-sdk/client-kinesis";
import { backoffMs, sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { kinesisSdk } from "../connection/load-sdk.js";
import { nameOf } from "../connection/stream-name.js";
import type { Letter } from "./installed-s3.js";

/** One request takes 500 records and 5 MiB, keys included (API reference, PutRecords). */
export const MAX_RECORDS = 500;
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_ATTEMPTS = 12;
const BACK_OFF = { baseDelayMs: 100, maxDelayMs: 5_000 } as const;

/** Errors of a request that go by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "InternalFailureException",
  "InternalFailure",
  "ServiceUnavailable",
  "KMSThrottlingException",
  "TimeoutError",
  "ECONNRESET",
]);

/** Letters in requests: of one stream, within the limits. */
export function* requestsOf(
  letters: Iterable<Letter>,
  streamOf: (letter: Letter) => string,
): Generator<{ readonly stream: string; readonly letters: readonly Letter[] }, void> {
  let batch: Letter[] = [];
  let bytes = 0;
  let stream = "";
  for (const letter of letters) {
    const size = letter.data.length + Buffer.byteLength(letter.partitionKey);
    const to = streamOf(letter);
    if (batch.length > 0 && (batch.length === MAX_RECORDS || bytes + size > MAX_BYTES || to !== stream)) {
      yield { stream, letters: batch };
      batch = [];
      bytes = 0;
    }
    stream = to;
    batch.push(letter);
    bytes += size;
  }
  if (batch.length > 0) yield { stream, letters: batch };
}

/**
 * Puts letters into a stream. What is refused goes again, alone and in order; each letter that is in the stream is told at once.
 * @throws CliError `KC_FAILED` for what is refused for good, or too often
 */
export async function putLetters(
  { clock, random, signal }: CliContext,
  client: KinesisClient,
  stream: string,
  letters: readonly Letter[],
  onPut: (letters: readonly Letter[]) => void,
): Promise<void> {
  const { PutRecordsCommand } = await kinesisSdk();
  let left = letters;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    signal.throwIfAborted();
    let why = "";
    try {
      const answer = await client.send(
        new PutRecordsCommand({ ...nameOf(stream), Records: left.map(entryOf) }),
        { abortSignal: signal },
      );
      const taken = left.filter((_, index) => answer.Records?.[index]?.SequenceNumber !== undefined);
      if (taken.length > 0) onPut(taken);
      why = answer.Records?.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? "";
      left = left.filter((_, index) => answer.Records?.[index]?.SequenceNumber === undefined);
    } catch (thrown) {
      signal.throwIfAborted();
      const { name, message } = thrown instanceof Error ? thrown : { name: "", message: "" };
      const { code } = thrown as NodeJS.ErrnoException;
      if (!PASSING.has(name) && !PASSING.has(code ?? ""))
        throw new CliError(
          "KC_FAILED",
          `stream ${stream} does not take them (${name}): ${message.slice(0, 300)}`,
          {
            cause: thrown,
          },
        );
      why = name;
    }
    if (left.length === 0) return;
    if (attempt >= MAX_ATTEMPTS)
      throw new CliError(
        "KC_FAILED",
        `stream ${stream} refused ${left.length} of them ${attempt} times (${why})`,
      );
    await sleep(clock, backoffMs(attempt, BACK_OFF, random), signal);
  }
}

function entryOf({ data, partitionKey, explicitHashKey }: Letter): PutRecordsRequestEntry {
  return {
    Data: data,
    PartitionKey: partitionKey,
    ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
  };
}
