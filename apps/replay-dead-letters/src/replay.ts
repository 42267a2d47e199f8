import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { putRecords } from "@kinesis-connectors/app-sample";
import { replayDeadLetters, type ReplayOptions } from "@kinesis-connectors/s3";

/** Puts the dead letters below a prefix back into a stream, each with its own keys and bytes. Gives how many there were. */
export async function replay(
  letters: ReplayOptions,
  target: {
    readonly client: KinesisClient;
    readonly stream: string;
    readonly signal?: AbortSignal;
    readonly onWritten?: (count: number) => void;
  },
): Promise<number> {
  let written = 0;
  await putRecords(replayDeadLetters(letters), {
    client: target.client,
    stream: target.stream,
    ...(target.signal === undefined ? {} : { signal: target.signal }),
    onWritten: (records) => {
      written += records.length;
      target.onWritten?.(written);
    },
  });
  return written;
}
