import type { RedisClient } from "./connection.js";
import { evaluate, evaluateWhole, FORMAT_FIELD } from "./script.js";

/** A field of the hash that is no row and is there for a moment. */
const ASKED_FIELD = `${FORMAT_FIELD}-asked`;

/**
 * Makes each call that a lease table makes later, on a field that is no row: a right that is missing stops the start, and not the first write of a worker that
 * has leases already.
 */
export async function askForRights(client: RedisClient, key: string, waits: boolean): Promise<void> {
  await evaluateWhole(client, key, [ASKED_FIELD, "create", "{}"]);
  await evaluate(client, key, [ASKED_FIELD, "change", JSON.stringify({ expected: {}, write: {} })]);
  await client.hmget(key, ASKED_FIELD);
  await client.hdel(key, ASKED_FIELD);
  // Of no replicas: it does not wait.
  if (waits) await client.call("WAIT", "0", "1");
}
