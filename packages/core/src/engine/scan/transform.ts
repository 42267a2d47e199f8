import { asError } from "../../errors.js";
import { allowAll } from "../../filter.js";
import { type MaybePromise, isPromise } from "../../maybe-promise.js";
import type { Pipeline } from "../../pipeline.js";
import type { KinesisRecord } from "../../record.js";
import { leavesData, passesData } from "../../transformer.js";

/** The functions that a record goes through. */
export interface Transform<Model, Output> extends Pick<Pipeline<Model, Output>, "transformer" | "filter"> {
  /**
   * Nobody needs to be given the data that are the outputs: they are taken from the record itself, and `outputs` gets an undefined for each. `untouched` where
   * there is nothing to call either. Default: outputs are made.
   */
  readonly data?: "passed" | "untouched" | undefined;
}

/** How the records of a pipeline go, when the outputs that are their own data need not be made. */
export function transformOf<Model, Output>(
  { transformer, filter }: Pick<Pipeline<Model, Output>, "transformer" | "filter">,
  takesData: boolean,
): Transform<Model, Output> {
  if (!takesData || !passesData(transformer)) return { transformer, filter, data: undefined };
  const isUntouched = leavesData(transformer) && filter === allowAll;
  return { transformer, filter, data: isUntouched ? "untouched" : "passed" };
}

/** How the models of a record are chosen: by the filter, or all of them (a replay obeys what the first owner kept). */
export type Selection = "filtered" | "all";

/**
 * Decodes, filters and encodes one record, pushing what is kept to `outputs`. Returns a promise only when one of the user's functions
 * did, so synchronous pipelines cost no promise per record. Throws, or rejects, with what the user's functions threw.
 */
export function transformRecord<Model, Output>(
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  outputs: Output[],
  selection: Selection = "filtered",
): Promise<void> | undefined {
  if (record.failure !== undefined) throw record.failure;
  if (transform.data === "untouched") {
    outputs.push(undefined as Output);
    return undefined;
  }
  const models = transform.transformer.toModel(record);
  if (isPromise(models))
    return models.then((decoded) => eachModel(transform, record, decoded, outputs, selection));
  return eachModel(transform, record, models, outputs, selection);
}

/** The same, where what is thrown at once counts as what a promise rejects with. */
export function startTransform<Model, Output>(
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  outputs: Output[],
  selection?: Selection,
): Promise<void> | undefined {
  try {
    return transformRecord(transform, record, outputs, selection);
  } catch (thrown) {
    return Promise.reject(asError(thrown));
  }
}

function eachModel<Model, Output>(
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  models: Model | readonly Model[] | undefined,
  outputs: Output[],
  selection: Selection,
): Promise<void> | undefined {
  if (models === undefined) return undefined;
  if (!isSeveral(models)) return oneModel(transform, record, models, outputs, selection);
  for (let index = 0; index < models.length; index += 1) {
    const waiting = oneModel(transform, record, models[index] as Model, outputs, selection);
    if (waiting !== undefined)
      return remainingModels(waiting, transform, record, models.slice(index + 1), outputs, selection);
  }
  return undefined;
}

async function remainingModels<Model, Output>(
  first: Promise<void>,
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  models: readonly Model[],
  outputs: Output[],
  selection: Selection,
): Promise<void> {
  await first;
  for (const model of models) await oneModel(transform, record, model, outputs, selection);
}

function oneModel<Model, Output>(
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  model: Model,
  outputs: Output[],
  selection: Selection,
): Promise<void> | undefined {
  const keep = selection === "all" || transform.filter(model, record);
  if (isPromise(keep))
    return keep.then((kept) => (kept ? encode(transform, record, model, outputs) : undefined));
  return keep ? encode(transform, record, model, outputs) : undefined;
}

function encode<Model, Output>(
  transform: Transform<Model, Output>,
  record: KinesisRecord,
  model: Model,
  outputs: Output[],
): Promise<void> | undefined {
  if (transform.data !== undefined) {
    outputs.push(undefined as Output);
    return undefined;
  }
  const output: MaybePromise<Output> = transform.transformer.fromModel(model, record);
  if (isPromise(output)) {
    return output.then((encoded) => {
      outputs.push(encoded);
    });
  }
  outputs.push(output);
  return undefined;
}

function isSeveral<Model>(models: Model | readonly Model[]): models is readonly Model[] {
  return Array.isArray(models);
}
