import { yamlText } from "./yaml-text.js";

/** Destinations that a new project may begin with: those that need nothing but a name. */
export const DESTINATIONS = ["s3", "kinesis", "opensearch"] as const;

/** Where the records of a new project go. */
export type Destination = (typeof DESTINATIONS)[number];

/** What is asked of a new project. */
export interface Project {
  readonly application: string;
  readonly stream: string;
  readonly destination: Destination;
  /** The bucket, stream or index there. */
  readonly place: string;
  readonly region: string;
  readonly shards: number;
  readonly port: number;
  readonly ts: boolean;
}

/** What a destination is made of, as data and as code. */
export interface DestinationText {
  /** What a place there is called, and what it takes for a name. */
  readonly place: {
    readonly noun: string;
    readonly question: string;
    readonly form: RegExp;
    readonly words: string;
  };
  /** The line of the configuration file. */
  readonly yaml: (place: string) => string;
  /** The names to import from its package, and the call that makes the emitter. */
  readonly code: (place: string) => { readonly names: string; readonly emitter: string };
  /** What `kinesis-local-aws` makes of it. */
  readonly localFlags: (place: string) => string;
  readonly dependencies: readonly string[];
}

/** Each destination; names by S3, "Bucket naming rules"; Kinesis, "Naming rules"; OpenSearch, "Index naming restrictions". */
export const TEXTS: Readonly<Record<Destination, DestinationText>> = {
  s3: {
    place: {
      noun: "bucket",
      question: "Name of the bucket",
      form: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      words: "3 to 63 small letters, digits, '.' and '-' (a bucket)",
    },
    yaml: (bucket) =>
      `{ type: s3, bucket: "\${BUCKET:-${bucket}}", prefix: archive, format: { type: ndjson }, compression: gzip }`,
    code: (bucket) => ({
      names: "gzip, ndjson, s3Emitter",
      emitter: `s3Emitter({ bucket: process.env.BUCKET ?? "${bucket}", prefix: "archive", format: ndjson(), compression: gzip() })`,
    }),
    localFlags: (bucket) => `--bucket ${bucket}`,
    dependencies: ["s3"],
  },
  kinesis: {
    place: {
      noun: "stream",
      question: "Name of the stream to write to",
      form: /^[A-Za-z0-9_.-]{1,128}$/,
      words: "1 to 128 letters, digits, '_', '.' and '-' (a stream)",
    },
    yaml: (stream) => `{ type: kinesis, stream: "\${TARGET:-${stream}}" }`,
    code: (stream) => ({
      names: "kinesisEmitter",
      emitter: `kinesisEmitter({ stream: process.env.TARGET ?? "${stream}" })`,
    }),
    localFlags: (stream) => `--stream ${stream}`,
    dependencies: ["kinesis"],
  },
  opensearch: {
    place: {
      noun: "index",
      question: "Name of the index",
      form: /^[a-z0-9.][a-z0-9_.-]{0,254}$/,
      words: "small letters, digits, '_', '.' and '-', and begins with no '_' (an index)",
    },
    yaml: (index) => `{ type: opensearch, node: "\${OPENSEARCH_URL}", index: ${yamlText(index)} }`,
    code: (index) => ({
      names: "openSearchEmitter",
      emitter: `openSearchEmitter({ node: process.env.OPENSEARCH_URL ?? "", index: "${index}" })`,
    }),
    localFlags: () => "",
    dependencies: ["opensearch"],
  },
};
