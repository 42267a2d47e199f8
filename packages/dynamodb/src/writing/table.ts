import type { WriteRequest as BatchedWrite } from "@aws-sdk/client-dynamodb";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { cureAtHome, identityFailureOf, RENEW_CURE, type RequestBounds } from "@kinesis-connectors/aws";
import type { DynamoDbConnection } from "../connection.js";
import { failureOf, refusal, rejection, summaryOf } from "../failures.js";
import { type KeySchema, keySchemaOf, keyText } from "../items/key-schema.js";
import { dynamoDbSdk } from "../load-sdk.js";
import type { Settings } from "../settings.js";
import type { Write } from "./writes.js";

/** The outcome of one request. Errors that stop the shard are thrown. */
export type Answer =
  /** `unprocessed` holds the keys (`keyText`) that were left out for want of capacity. */
  | { readonly kind: "taken"; readonly unprocessed: ReadonlySet<string> }
  | { readonly kind: "failed"; readonly reason: "throttled" | "retry" | "rejected"; readonly error: Error };

/** One table: its key, and requests to it, each answered by what it means. */
export interface Table {
  /**
   * Reads the primary key, once.
   * @throws KinesisConnectorError `KC_EMIT_REFUSED`, `KC_OPTION_INVALID`; or what may pass
   */
  readonly schema: (limits: RequestBounds) => Promise<KeySchema>;
  /** Sends one guarded write, or up to 25 plain ones. */
  readonly send: (writes: readonly Write[], limits: RequestBounds) => Promise<Answer>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** A table over a connection; nothing is sent yet. */
export function tableOf<Output>(connection: DynamoDbConnection, settings: Settings<Output>): Table {
  const { table } = settings;
  let known: KeySchema | undefined;

  const describe = async (limits: RequestBounds): Promise<KeySchema> => {
    const { Table: description } = await call(limits, async () => {
      const { DescribeTableCommand } = await dynamoDbSdk();
      return connection.request(DescribeTableCommand, { TableName: table }, limits);
    });
    const status = description?.TableStatus;
    // A table that is being created becomes one that can be written to.
    if (status === "CREATING") throw new Error(`DynamoDB: the table ${table} is still being created`);
    const schema = keySchemaOf(description);
    if (schema === undefined) {
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `DynamoDB tells no primary key of the table "${table}" (status ${status ?? "unknown"}): check \`table\` and \`endpoint\``,
      );
    }
    requireApart(schema, settings);
    return schema;
  };

  /** The error that stops the shard, where no repetition mends it. */
  const stopping = (action: string, error: unknown): KinesisConnectorError | undefined => {
    const failure = failureOf(error);
    if (failure.kind === "refused") return refusal(action, failure.cure, error);
    if (failure.kind === "rejected") return refusal(action, "correct `table`", error);
    // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
    if (failure.kind === "expired" && !connection.renewsCredentials)
      return refusal(action, RENEW_CURE, error);
    return mistakeOf(action, error);
  };

  /** Runs a request; expired credentials are renewed once. */
  const call = async <Result>(limits: RequestBounds, request: () => Promise<Result>): Promise<Result> => {
    try {
      return await request();
    } catch (error) {
      limits.signal.throwIfAborted();
      if (failureOf(error).kind !== "expired") throw error;
      await connection.refreshCredentials();
      return request();
    }
  };

  return {
    schema: async (limits) => {
      if (known !== undefined) return known;
      try {
        known = await describe(limits);
        return known;
      } catch (error) {
        limits.signal.throwIfAborted();
        if (KinesisConnectorError.isInstance(error)) throw error;
        throw stopping(`to describe the table "${table}" (option table)`, error) ?? summaryOf(error);
      }
    },

    send: async (writes, limits) => {
      try {
        return { kind: "taken", unprocessed: await call(limits, () => write(writes, limits)) };
      } catch (error) {
        limits.signal.throwIfAborted();
        const { kind } = failureOf(error);
        if (kind === "superseded") return { kind: "taken", unprocessed: NOTHING };
        if (kind === "throttled" || kind === "retry") {
          const mistake = mistakeOf(`to write to the table "${table}"`, error);
          if (mistake !== undefined) throw mistake;
          return { kind: "failed", reason: kind, error: summaryOf(error) };
        }
        if (kind === "rejected") return { kind: "failed", reason: kind, error: rejection(error) };
        const refused = stopping(`to write to the table "${table}"`, error);
        if (refused !== undefined) throw refused;
        return { kind: "failed", reason: "retry", error: summaryOf(error) };
      }
    },
  };

  async function write(writes: readonly Write[], limits: RequestBounds): Promise<ReadonlySet<string>> {
    const sdk = await dynamoDbSdk();
    const batch: BatchedWrite[] = [];
    for (const write of writes) {
      if (write.kind === "put") await connection.request(sdk.PutItemCommand, write.input, limits);
      else if (write.kind === "update") await connection.request(sdk.UpdateItemCommand, write.input, limits);
      else batch.push(write.write);
    }
    if (batch.length === 0) return NOTHING;
    const { UnprocessedItems } = await connection.request(
      sdk.BatchWriteItemCommand,
      { RequestItems: { [table]: batch } },
      limits,
    );
    // Empty where all was done (API reference); left out, nothing says that anything was.
    if (UnprocessedItems === undefined) throw new Error("DynamoDB answered a batch without UnprocessedItems");
    // The table may come back under its name where its ARN was given; there is only the one.
    const schema = known ?? [];
    return new Set(
      Object.values(UnprocessedItems)
        .flat()
        .map(({ PutRequest, DeleteRequest }) =>
          keyText(schema, PutRequest?.Item ?? DeleteRequest?.Key ?? {}),
        ),
    );
  }
}

/** The error for what never left the machine and never will; credentials that are away for a while are none. */
function mistakeOf(action: string, error: unknown): KinesisConnectorError | undefined {
  const home = identityFailureOf(error) === undefined ? cureAtHome(error) : undefined;
  return home === undefined ? undefined : refusal(action, home, error);
}

/** Refuses a key that is an attribute which the emitter writes by itself. */
function requireApart<Output>(schema: KeySchema, settings: Settings<Output>): void {
  if (settings.mode === "put") return;
  for (const { name } of schema) {
    const option =
      name === settings.positionAttribute
        ? "positionAttribute"
        : name === settings.tombstoneExpiry?.attribute
          ? "tombstoneExpiry.attribute"
          : undefined;
    if (option === undefined) continue;
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `${option} is ${name}, which is a key of the table "${settings.table}": choose another attribute`,
    );
  }
}
