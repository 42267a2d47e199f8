import { firstLook } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import { cureAtOpen, refusal } from "../failures.js";
import { checkTables, type Loader } from "./loader.js";

type Opening = Parameters<NonNullable<Emitter<unknown>["open"]>>[0];

/**
 * Opens what a load is staged in, and looks at the table and the ledger.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the load cannot work; what the look failed with otherwise
 */
export async function openLoader(
  loader: Loader,
  staged: { readonly open: NonNullable<Emitter<unknown>["open"]> },
  opening: Opening,
): Promise<void> {
  await staged.open(opening);
  await firstLook(loader.runner.connection, opening, {
    look: (bounds) => checkTables(loader, { ...opening, ...bounds }),
    cureAtOpen,
    refusal: (cure, error) => refusal("a first look at the table and the ledger", cure, error),
    unsure: (error) => {
      throw error;
    },
  });
}
