import { describeAwsError } from "@kinesis-connectors/aws";
import { KinesisConnectorError, type Logger } from "@kinesis-connectors/core";
import { cureAtOpen, refusal } from "../failures.js";

/** "Common errors" and "Errors" of BatchExecuteStatement (Data API reference). */
const THROTTLED =
  /^(?:Throttling|TooManyRequests|RequestLimitExceeded|ActiveStatementsExceeded|ActiveSessionsExceeded)/;

/**
 * Runs a first look at the database. Throttling does not keep a connector from starting: the first load tells.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when it cannot work
 */
export async function openLoader(
  { signal, logger }: { readonly signal: AbortSignal; readonly logger: Logger },
  look: (limits: { readonly signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  try {
    await look({ signal });
  } catch (error) {
    signal.throwIfAborted();
    if (KinesisConnectorError.isInstance(error)) throw error;
    const cure = cureAtOpen(error);
    if (cure !== undefined) throw refusal("a first look at the table and the ledger", cure, error);
    const { code } = describeAwsError(error);
    if (!THROTTLED.test(code)) throw error;
    logger.debug({ error: code }, "the database could not be looked at; going on");
  }
}
