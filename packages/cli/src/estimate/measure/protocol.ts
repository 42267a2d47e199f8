/** How much of the pipeline runs: up to what it is named after. */
export type Stage = "idle" | "read" | "decode" | "transform" | "encode" | "whole";

/** What a measuring process is told. */
export interface Job {
  readonly stage: Stage;
  readonly pipeline: { readonly module: string } | { readonly config: string };
  /** Records to try the pipeline on before anything is measured: data in base64. Empty: it is not tried. */
  readonly sample: readonly { readonly partitionKey: string; readonly data: string }[];
  readonly kinesis: string;
  /** Shards, and most records of a page of theirs; undefined: what suits the pipeline, by its waits. */
  readonly shards: number | undefined;
  readonly perPage: number | undefined;
  /** How long it may take in all, from its first page on, in milliseconds. */
  readonly budgetMs: number;
  /** Whether it says at the end which functions were at work. */
  readonly isProfiled: boolean;
}

/** What a pipeline did with some records, one by one, before anything was measured. */
export interface Probe {
  readonly records: number;
  /** Records that the pipeline could not take, and the name or code of the first error: never its text, which may hold the record. */
  readonly failed: number;
  readonly error: string | undefined;
  readonly kept: number;
  /** Time per record that the pipeline waited for something, without a CPU at work, in milliseconds. */
  readonly waitMs: number;
  /** CPU time per record in milliseconds, before anything was compiled: several times what it is later. */
  readonly cpuMs: number;
  readonly concurrency: number;
}

/** What is known of a pipeline besides its figures. */
export interface Described {
  readonly probe: Probe;
  /** Whether its outputs are encoded as they come. */
  readonly hasWriter: boolean;
  /** Whether its requests go to a server that stands in for its destination. */
  readonly isStoodIn: boolean;
  readonly stopsAtPoison: boolean;
}

/** Where the CPU was, in shares of the samples that found it at work. */
export interface Profile {
  readonly shares: Readonly<Record<ProfilePart, number>>;
  /** The functions of the user's own files that were found at work most often, with their share. */
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

/** Whose code was at work. */
export type ProfilePart = "own" | "engine" | "destination" | "requests" | "compression" | "garbage";

/** What was measured of one stage. */
export interface StageFigures {
  readonly records: number;
  readonly dataBytes: number;
  readonly polls: number;
  readonly batches: number;
  readonly deadLetters: number;
  /** User and system time of the whole process, all its threads and the collection of garbage included. */
  readonly cpuMs: number;
  /** The part of it outside the main thread; undefined where the system does not say. */
  readonly otherThreadsMs: number | undefined;
  readonly wallMs: number;
  readonly shards: number;
  readonly perPage: number;
  readonly startRssBytes: number;
  readonly peakRssBytes: number;
  /** Why batches were closed, and how often. */
  readonly flushes: Readonly<Record<string, number>>;
  readonly recordsPerBatch: number;
  readonly bytesPerBatch: number;
  readonly maxReadAheadBytes: number;
}

/** What a measuring process says when the pipeline is loaded and has passed its first records. */
export interface Ready {
  readonly isReady: true;
}

/** What a measuring process says at its end. */
export type Said =
  | {
      readonly figures: StageFigures;
      readonly described: Described;
      readonly profile: Profile | undefined;
      /** Name or code of what the stand-in failed with, and the places that were not asked. */
      readonly emitError: string | undefined;
      readonly refused: readonly string[];
    }
  | { readonly error: { readonly code: string; readonly message: string } };
