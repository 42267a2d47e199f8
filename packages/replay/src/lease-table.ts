import { type Clock, invalidOption, type Logger, type Random } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { ReplayRunOptions } from "./run-options.js";

const FUNCTIONS = ["open", "list", "get", "create", "update", "describe", "remove"] as const;

/**
 * The table of a replay's rows: one of the caller's own, or one in DynamoDB, whose client is loaded when it is asked for.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function leaseTableOf(
  { leaseTable, dynamodb }: Pick<ReplayRunOptions, "leaseTable" | "dynamodb">,
  application: string,
  { logger, clock, random }: { readonly logger: Logger; readonly clock: Clock; readonly random: Random },
): () => Promise<LeaseTable> {
  if (typeof leaseTable === "object" && leaseTable !== null) {
    for (const name of FUNCTIONS)
      if (typeof leaseTable[name] !== "function")
        throw invalidOption(`leaseTable must have a function ${name}, and has none`);
    return () => Promise.resolve(leaseTable);
  }
  const tableName = leaseTable ?? application;
  if (typeof tableName !== "string" || !/^[a-zA-Z0-9_.-]{3,255}$/.test(tableName))
    throw invalidOption(
      leaseTable === undefined
        ? "application names the lease table too, and must be 3 to 255 letters, digits, '_', '.' or '-'; or give leaseTable"
        : "leaseTable must be 3 to 255 letters, digits, '_', '.' or '-', or a lease table",
    );
  return async () => {
    const { ownLeaseTable } = await import("@kinesis-connectors/consumer/dynamodb-leases");
    const { table, checkEndpoint } = ownLeaseTable({
      ...dynamodb,
      logger,
      clock,
      random,
      tableName,
      application,
    });
    try {
      await checkEndpoint();
    } catch (error) {
      table.close?.();
      throw error;
    }
    return table;
  };
}
