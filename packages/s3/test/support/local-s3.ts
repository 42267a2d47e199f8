import { gunzipSync } from "node:zlib";
import {
  type LocalAws,
  type LocalAwsOptions,
  type LocalObject,
  startLocalAws,
} from "@kinesis-connectors/local";
import { ndjson, s3Emitter, type S3EmitterOptions } from "@kinesis-connectors/s3";

export const ACCOUNT_ID = "123456789012";
export const BUCKET = "clicks";

/** A local S3 with one bucket, and what tests ask of it. */
export interface LocalS3 extends AsyncDisposable {
  readonly aws: LocalAws;
  /** An emitter of JSON lines into the bucket; options change it. */
  readonly emitter: (options?: Partial<S3EmitterOptions<unknown>>) => ReturnType<typeof s3Emitter<unknown>>;
  readonly connection: ReturnType<LocalAws["clientOptions"]>;
  readonly objects: () => readonly LocalObject[];
  /** The same without what an emitter tried the store with. */
  readonly archived: () => readonly LocalObject[];
  /** `Operation status` of each call so far, in order. */
  readonly calls: () => readonly string[];
}

export async function startS3(s3: Exclude<LocalAwsOptions["s3"], false> = {}): Promise<LocalS3> {
  const aws = await startLocalAws({
    kinesis: false,
    dynamodb: false,
    accountId: ACCOUNT_ID,
    s3: { buckets: [BUCKET], ...s3 },
  });
  const connection = aws.clientOptions("s3");
  const emitters: ReturnType<typeof s3Emitter<unknown>>[] = [];
  return {
    aws,
    connection,
    emitter: (options = {}) => {
      const emitter = s3Emitter<unknown>({
        ...(options.client === undefined ? connection : {}),
        bucket: BUCKET,
        format: ndjson(),
        ...options,
      });
      emitters.push(emitter);
      return emitter;
    },
    objects: () => [...aws.s3.objects(BUCKET)],
    archived: () => [...aws.s3.objects(BUCKET)].filter(({ key }) => !/(?:^|\/)_[^/]*$/.test(key)),
    calls: () => aws.journal.entries().map((entry) => `${entry.operation} ${entry.status}`),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}

/** The lines of an object, decompressed. */
export function linesIn(object: LocalObject | undefined): string[] {
  if (object === undefined) throw new Error("there is no such object");
  const body = object.headers["content-encoding"] === "gzip" ? gunzipSync(object.body) : object.body;
  return body.toString("utf8").split("\n").slice(0, -1);
}
