import type { MaybePromise } from "./maybe-promise.js";
import type { KinesisRecord } from "./record.js";

/** Keeps a model (`true`) or drops it. Dropped records are counted, and the checkpoint moves over them. */
export type Filter<Model> = (model: Model, record: KinesisRecord) => MaybePromise<boolean>;

/** The default filter: keeps everything. */
export const allowAll: Filter<unknown> = () => true;
