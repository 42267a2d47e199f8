/** What the process of a replay is started with, as JSON. */
export type ReplaySetup = RangeSetup | ArchiveSetup;

interface RunSetup {
  readonly application: string;
  readonly maxBytesPerSecond: number;
  readonly leaseFolder: string;
  readonly s3: AwsSetup;
  readonly bucket: string;
}

/** A range of time of a stream, into an archive. */
export interface RangeSetup extends RunSetup {
  readonly type: "range";
  readonly stream: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kinesis: AwsSetup;
  readonly prefix: string;
  readonly format: "records" | "ndjson";
}

/** An archive, into a table. */
export interface ArchiveSetup extends RunSetup {
  readonly type: "archive";
  readonly prefix: string;
  readonly dynamodb: AwsSetup;
  readonly table: string;
}

/** The way to a local server. */
export interface AwsSetup {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What it tells its parent. */
export type ReplayMessage =
  | { readonly type: "commit" }
  | { readonly type: "done"; readonly isComplete: boolean; readonly recordsRead: number };
