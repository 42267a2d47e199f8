import {
  type AttributeValue,
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { CallError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import { NOWHERE, type Operation, serviceClient } from "../world/service-client.js";
import type { SimProcess } from "../world/sim-process.js";

/** An item as DynamoDB writes it. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** How the simulated table behaves beyond calls that fail on the way. */
export interface TableTemper {
  /** Of a write that is refused for want of capacity, as a single one or as one of a batch (UnprocessedItems). */
  throttled: number;
}

/** Told of each write that was carried out, by what the key holds from then on; not of those whose condition did not hold. */
export interface TableListener {
  readonly put: (key: string, item: Item) => void;
  readonly updated: (key: string, before: Item | undefined, values: Item) => void;
}

/** The name of the key: one attribute, a text. */
const KEY = "key";

const TABLE = "simulated";
const GUARD = "attribute_not_exists(#kcPosition) OR #kcPosition < :kcPosition";

/** DynamoDB as the SDK's client shows it: one table in memory, and of the expressions those that the emitter writes. */
export class SimDynamoDb {
  readonly items: Map<string, Item> = new Map();
  readonly temper: TableTemper;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #listener: TableListener;
  readonly #isUnguarded: boolean;

  constructor(options: {
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: TableTemper;
    readonly listener: TableListener;
    readonly isUnguarded: boolean;
  }) {
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#listener = options.listener;
    this.#isUnguarded = options.isUnguarded;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): DynamoDBClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "destination",
      throttled: ["ProvisionedThroughputExceededException", 400],
      operation: (command) => this.#operation(command),
    });
  }

  #operation(command: unknown): Operation {
    if (command instanceof PutItemCommand) {
      const {
        Item = {},
        ConditionExpression,
        ExpressionAttributeNames,
        ExpressionAttributeValues,
      } = command.input;
      const key = keyIn(Item);
      return {
        name: "PutItem",
        about: key,
        apply: () => {
          this.#mayThrottle();
          this.#requireGuard(key, ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues);
          this.#put(key, Item);
          return {};
        },
      };
    }
    if (command instanceof UpdateItemCommand) {
      const { input } = command;
      const key = keyIn(input.Key);
      return {
        name: "UpdateItem",
        about: key,
        apply: () => {
          this.#mayThrottle();
          const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = input;
          this.#requireGuard(key, ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues);
          this.#update(key, input);
          return {};
        },
      };
    }
    if (command instanceof BatchWriteItemCommand) {
      const writes = command.input.RequestItems?.[TABLE] ?? [];
      return { name: "BatchWriteItem", about: `${writes.length}`, apply: () => this.#writeBatch(writes) };
    }
    if (command instanceof DescribeTableCommand)
      return { name: "DescribeTable", about: TABLE, apply: () => DESCRIPTION };
    throw new Error("the simulated DynamoDB does not know the command");
  }

  #mayThrottle(): void {
    if (this.#random.chance(this.temper.throttled))
      throw new CallError("ProvisionedThroughputExceededException", 400);
  }

  /** The only condition that the emitter writes: nothing is there, or something older. */
  #requireGuard(
    key: string,
    condition: string | undefined,
    names: Readonly<Record<string, string>> = {},
    values: Item = {},
  ): void {
    if (condition !== GUARD) throw new CallError("ValidationException", 400, "an unknown condition");
    const position = this.items.get(key)?.[names["#kcPosition"] ?? ""]?.S;
    const mayWrite = position === undefined || position < (values[":kcPosition"]?.S ?? "");
    if (!mayWrite && !this.#isUnguarded) throw new CallError("ConditionalCheckFailedException", 400);
  }

  #put(key: string, item: Item): void {
    this.items.set(key, item);
    this.#listener.put(key, item);
  }

  /** `SET a = :a, b = :b ADD c :c`: what a `SET` names is replaced, and what an `ADD` names is counted up. */
  #update(key: string, { Key, UpdateExpression = "", ...rest }: UpdateItemCommandInput): void {
    const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = rest;
    const before = this.items.get(key);
    const item: Record<string, AttributeValue> = { ...Key, ...before };
    for (const [, clause = "", list = ""] of UpdateExpression.matchAll(/(SET|ADD) (.+?)(?= (?:SET|ADD) |$)/g))
      for (const part of list.split(", ")) {
        const [, name = "", value = ""] = /^(#\w+) (?:= )?(:\w+)$/.exec(part) ?? [];
        const attribute = names[name];
        const given = values[value];
        if (attribute === undefined || given === undefined)
          throw new CallError("ValidationException", 400, "an unknown expression");
        item[attribute] =
          clause === "SET" ? given : { N: String(Number(item[attribute]?.N ?? 0) + Number(given.N)) };
      }
    this.items.set(key, item);
    this.#listener.updated(key, before, values);
  }

  /** Some of a batch is left out for want of capacity, and all of it is refused where nothing was taken. */
  #writeBatch(writes: readonly WriteRequest[]): object {
    const left = writes.filter(() => this.#random.chance(this.temper.throttled));
    if (left.length === writes.length) throw new CallError("ProvisionedThroughputExceededException", 400);
    for (const write of writes) {
      if (left.includes(write)) continue;
      const item = write.PutRequest?.Item ?? {};
      this.#put(keyIn(item), item);
    }
    return { UnprocessedItems: left.length === 0 ? {} : { [TABLE]: left } };
  }
}

const DESCRIPTION = {
  Table: {
    TableStatus: "ACTIVE",
    KeySchema: [{ AttributeName: KEY, KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: KEY, AttributeType: "S" }],
  },
};

const realClient = new DynamoDBClient(NOWHERE);

function keyIn(item: Item | undefined): string {
  return item?.[KEY]?.S ?? "";
}
