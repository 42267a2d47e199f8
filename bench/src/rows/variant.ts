import { type DataSet, type SetName, shapeOf } from "../data/data-sets.js";
import type { Endpoints } from "../servers/canned-server.js";
import type { Meter, Window } from "./meter.js";

/** How bytes travel to a variant. `memory`: they do not. */
type Transport = "memory" | "clear" | "tls";

/** What a variant works with. */
export interface Job {
  readonly set: DataSet;
  /** The stream that holds the set. */
  readonly stream: string;
  readonly transport: Transport;
  readonly endpoints: Endpoints;
  readonly meter: Meter;
}

/** Another language's program that does the work: one of `bench/peers`. */
export interface PeerProgram {
  readonly peer: "kinesis-consumer" | "kcl";
  readonly mode: "read" | "parse" | "objects";
}

/** Under which heading a row is reported. */
export type Section =
  | "reading"
  | "requests"
  | "parsing"
  | "writing"
  | "objects"
  | "formats"
  | "payloads"
  | "threads"
  | "limits";

/** One way of doing the work: a row of the table. */
export interface Variant {
  readonly name: string;
  /** What it does, for people. */
  readonly label: string;
  readonly section: Section;
  readonly kind: "limit" | "peer" | "ours";
  /** What a rate counts. `row`: a record that was read and parsed before the clock started, so that its row is held against no row that reads. */
  readonly unit: "record" | "poll" | "row" | "object";
  readonly sets: readonly SetName[];
  readonly transports: readonly Transport[];
  /** Runs on all cores, and not on one. */
  readonly needsAllCores?: boolean;
  /** CPU time until V8 has compiled what is hot; by default what its set and its transport take. 0: how a process begins is what is measured. */
  readonly warmUpCpuMs?: number;
  /** The bytes that must pass for one page of the set; absent where nothing passes that could be compared. */
  readonly expected?: (set: DataSet) => Buffer;
  /** Works until the meter says that it is done. */
  readonly run: ((job: Job) => Promise<void>) | PeerProgram;
}

/** One row to be measured: a variant with its set and its transport. */
export interface Row {
  readonly variant: Variant;
  readonly set: SetName;
  readonly transport: Transport;
}

/** A row, and the file that its process loads: that one alone, so that the others cost it neither time nor memory. */
export interface ListedRow extends Row {
  readonly module: string;
}

/** A row's name, unique. */
export function rowName({ variant, set, transport }: Row): string {
  return `${variant.name}/${set}/${transport}`;
}

/** The rows of some variants. */
export function rowsOf(variants: readonly Variant[]): readonly Row[] {
  return variants.flatMap((variant) =>
    variant.sets.flatMap((set) => variant.transports.map((transport) => ({ variant, set, transport }))),
  );
}

/** What is in memory is hot soon; requests pass much code, and each of them seldom. */
const MEMORY_WARM_UP_MS = 400;
const PAGES_WARM_UP_MS = 1_200;
/** Also for all rows that only write, the SDK's and ours alike. */
export const REQUESTS_WARM_UP_MS = 3_000;
const SMALL_PAGE = 1_000;
/** Threads warm up by wall time on their own, and two of them use a window up in half the time. */
const THREADS_WINDOWS = 2;

/** The window that a row wants. */
export function windowOf({ variant, set, transport }: Row, windowCpuMs: number): Window {
  const isSmall = shapeOf(set).perPage <= SMALL_PAGE;
  if (variant.needsAllCores === true) return { warmUpCpuMs: 0, windowCpuMs: windowCpuMs * THREADS_WINDOWS };
  const usual = transport === "memory" ? MEMORY_WARM_UP_MS : isSmall ? REQUESTS_WARM_UP_MS : PAGES_WARM_UP_MS;
  return { warmUpCpuMs: variant.warmUpCpuMs ?? usual, windowCpuMs };
}

/** What a client is pointed at. */
export function endpointOf({ endpoints, transport }: Pick<Job, "endpoints" | "transport">): string {
  return transport === "tls" ? endpoints.tls : endpoints.clear;
}

/** Any credentials do: the canned server looks at no signature. They cost what signing costs. */
export const CREDENTIALS = { accessKeyId: "bench", secretAccessKey: "bench" } as const;
export const REGION = "eu-central-1";
