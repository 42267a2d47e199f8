import type { StreamName } from "@kinesis-connectors/consumer";

/** The stream in requests: by ARN where it was given so. */
export function nameOf(stream: string): StreamName {
  return stream.startsWith("arn:") ? { StreamARN: stream } : { StreamName: stream };
}

/** The name of the stream of an ARN. */
export function streamNameIn(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
