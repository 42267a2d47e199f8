import { clicks } from "@kinesis-connectors/app-sample";
import { type Emitter, json, type DecodingTransformer } from "@kinesis-connectors/core";
import { parquet } from "@kinesis-connectors/parquet";
import { type S3ConnectionOptions, s3Emitter, type S3Plan, timePartition } from "@kinesis-connectors/s3";

/** A click as the stream carries it, in JSON. */
export interface Click {
  readonly id: number;
  readonly time: string;
  readonly userId: string;
  readonly page: string;
  readonly country: string;
  readonly referrer: string;
  readonly browser: string;
  readonly durationMs: number;
}

/** Seconds between clicks instead of milliseconds: a day of them, and folders of many hours. */
const STRETCH = 60;

/** Generated clicks of many hours; the same seed gives the same. */
export function* clicksOfADay(count: number, seed: number): Generator<Click, void> {
  let firstMs: number | undefined;
  for (const line of clicks(count, seed)) {
    // The generator's own output.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const click = JSON.parse(line.toString()) as Click;
    const timeMs = Date.parse(click.time);
    firstMs ??= timeMs;
    yield { ...click, time: new Date(firstMs + (timeMs - firstMs) * STRETCH).toISOString() };
  }
}

/** A record is one click. */
export function clickOfRecord(): DecodingTransformer<Click> {
  return json<Click>();
}

/** Parquet by `date=/hour=/country=`, by the time of the click: what is in the folders' names is not in the files, as Athena and Redshift want it. */
export function clickArchive(bucket: string, connection: S3ConnectionOptions): Emitter<Click, S3Plan> {
  const time = timePartition<Click>({ by: (click) => click.time });
  return s3Emitter<Click>({
    ...connection,
    bucket,
    prefix: "clicks",
    partition: (click, record) => ({ ...time(click, record), country: click.country }),
    format: parquet<Click>({
      schema: {
        id: { required: "int64" },
        time: { required: "timestamp" },
        userId: "string",
        page: "string",
        referrer: "string",
        browser: "string",
        durationMs: "int32",
      },
      unknownFields: "ignore",
    }),
  });
}
