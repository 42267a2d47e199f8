import { KinesisConnectorError, systemClock } from "@kinesis-connectors/core";
import type { AwsConnection } from "./connection.js";
import type { RequestBounds } from "./limited.js";

/** A look at a destination before the first shard starts. */
export interface FirstLook {
  /** Asks for the table, stream or bucket that the options name. */
  readonly look: (bounds: RequestBounds) => Promise<unknown>;
  /** The cure of a failure of the look; undefined for one that says nothing about writing, or may pass by itself. */
  readonly cureAtOpen: (error: unknown) => string | undefined;
  /** The error that names what was refused. */
  readonly refusal: (cure: string, error: unknown) => KinesisConnectorError;
  /** Told of a failure without a cure. Looking may take a right that writing does not: the first write tells. */
  readonly unsure: (error: unknown) => void;
}

/**
 * Looks at a destination once, in an emitter's `open`. Gives the endpoint, where that is not AWS's own.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for an endpoint that records must not be sent to; `KC_EMIT_REFUSED` where no repetition mends what the
 * look failed with; the signal's reason
 */
export async function firstLook(
  { checkEndpoint }: Pick<AwsConnection<unknown>, "checkEndpoint">,
  { signal }: { readonly signal: AbortSignal },
  { look, cureAtOpen, refusal, unsure }: FirstLook,
): Promise<URL | undefined> {
  const endpoint = await checkEndpoint();
  try {
    await look({ signal, clock: systemClock });
  } catch (error) {
    signal.throwIfAborted();
    if (KinesisConnectorError.isInstance(error)) throw error;
    const cure = cureAtOpen(error);
    if (cure !== undefined) throw refusal(cure, error);
    unsure(error);
  }
  return endpoint;
}
