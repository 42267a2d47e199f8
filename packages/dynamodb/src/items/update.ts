import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { marshalValue } from "./marshal.js";

/** The change of an item by one record: the expressions of UpdateItem, with plain values. */
export interface ItemUpdate {
  /** Such as `SET #status = :status ADD quantity :n`. The position is added to it. */
  readonly expression: string;
  /** Names that stand in the expressions as `#name`. Those that begin with `#kc` are taken. */
  readonly names?: Readonly<Record<string, string>>;
  /** Values that stand in the expressions as `:value`. Those that begin with `:kc` are taken. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** A further condition. Where it does not hold, the record changes nothing and counts as written. */
  readonly condition?: string;
}

/** The item has no position yet, or an older one. */
export const GUARD = "attribute_not_exists(#kcPosition) OR #kcPosition < :kcPosition";

/** An update with the guard and the position in it, as UpdateItem takes it. */
export interface GuardedUpdate {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

// SET is a reserved word, so outside of #SET and :SET it can only begin the clause (developer guide, "Reserved words").
const SET_CLAUSE = /(?<![\w#:.-])SET(?=\s)/i;

/**
 * Writes position and guard into an update, so that each record changes its item once, in order. Pure.
 * @throws KinesisConnectorError `KC_RECORD_POISON` when the update is not one
 */
export function guardedUpdate(
  update: ItemUpdate,
  positionAttribute: string,
  position: string,
): GuardedUpdate {
  const { expression, names = {}, values = {}, condition } = update;
  if (typeof expression !== "string" || expression.trim() === "")
    throw refused("its expression is empty: leave such records out in the filter");
  for (const name of [...Object.keys(names), ...Object.keys(values)])
    if (/^[#:]kc/.test(name)) throw refused(`the placeholder ${name} is taken: choose another`);
  const assignment = "#kcPosition = :kcPosition";
  return {
    UpdateExpression: SET_CLAUSE.test(expression)
      ? expression.replace(SET_CLAUSE, `SET ${assignment},`)
      : `${expression} SET ${assignment}`,
    ConditionExpression: condition === undefined ? GUARD : `(${GUARD}) AND (${condition})`,
    ExpressionAttributeNames: { ...names, "#kcPosition": positionAttribute },
    ExpressionAttributeValues: {
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, marshalValue(value, name)])),
      ":kcPosition": { S: position },
    },
  };
}

function refused(what: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_RECORD_POISON", `the update cannot be sent: ${what}`);
}
