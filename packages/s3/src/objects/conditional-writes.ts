import { isOfAws } from "@kinesis-connectors/aws";
import {
  backoffMs,
  KinesisConnectorError,
  type Logger,
  sleep,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { bodyOf } from "./body.js";
import type { S3Connection } from "../connection.js";
import { errorCodeOf, failureOf, refusal, summaryOf } from "../failures.js";
import { BATCH_ID } from "./object-metadata.js";
import type { ObjectSettings } from "./object-headers.js";
import { type NewObject, putIfAbsent } from "./put-object.js";

/**
 * How it is known that a store keeps `If-None-Match: *`, on which exactly-once rests. `proven`: S3 itself is known to, and another store is
 * tried once at `open`. `trusted`: whoever configures it knows.
 * @inline
 */
export type ConditionalWrites = "proven" | "trusted";

/**
 * The object that is written to try a store, below the prefix: it stays, so that no right to delete is needed, and every later try finds it.
 * Tools that read folders (Hive, Spark, Athena) read over names that begin with an underscore.
 */
export const PROBE_NAME = "_kinesis-connectors-conditional-writes";

const PROBE_TEXT = Buffer.from(
  "Written to find out whether this store refuses to write over an object (If-None-Match: *). It may be removed.\n",
);

/** So often a write over the probe must succeed before it is believed: something may have removed it in between. */
const WRITES_BELIEVED = 3;
const MAX_TRIES = 6;
const BACKOFF = { baseDelayMs: 100, maxDelayMs: 2_000 };

interface ProbeContext {
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * Tries, on a probe, whether a store that is not AWS's refuses to write over an object, in one request and at the end of an upload in
 * parts. A refusal is proof whoever wrote the probe, so that many workers may try at once.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when it does not, or when it cannot be told
 */
export async function requireConditionalWrites(
  connection: S3Connection,
  settings: ObjectSettings,
  key: string,
  endpoint: URL | undefined,
  context: ProbeContext,
): Promise<void> {
  if (endpoint === undefined || isOfAws(endpoint)) return;
  const store = { connection, settings, key, host: endpoint.host };
  await requireRefusal(store, "PutObject", { ...settings, multipartAboveBytes: PROBE_TEXT.length }, context);
  // The probe is there now.
  await requireRefusal(store, "CompleteMultipartUpload", { ...settings, multipartAboveBytes: 0 }, context);
}

interface Store {
  readonly connection: S3Connection;
  readonly settings: ObjectSettings;
  readonly key: string;
  readonly host: string;
}

/** Writes the probe until the store refuses to, for it is there. */
async function requireRefusal(
  store: Store,
  operation: string,
  settings: ObjectSettings,
  { signal, logger }: ProbeContext,
): Promise<void> {
  const { connection, key, host } = store;
  const context = { signal, logger, clock: systemClock };
  let last: unknown;
  let writes = 0;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    // Of its own each time: after a lost answer an object of the same batch would pass for what was written.
    const batchId = `probe-${systemRandom.uuid()}`;
    const probe: NewObject = { key, body: bodyOf(PROBE_TEXT), batchId, metadata: { [BATCH_ID]: batchId } };
    try {
      await putIfAbsent(connection, settings, probe, context);
      writes += 1;
      if (writes === WRITES_BELIEVED) throw ignoring(store, operation);
    } catch (error) {
      signal.throwIfAborted();
      if (KinesisConnectorError.isInstance(error)) throw error;
      const failure = failureOf(error);
      if (failure.kind === "taken") return;
      if (failure.kind === "refused") throw refusal(`${store.settings.bucket}/${key}`, failure.cure, error);
      if (failure.kind === "expired") await connection.refreshCredentials();
      last = error;
      logger.debug(
        { host, operation, code: errorCodeOf(error) },
        "the store could not be tried yet; trying again",
      );
      await sleep(systemClock, backoffMs(tries + 1, BACKOFF, systemRandom), signal);
      signal.throwIfAborted();
    }
  }
  throw new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `it could not be told whether the store at ${host} keeps If-None-Match (${operation} of ${store.settings.bucket}/${key} failed with ${errorCodeOf(last)}): mend that ` +
      'and start again; or set conditionalWrites to "trusted" if you know',
    { cause: summaryOf(last) },
  );
}

function ignoring({ settings, key, host }: Store, operation: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `the store at ${host} ignores If-None-Match: ${operation} wrote over ${settings.bucket}/${key}. Batches would be replaced and doubled without a word: ` +
      'use a store with conditional writes, or a newer version of it; conditionalWrites "trusted" writes to it all the same',
  );
}
