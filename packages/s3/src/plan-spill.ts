import { createHash } from "node:crypto";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import {
  type EmitContext,
  KinesisConnectorError,
  type PlannedRange,
  type PlanSpill,
} from "@kinesis-connectors/core";
import { bodyOf } from "./body.js";
import { limited, type S3Connection } from "./connection.js";
import { failureOf, refusal, summaryOf } from "./failures.js";
import { type NewObject, type ObjectSettings, target } from "./put-object.js";
import { type S3Plan, shardRangeNameOf } from "./requests.js";

/** Query engines pass over names that start with an underscore (Athena and Hive: hidden files). */
const FOLDER = "_plans";

/** Where plans go, and how. */
export interface PlanStore {
  readonly connection: S3Connection;
  readonly settings: Pick<ObjectSettings, "bucket" | "expectedBucketOwner" | "requestPayer">;
  readonly prefix: string;
  /** Creates an object, or finds that this batch created it already. */
  readonly create: (object: NewObject, context: EmitContext<S3Plan>) => Promise<void>;
}

/** Keeps long plans as objects of their own, each under a name that holds its digest: what is there is the plan, whoever wrote it. */
export function planSpill(store: PlanStore): PlanSpill<S3Plan> {
  return {
    store: async (range, context) => {
      const bytes = Buffer.from(JSON.stringify(context.plan));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const key = keyOf(store.prefix, range, sha256);
      const { batchId } = range;
      await store.create(
        { key, body: bodyOf(bytes), batchId, metadata: { "kc-batch-id": batchId } },
        context,
      );
      return { places: [], spilledTo: { key, sha256 } };
    },
    load: async (_range, context) => {
      const { spilledTo } = context.plan;
      return spilledTo === undefined ? context.plan : load(store, spilledTo, context);
    },
  };
}

async function load(
  { connection, settings }: PlanStore,
  { key, sha256 }: NonNullable<S3Plan["spilledTo"]>,
  context: EmitContext<S3Plan>,
): Promise<S3Plan> {
  const text = await read(connection, settings, key, context);
  if (createHash("sha256").update(text).digest("hex") !== sha256) {
    throw new KinesisConnectorError(
      "KC_PLACE_TAKEN",
      `${settings.bucket}/${key} is not the plan that was stored there: something writes below the prefix`,
    );
  }
  // The digest says that it is what `store` wrote: a plan as JSON.
  return JSON.parse(text) as S3Plan;
}

async function read(
  connection: S3Connection,
  settings: PlanStore["settings"],
  key: string,
  context: EmitContext<S3Plan>,
): Promise<string> {
  try {
    return await limited(connection, context, async (abortSignal) => {
      const { Body } = await connection.client.send(new GetObjectCommand(target(settings, key)), {
        abortSignal,
      });
      return (await Body?.transformToString("utf8")) ?? "";
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const failure = failureOf(error);
    const name = error instanceof Error ? error.name : "";
    if (name === "NoSuchKey")
      throw refusal(
        `${settings.bucket}/${key}`,
        "the stored plan of a batch under way was deleted; restore it, and let lifecycle rules keep plans for a week",
        error,
      );
    if (failure.kind === "refused") throw refusal(`${settings.bucket}/${key}`, failure.cure, error);
    throw summaryOf(error);
  }
}

function keyOf(prefix: string, range: PlannedRange, sha256: string): string {
  return `${prefix === "" ? "" : `${prefix}/`}${FOLDER}/${shardRangeNameOf(range)}-${sha256.slice(0, 16)}.json`;
}
