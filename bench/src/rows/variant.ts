import type { Endpoints } from "../servers/canned-server.js";
import type { DataSet, SetName } from "../data/data-sets.js";
import type { Meter } from "./meter.js";

/** How bytes travel to a variant. `memory`: they do not. */
export type Transport = "memory" | "clear" | "tls";

/** What a variant works with. */
export interface Job {
  readonly set: DataSet;
  readonly transport: Transport;
  readonly endpoints: Endpoints;
  /** Where the local S3 listens, for the variants that ask for it. */
  readonly s3: string | undefined;
  readonly meter: Meter;
}

/** One way of doing the work: a row of the table. */
export interface Variant {
  readonly name: string;
  /** What it does, for people. */
  readonly label: string;
  readonly kind: "limit" | "peer" | "ours";
  /** What a rate counts. `row`: a record that was read and parsed before the clock started, so that its row is held against no row that reads. */
  readonly unit: "record" | "poll" | "row";
  readonly sets: readonly SetName[];
  readonly transports: readonly Transport[];
  readonly needsS3?: boolean;
  /** Runs on all cores, and not on one. */
  readonly needsAllCores?: boolean;
  /** How many times the usual warm-up it needs until V8 has compiled what is hot: its requests are few and pass much code. Default 1. */
  readonly warmUps?: number;
  /** The bytes that must pass for one page of the set; absent where nothing passes that could be compared. */
  readonly expected?: (set: DataSet) => Buffer;
  /** Works until the meter says that it is done. */
  readonly run: (job: Job) => Promise<void>;
}

/** One row to be measured: a variant with its set and its transport. */
export interface Row {
  readonly variant: Variant;
  readonly set: SetName;
  readonly transport: Transport;
}

/** A row's name, unique. */
export function rowName({ variant, set, transport }: Row): string {
  return `${variant.name}/${set}/${transport}`;
}

/** What a client is pointed at. */
export function endpointOf({ endpoints, transport }: Pick<Job, "endpoints" | "transport">): string {
  return transport === "tls" ? endpoints.tls : endpoints.clear;
}

/** Any credentials do: the canned server looks at no signature. They cost what signing costs. */
export const CREDENTIALS = { accessKeyId: "bench", secretAccessKey: "bench" } as const;
export const REGION = "eu-central-1";

/** For all rows that only write, the SDK's and ours alike. */
export const EMISSION_WARM_UPS = 4;
