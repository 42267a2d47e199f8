import { describeAwsError, firstLook } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import { cureAtOpen, refusal } from "../failures.js";
import { checkTables, type Loader } from "./loader.js";

/** "Common errors" and "Errors" of BatchExecuteStatement (Data API reference). */
const THROTTLED =
  /^(?:Throttling|TooManyRequests|RequestLimitExceeded|ActiveStatementsExceeded|ActiveSessionsExceeded)/;

type Open = NonNullable<Emitter<unknown>["open"]>;

/**
 * Opens what a load is staged in, and looks at the table and the ledger. Throttling does not keep a connector from starting: the first load tells.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the load cannot work; what the look failed with otherwise
 */
export async function openLoader(
  loader: Loader,
  staged: { readonly open: Open },
  opening: Parameters<Open>[0],
): Promise<void> {
  await staged.open(opening);
  await firstLook(loader.runner.connection, opening, {
    look: (bounds) => checkTables(loader, { ...opening, ...bounds }),
    cureAtOpen,
    refusal: (cure, error) => refusal("a first look at the table and the ledger", cure, error),
    unsure: (error) => {
      const { code } = describeAwsError(error);
      if (!THROTTLED.test(code)) throw error;
      opening.logger.debug({ error: code }, "the database could not be looked at; going on");
    },
  });
}
