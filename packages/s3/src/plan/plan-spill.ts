import { createHash } from "node:crypto";
import {
  type EmitContext,
  KinesisConnectorError,
  type PlannedRange,
  type PlanSpill,
} from "@kinesis-connectors/core";
import { bodyOf } from "../objects/body.js";
import { limited } from "@kinesis-connectors/aws";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { objectCreator } from "../objects/create-object.js";
import { failureOf, refusal, summaryOf } from "../failures.js";
import { BATCH_ID } from "../objects/object-metadata.js";
import { type ObjectSettings, target } from "../objects/object-headers.js";
import { type S3Plan, shardRangeNameOf } from "../requests.js";

/** Query engines pass over names that start with an underscore (Athena and Hive: hidden files). */
const FOLDER = "_plans";

/** Keeps long plans as objects of their own, each under a name that holds its digest: what is there is the plan, whoever wrote it. */
export function planSpill(
  connection: S3Connection,
  settings: ObjectSettings,
  prefix: string,
): PlanSpill<S3Plan> {
  // Stored as the batch's objects are, but for what is said of their bytes.
  const asPlan = { ...settings, contentType: "application/json", contentEncoding: undefined };
  const { create } = objectCreator(connection, asPlan);
  return {
    store: async (range, context) => {
      const bytes = Buffer.from(JSON.stringify(context.plan));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const key = keyOf(prefix, range, sha256);
      const { batchId } = range;
      await create({ key, body: bodyOf(bytes), batchId, metadata: { [BATCH_ID]: batchId } }, context);
      return { places: [], spilledTo: { key, sha256 } };
    },
    load: async (_range, context) => {
      const { spilledTo } = context.plan;
      return spilledTo === undefined ? context.plan : load(connection, settings, spilledTo, context);
    },
  };
}

async function load(
  connection: S3Connection,
  settings: ObjectSettings,
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
  settings: ObjectSettings,
  key: string,
  context: EmitContext<S3Plan>,
): Promise<string> {
  try {
    return await limited(connection, context, async (abortSignal) => {
      const { GetObjectCommand } = await s3Sdk();
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
