import type { LocalClientOptions } from "@kinesis-connectors/local";

/** What a worker among very many shards is started with. */
export interface ManyShardsSetup {
  readonly stream: string;
  readonly bucket: string;
  readonly application: string;
  readonly failoverTimeMs: number;
  readonly idlePollMs: number;
  readonly endpoints: { readonly kinesis: string; readonly dynamodb: string };
  readonly s3: LocalClientOptions;
}

/** What such a worker answers when it is asked. */
export interface ManyShardsStats {
  /** Shards that it reads now. */
  readonly shards: number;
  readonly recordsEmitted: number;
  /** Since the process started. */
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}
