import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { counted } from "../output/counted.js";

/** A row of the table as DynamoDB handed it over. */
export type Row = Readonly<Record<string, AttributeValue>>;

/** What a look has cost: calls, and the read units that DynamoDB counted. */
export interface Cost {
  readonly calls: Readonly<Record<string, number>>;
  readonly readUnits: number;
}

/** Counts what a client asks for, and keeps the rows of its last scan. */
export interface CostTally {
  readonly cost: () => Cost;
  /** Rows of the scan that began last, those of others included. */
  readonly rows: () => readonly Row[];
}

interface ScanLike {
  readonly input: Record<string, unknown>;
}

/** Watches a client of DynamoDB: every read says what it took (`ReturnConsumedCapacity`). */
export function countingCost(client: DynamoDBClient): CostTally {
  const calls: Record<string, number> = {};
  let readUnits = 0;
  let rows: Row[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { input } = args as ScanLike;
      const operation = (context.commandName ?? "call").replace(/Command$/, "");
      calls[operation] = (calls[operation] ?? 0) + 1;
      const isRead = operation === "Scan" || operation === "GetItem";
      if (operation === "Scan" && input["ExclusiveStartKey"] === undefined) rows = [];
      const answer = await next(
        isRead ? { ...args, input: { ...input, ReturnConsumedCapacity: "TOTAL" } } : args,
      );
      const output = answer.output as {
        readonly Items?: readonly Row[];
        readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
      };
      if (isRead) readUnits += output.ConsumedCapacity?.CapacityUnits ?? 0;
      if (operation === "Scan") rows.push(...(output.Items ?? []));
      return answer;
    },
    { step: "initialize", name: "kinesisConnectorsCost" },
  );
  return { cost: () => ({ calls: { ...calls }, readUnits }), rows: () => rows };
}

/**
 * What a look cost, in words.
 * @param kinesisReads undefined where Kinesis was not asked
 */
export function shownCost({ calls, readUnits }: Cost, rows: number, kinesisReads?: number): string {
  const asked = kinesisReads === undefined ? "Kinesis was not asked." : `Kinesis: ${kinesisReads} reads.`;
  const parts = Object.entries(calls).map(([name, count]) => `${count} ${name}`);
  // Other stores than DynamoDB count no units.
  const units = readUnits === 0 ? "" : ` (${counted(readUnits, "read unit")})`;
  return `lease table: ${counted(rows, "row")}, ${parts.join(", ")}${units}. ${asked}`;
}
