import { KinesisConnectorError } from "@kinesis-connectors/core";
import { cureAtOpen, refusal } from "../failures.js";

/**
 * Runs a first look at the database.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when it cannot work
 */
export async function openLoader(
  signal: AbortSignal,
  look: (limits: { readonly signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  try {
    await look({ signal });
  } catch (error) {
    signal.throwIfAborted();
    if (KinesisConnectorError.isInstance(error)) throw error;
    const cure = cureAtOpen(error);
    if (cure !== undefined) throw refusal("a first look at the table and the ledger", cure, error);
    throw error;
  }
}
