import { asError, type BatchWriter, type Emitter, type Transformer } from "@kinesis-connectors/core";
import type { AnyPipeline } from "./load-pipeline.js";
import type { Stage } from "./protocol.js";

/** Destinations for which a server stands in, as emitters name them. */
const STOOD_IN: ReadonlySet<string> = new Set(["s3"]);

/** Whether a server stands in for the destination of an emitter. */
export function isStoodIn({ destination }: Emitter<unknown, unknown>): boolean {
  return destination !== undefined && STOOD_IN.has(destination);
}

/** Told of what the stand-in failed with: from then on its requests are left out. */
export type OnEmitError = (nameOrCode: string) => void;

/** As much of a pipeline as a stage runs. Dead letters are counted by their events, and go nowhere. */
export function upTo(stage: Stage, pipeline: AnyPipeline, onEmitError: OnEmitError): AnyPipeline {
  const { emitter } = pipeline;
  const part: AnyPipeline = { ...pipeline, onPoison: "dead-letter", deadLetters: dropping() };
  switch (stage) {
    case "idle":
    case "read":
      return { ...part, transformer: nothing, emitter: dropping() };
    case "decode":
      return { ...part, filter: () => false, emitter: dropping() };
    case "transform":
      return { ...part, emitter: counting(emitter) };
    case "encode":
      return { ...part, emitter: encoding(emitter) };
    default:
      stage satisfies "whole";
      return { ...part, emitter: isStoodIn(emitter) ? sending(emitter, onEmitError) : encoding(emitter) };
  }
}

const nothing: Transformer<unknown, unknown> = { toModel: () => undefined, fromModel: () => undefined };

function dropping<Output>(): Emitter<Output, unknown> {
  return {
    capabilities: { duplicates: "possible", ordering: "none" },
    emit: () => Promise.resolve({ failed: [] }),
  };
}

/** Outputs are made, counted, and let go. */
function counting({ sizeOf }: Emitter<unknown, unknown>): Emitter<unknown, unknown> {
  return { ...dropping(), createWriter: () => countingWriter(sizeOf) };
}

function countingWriter(sizeOf: Emitter<unknown, unknown>["sizeOf"]): BatchWriter<unknown> {
  let tentative = 0;
  let count = 0;
  return {
    write: (output, record) => {
      tentative += 1;
      return sizeOf?.(output, record) ?? record.data.byteLength;
    },
    keep: () => {
      count += tentative;
      tentative = 0;
    },
    drop: () => {
      tentative = 0;
    },
    heldBytes: () => 0,
    drain: () => {
      const drained = count;
      count = 0;
      return { count: drained, discard: () => undefined };
    },
    close: () => undefined,
  };
}

/** Outputs wait, or are encoded, as the emitter has it; no batch is emitted. */
function encoding({ sizeOf, batching, createWriter }: Emitter<unknown, unknown>): Emitter<unknown, unknown> {
  return {
    ...dropping(),
    ...(sizeOf === undefined ? {} : { sizeOf }),
    ...(batching === undefined ? {} : { batching }),
    ...(createWriter === undefined ? {} : { createWriter }),
  };
}

/**
 * The emitter itself, whose requests go to the stand-in: without `open`, which looks at the bucket, and without what looks for what others wrote. What it
 * cannot send there it does not send at all.
 */
function sending(emitter: Emitter<unknown, unknown>, onError: OnEmitError): Emitter<unknown, unknown> {
  const { plan, objectCount, planWithout, spill } = emitter;
  let isLeftOut = false;
  return {
    ...encoding(emitter),
    ...(plan === undefined ? {} : { plan }),
    ...(objectCount === undefined ? {} : { objectCount }),
    ...(planWithout === undefined ? {} : { planWithout }),
    ...(spill === undefined ? {} : { spill }),
    emit: async (batch, context) => {
      if (isLeftOut) return { failed: [] };
      try {
        return await emitter.emit(batch, context);
      } catch (thrown) {
        if (context.signal.aborted) throw thrown;
        isLeftOut = true;
        onError(shownName(thrown));
        return { failed: [] };
      }
    },
  };
}

/** Code or name of an error: its text may hold what a record holds. */
export function shownName(thrown: unknown): string {
  const error = asError(thrown);
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : error.name;
}
