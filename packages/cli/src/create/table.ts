import type { CreateTableCommandInput, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { ConnectionFlags } from "../app/flags.js";
import { installed } from "../app/installed.js";
import { toDynamoDb } from "../connection/aws.js";
import { dynamoDbSdk } from "../connection/load-sdk.js";
import { whereOf } from "../connection/target.js";
import type { Tag } from "./flags.js";
import type { KeyAttribute } from "./key-attribute.js";
import { printPlan, untilActive, unlessMissing } from "./make.js";

export interface CreateTableFlags extends ConnectionFlags {
  readonly json: boolean;
  readonly execute: boolean;
  readonly key?: readonly KeyAttribute[];
  readonly rcu?: number;
  readonly wcu?: number;
  readonly kmsKey?: string;
  readonly tag?: readonly Tag[];
  readonly redshift: boolean;
  readonly column?: readonly string[];
}

/** `create table NAME`. */
export async function createTable(context: CliContext, flags: CreateTableFlags, name: string): Promise<void> {
  if (flags.redshift) {
    await printRedshift(context, flags, name);
    return;
  }
  const input = inputOf(flags, name);
  const connection = toDynamoDb(await whereOf(context, flags));
  await connection.checkEndpoint();
  const client = await connection.made();
  try {
    if ((await statusOf(context, client, name)) !== undefined)
      throw new CliError("KC_REFUSED", `the table ${name} exists already; nothing was changed`);
    const plan = planOf(flags, name);
    if (flags.execute) {
      const { CreateTableCommand } = await dynamoDbSdk();
      await client.send(new CreateTableCommand(input), { abortSignal: context.signal });
      await untilActive(context, `table ${name}`, () => statusOf(context, client, name));
    }
    if (flags.json) context.out.json({ table: name, plan, isDone: flags.execute });
    else printPlan(context, plan, flags.execute);
  } finally {
    connection.close();
  }
}

function planOf({ key = [], rcu, wcu, kmsKey, tag = [] }: CreateTableFlags, name: string): readonly string[] {
  const capacity =
    rcu === undefined && wcu === undefined ? "on demand" : `with ${rcu} read and ${wcu} write units`;
  return [
    `create the table ${name} with the key ${key.map((one) => `${one.name} (${one.type})`).join(", ")}, ${capacity}`,
    ...(kmsKey === undefined ? [] : [`encrypt it by the key ${kmsKey}`]),
    ...(tag.length === 0 ? [] : [`tag it ${tag.map((one) => `${one.key}=${one.value}`).join(", ")}`]),
  ];
}

function inputOf(flags: CreateTableFlags, name: string): CreateTableCommandInput {
  const { key = [], rcu, wcu, kmsKey, tag = [] } = flags;
  if (key.length === 0 || key.length > 2)
    throw new CliError("KC_USAGE", "give --key NAME:TYPE once, or twice for a partition and a sort key");
  if ((rcu === undefined) !== (wcu === undefined))
    throw new CliError("KC_USAGE", "give --rcu and --wcu together, or neither for a table on demand");
  return {
    TableName: name,
    AttributeDefinitions: key.map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
    KeySchema: key.map((one, index) => ({
      AttributeName: one.name,
      KeyType: index === 0 ? "HASH" : "RANGE",
    })),
    ...(rcu === undefined || wcu === undefined
      ? { BillingMode: "PAY_PER_REQUEST" }
      : {
          BillingMode: "PROVISIONED",
          ProvisionedThroughput: { ReadCapacityUnits: rcu, WriteCapacityUnits: wcu },
        }),
    ...(kmsKey === undefined
      ? {}
      : { SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: kmsKey } }),
    ...(tag.length === 0 ? {} : { Tags: tag.map((one) => ({ Key: one.key, Value: one.value })) }),
  };
}

async function statusOf(
  { signal }: CliContext,
  client: DynamoDBClient,
  name: string,
): Promise<string | undefined> {
  return unlessMissing(async () => {
    const { DescribeTableCommand } = await dynamoDbSdk();
    const answer = await client.send(new DescribeTableCommand({ TableName: name }), { abortSignal: signal });
    return answer.Table?.TableStatus;
  });
}

/** The part of `@kinesis-connectors/redshift` that is used here. */
interface RedshiftSchema {
  readonly tableSchema: (options: {
    readonly table: string;
    readonly columns: readonly { readonly name: string; readonly type: string; readonly notNull: boolean }[];
  }) => string;
  readonly ledgerSchema: () => string;
}

async function printRedshift({ out, cwd }: CliContext, flags: CreateTableFlags, name: string): Promise<void> {
  const { column = [] } = flags;
  if (column.length === 0)
    throw new CliError("KC_USAGE", "--redshift needs its columns: --column NAME:TYPE, once for each");
  const redshift = await redshiftIn(cwd);
  const columns = column.map((text) => {
    const [columnName = "", type = "", constraint] = text.split(":");
    if (constraint !== undefined && constraint !== "not-null")
      throw new CliError("KC_USAGE", `--column ${text}: only :not-null may follow the type`);
    return { name: columnName, type, notNull: constraint === "not-null" };
  });
  const sql = `${redshift.tableSchema({ table: name, columns })}\n${redshift.ledgerSchema()}`;
  if (flags.json) out.json({ table: name, sql });
  else out.line(sql.trimEnd());
}

async function redshiftIn(cwd: string): Promise<RedshiftSchema> {
  const redshift = await installed(cwd, "@kinesis-connectors/redshift");
  if (redshift !== undefined) return redshift as RedshiftSchema;
  throw new CliError(
    "KC_FAILED",
    "@kinesis-connectors/redshift is not installed here: npm install @kinesis-connectors/redshift",
  );
}
