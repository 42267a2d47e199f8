import { RENEW_CURE } from "@kinesis-connectors/aws";
import { type EmitContext, KinesisConnectorError } from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { failureOf, refusal, summaryOf } from "../failures.js";
import type { ObjectSettings } from "./object-headers.js";
import { type NewObject, type Occupant, occupantOf, putIfAbsent } from "./put-object.js";

/** Creates objects once, and tells whose an object is. */
export interface ObjectCreator {
  /** Creates an object, or finds that its batch created it already. Rejects with what the engine retries, or with what stops the shard. */
  readonly create: (object: NewObject, context: EmitContext<unknown>) => Promise<void>;
  readonly look: (key: string, batchId: string, context: EmitContext<unknown>) => Promise<Occupant>;
}

/** An `ObjectCreator` over a connection. */
export function objectCreator(connection: S3Connection, settings: ObjectSettings): ObjectCreator {
  const { bucket } = settings;

  const look = async (key: string, batchId: string, context: EmitContext<unknown>): Promise<Occupant> => {
    try {
      return await occupantOf(connection, settings, key, batchId, context);
    } catch (error) {
      context.signal.throwIfAborted();
      throw summaryOf(error);
    }
  };

  const create = async (object: NewObject, context: EmitContext<unknown>): Promise<void> => {
    for (let renewed = false; ; renewed = true) {
      try {
        await putIfAbsent(connection, settings, object, context);
        return;
      } catch (error) {
        context.signal.throwIfAborted();
        const failure = failureOf(error);
        if (failure.kind === "taken") {
          await requireOurs(object, context);
          return;
        }
        if (failure.kind === "refused") throw refusal(`${bucket}/${object.key}`, failure.cure, error);
        if (failure.kind === "retry") throw summaryOf(error);
        // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
        if (renewed && connection.renewsCredentials) throw summaryOf(error);
        if (renewed) throw refusal(`${bucket}/${object.key}`, RENEW_CURE, error);
        await renewCredentials();
      }
    }
  };

  const renewCredentials = async (): Promise<void> => {
    try {
      await connection.refreshCredentials();
    } catch (error) {
      throw summaryOf(error);
    }
  };

  /** Something is at the key. It is this batch when an earlier attempt got through, here or in another process: its bytes stay. */
  const requireOurs = async (object: NewObject, context: EmitContext<unknown>): Promise<void> => {
    const occupant = await look(object.key, object.batchId, context);
    if (occupant === "ours") {
      context.logger.debug({ key: object.key, batchId: object.batchId }, "the object was written already");
      return;
    }
    if (occupant === "missing") {
      throw new Error(
        "the object was in the way of a write and is gone now: something deletes below the prefix",
      );
    }
    if (occupant === "unreadable") {
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `${bucket}/${object.key} exists, but S3 does not say whose it is (403): grant s3:GetObject on the prefix`,
      );
    }
    throw new KinesisConnectorError(
      "KC_PLACE_TAKEN",
      `${bucket}/${object.key} holds something that batch ${object.batchId} did not write: give each application its own prefix, and move the object away`,
    );
  };

  return { create, look };
}
