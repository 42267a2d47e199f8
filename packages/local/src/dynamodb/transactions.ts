import { createHash } from "node:crypto";
import type { Clock } from "../clock.js";
import type { Engine, Json } from "./engine.js";
import { DynamoDbError, validationError } from "./errors.js";
import type { Gate } from "./gate.js";
import type { Tables } from "./tables.js";

/** All or nothing over several items. */
export interface Transactions {
  readonly write: (input: Json) => Promise<Json>;
  readonly get: (input: Json) => Promise<Json>;
}

/** Items in one transaction (API pages of TransactWriteItems and TransactGetItems). */
const MAX_ITEMS = 100;
/** Bytes of all items of a transaction together. */
const MAX_BYTES = 4 * 1024 * 1024;
/** A ClientRequestToken is remembered for this long after its transaction (API page of TransactWriteItems). */
const TOKEN_LIFE_MS = 600_000;

/** How each action is carried out by an operation on one item. */
const OPERATION_OF: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  // An update without an expression changes nothing but may create the key: it is undone like every failed action.
  ConditionCheck: "UpdateItem",
};

interface Action {
  readonly kind: string;
  readonly operation: string;
  readonly table: string;
  readonly key: Json;
  readonly input: Json;
  readonly wantsItem: boolean;
}

/** What became of one action: nothing wrong, or a cancellation reason. */
interface Outcome {
  readonly action: Action;
  /** The item before the transaction. */
  readonly before: unknown;
  readonly applied: boolean;
  readonly reason: Json;
}

interface Remembered {
  readonly fingerprint: string;
  readonly untilMs: number;
}

/** Starts with no transaction remembered. */
export function createTransactions(engine: Engine, gate: Gate, tables: Tables, clock: Clock): Transactions {
  const tokens = new Map<string, Remembered>();

  const isRepeated = (input: Json): boolean => {
    const token = input["ClientRequestToken"];
    if (typeof token !== "string") return false;
    const { ReturnConsumedCapacity: _capacity, ...request } = input;
    const fingerprint = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const known = tokens.get(token);
    if (known === undefined || known.untilMs <= clock.now()) return false;
    if (known.fingerprint === fingerprint) return true;
    throw new DynamoDbError(
      "IdempotentParameterMismatchException",
      "The ClientRequestToken was used before with other parameters",
    );
  };

  const remember = (input: Json): void => {
    const token = input["ClientRequestToken"];
    if (typeof token !== "string") return;
    for (const [old, { untilMs }] of tokens) if (untilMs <= clock.now()) tokens.delete(old);
    const { ReturnConsumedCapacity: _capacity, ...request } = input;
    tokens.set(token, {
      fingerprint: createHash("sha256").update(JSON.stringify(request)).digest("hex"),
      untilMs: clock.now() + TOKEN_LIFE_MS,
    });
  };

  return {
    write: async (input) => {
      const actions = await Promise.all(itemsIn(input).map((item) => actionOf(item, tables)));
      checkDistinct(actions);
      return gate.alone(async () => {
        if (isRepeated(input)) return {};
        const outcomes: Outcome[] = [];
        try {
          for (const action of actions) outcomes.push(await attempt(engine, action));
        } catch (error) {
          await undo(engine, outcomes);
          throw error;
        }
        const failed = outcomes.some(({ reason }) => reason["Code"] !== "None");
        await undo(
          engine,
          failed ? outcomes : outcomes.filter(({ action }) => action.kind === "ConditionCheck"),
        );
        if (failed) throw cancelled(outcomes.map(({ reason }) => reason));
        remember(input);
        return {};
      });
    },
    get: async (input) => {
      const gets = itemsIn(input).map((item) => {
        const get = item["Get"];
        if (!isJson(get)) throw validationError("Each item of TransactGetItems needs exactly one Get");
        return get;
      });
      return gate.alone(async () => {
        const Responses: Json[] = [];
        for (const get of gets) {
          const { Item } = await engine.call("GetItem", { ...get, ConsistentRead: true });
          Responses.push(Item === undefined ? {} : { Item });
        }
        return { Responses };
      });
    },
  };
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function itemsIn(input: Json): readonly Json[] {
  const items: unknown = input["TransactItems"];
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_ITEMS || !items.every(isJson)) {
    throw validationError(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to ${MAX_ITEMS} and greater than or equal to 1`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(items)) > MAX_BYTES) {
    throw validationError("Collection size of the transaction cannot exceed 4 MB");
  }
  return items;
}

async function actionOf(item: Json, tables: Tables): Promise<Action> {
  const [entry, ...more] = Object.entries(item);
  const [kind, parameters] = entry ?? [];
  const operation = kind === undefined ? undefined : OPERATION_OF[kind];
  if (kind === undefined || operation === undefined || !isJson(parameters) || more.length > 0) {
    throw validationError(
      "TransactItems can only contain one of ConditionCheck, Put, Update or Delete in each item",
    );
  }
  const { ReturnValuesOnConditionCheckFailure: wanted, ...input } = parameters;
  const table = String(input["TableName"]);
  const source = kind === "Put" ? input["Item"] : input["Key"];
  if (!isJson(source)) throw validationError(`A ${kind} needs ${kind === "Put" ? "an Item" : "a Key"}`);
  const names = await tables.keyNames(table);
  return {
    kind,
    operation,
    table,
    key: Object.fromEntries(names.map((name) => [name, source[name]])),
    input,
    wantsItem: wanted === "ALL_OLD",
  };
}

function checkDistinct(actions: readonly Action[]): void {
  const items = new Set(actions.map(({ table, key }) => JSON.stringify([table, key])));
  if (items.size !== actions.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
}

async function attempt(engine: Engine, action: Action): Promise<Outcome> {
  const { Item: before } = await engine.call("GetItem", {
    TableName: action.table,
    Key: action.key,
    ConsistentRead: true,
  });
  try {
    await engine.call(action.operation, action.input);
    return { action, before, applied: true, reason: { Code: "None" } };
  } catch (error) {
    const reason = reasonOf(error, action, before);
    if (reason === undefined) throw error;
    return { action, before, applied: false, reason };
  }
}

/** What is an item's own trouble cancels with a reason; what is wrong with the request itself is its error. */
function reasonOf(error: unknown, action: Action, before: unknown): Json | undefined {
  if (!(error instanceof DynamoDbError)) return undefined;
  if (error.code === "ConditionalCheckFailedException") {
    const Item = action.wantsItem && before !== undefined ? { Item: before } : {};
    return { Code: "ConditionalCheckFailed", Message: error.message, ...Item };
  }
  const ofTheItem = /item size|operand type|document path|attribute that does not exist/i.test(error.message);
  if (error.code === "ValidationException" && ofTheItem) {
    return { Code: "ValidationError", Message: error.message };
  }
  return undefined;
}

async function undo(engine: Engine, outcomes: readonly Outcome[]): Promise<void> {
  for (const { action, before, applied } of outcomes) {
    if (!applied) continue;
    const { table: TableName, key: Key } = action;
    if (before === undefined) await engine.call("DeleteItem", { TableName, Key });
    else await engine.call("PutItem", { TableName, Item: before });
  }
}

function cancelled(reasons: readonly Json[]): DynamoDbError {
  const codes = reasons.map((reason) => String(reason["Code"])).join(", ");
  return new DynamoDbError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { details: { CancellationReasons: reasons } },
  );
}
