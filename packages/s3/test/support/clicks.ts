import { definePipeline, json, type KinesisRecord, type Pipeline } from "@kinesis-connectors/core";
import { ndjson, s3DeadLetters, s3Emitter, type S3EmitterOptions, type S3Plan } from "@kinesis-connectors/s3";
import { BUCKET, linesIn, type LocalS3 } from "./local-s3.js";
import { bytesOf, record } from "./support.js";

/** What the records of these tests are. */
export interface Click {
  readonly n: number;
  readonly country: string;
}

const COUNTRIES = ["AT", "CH", "DE", ""] as const;
export const click = (n: number): Click => ({ n, country: COUNTRIES[n % COUNTRIES.length] ?? "" });
export const clicks = (count: number): KinesisRecord[] =>
  Array.from({ length: count }, (_, n) => record(n, bytesOf(JSON.stringify(click(n)))));
const byCountry = ({ country }: Click) => ({ country });

/** An emitter of clicks by country. */
export function emitterOn(s3: LocalS3, options: Partial<S3EmitterOptions<Click>> = {}) {
  return s3Emitter<Click>({
    ...s3.connection,
    bucket: BUCKET,
    prefix: "clicks",
    format: ndjson(),
    partition: byCountry,
    ...options,
  });
}

/** The same in a pipeline, with dead letters. */
export function pipelineOn(
  s3: LocalS3,
  options: Partial<S3EmitterOptions<Click>> = {},
): Pipeline<Click, Click, S3Plan, S3Plan> {
  return definePipeline<Click, Click, S3Plan, S3Plan>({
    transformer: json<Click>(),
    emitter: emitterOn(s3, options),
    deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }),
    retry: { baseDelayMs: 1, maxDelayMs: 2, maxRequestAttempts: 2 },
  });
}

/** What landed: the numbers of all records below a prefix, sorted. */
export function landed(s3: LocalS3): number[] {
  const numbers = s3
    .objects()
    .filter(({ key }) => key.startsWith("clicks/") && !key.includes("/_plans/"))
    .flatMap((object) => linesIn(object).map((line) => (JSON.parse(line) as Click).n));
  return numbers.sort((one, other) => one - other);
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
