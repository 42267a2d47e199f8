/** What the process of a replay is started with, as JSON. */
export interface ReplaySetup {
  readonly stream: string;
  readonly application: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly maxBytesPerSecond: number;
  readonly leaseFolder: string;
  readonly kinesis: AwsSetup;
  readonly s3: AwsSetup;
  readonly bucket: string;
  readonly prefix: string;
  readonly format: "records" | "ndjson";
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
