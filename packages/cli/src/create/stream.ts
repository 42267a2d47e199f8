import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { ConnectionFlags } from "../app/flags.js";
import { toKinesis } from "../connection/aws.js";
import { kinesisSdk } from "../connection/load-sdk.js";
import { whereOf } from "../connection/target.js";
import type { Tag } from "./flags.js";
import { printPlan, untilActive, unlessMissing } from "./make.js";
import { counted } from "../output/counted.js";

export interface CreateStreamFlags extends ConnectionFlags {
  readonly json: boolean;
  readonly execute: boolean;
  readonly shards?: number;
  readonly retention?: number;
  readonly kmsKey?: string;
  readonly noEncryption: boolean;
  readonly tag?: readonly Tag[];
}

const DEFAULT_RETENTION_HOURS = 24;

/** `create stream NAME`. */
export async function createStream(
  context: CliContext,
  flags: CreateStreamFlags,
  name: string,
): Promise<void> {
  const connection = toKinesis(await whereOf(context, flags));
  await connection.checkEndpoint();
  const client = await connection.made();
  try {
    const isThere = (await statusOf(context, client, name)) !== undefined;
    if (isThere) throw new CliError("KC_REFUSED", `the stream ${name} exists already; nothing was changed`);
    const plan = planOf(flags, name);
    if (flags.execute) await make(context, client, flags, name);
    if (flags.json) context.out.json({ stream: name, plan, isDone: flags.execute });
    else printPlan(context, plan, flags.execute);
  } finally {
    connection.close();
  }
}

function planOf(flags: CreateStreamFlags, name: string): readonly string[] {
  const { shards, retention, kmsKey, noEncryption, tag = [] } = flags;
  return [
    `create the stream ${name}, ${shards === undefined ? "on demand" : `with ${counted(shards, "shard")}`}`,
    ...(noEncryption ? [] : [`encrypt its records by the key ${kmsKey ?? AWS_KEY}`]),
    ...(retention === undefined || retention === DEFAULT_RETENTION_HOURS
      ? []
      : [`keep records for ${retention} hours`]),
    ...(tag.length === 0 ? [] : [`tag it ${tag.map(({ key, value }) => `${key}=${value}`).join(", ")}`]),
  ];
}

/** The key of AWS itself: costs nothing (Kinesis developer guide, "Server-side encryption"). */
const AWS_KEY = "alias/aws/kinesis";

async function make(
  context: CliContext,
  client: KinesisClient,
  flags: CreateStreamFlags,
  name: string,
): Promise<void> {
  const { shards, retention, kmsKey, noEncryption, tag = [] } = flags;
  const sdk = await kinesisSdk();
  const options = { abortSignal: context.signal };
  const untilUsable = () => untilActive(context, `stream ${name}`, () => statusOf(context, client, name));
  await client.send(
    new sdk.CreateStreamCommand({
      StreamName: name,
      ...(shards === undefined
        ? { StreamModeDetails: { StreamMode: "ON_DEMAND" } }
        : { ShardCount: shards, StreamModeDetails: { StreamMode: "PROVISIONED" } }),
    }),
    options,
  );
  await untilUsable();
  if (!noEncryption) {
    await client.send(
      new sdk.StartStreamEncryptionCommand({
        StreamName: name,
        EncryptionType: "KMS",
        KeyId: kmsKey ?? AWS_KEY,
      }),
      options,
    );
    await untilUsable();
  }
  if (retention !== undefined && retention !== DEFAULT_RETENTION_HOURS) {
    await client.send(
      new sdk.IncreaseStreamRetentionPeriodCommand({ StreamName: name, RetentionPeriodHours: retention }),
      options,
    );
    await untilUsable();
  }
  if (tag.length > 0)
    await client.send(
      new sdk.AddTagsToStreamCommand({
        StreamName: name,
        Tags: Object.fromEntries(tag.map(({ key, value }) => [key, value])),
      }),
      options,
    );
}

async function statusOf(
  { signal }: CliContext,
  client: KinesisClient,
  name: string,
): Promise<string | undefined> {
  return unlessMissing(async () => {
    const { DescribeStreamSummaryCommand } = await kinesisSdk();
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }), {
      abortSignal: signal,
    });
    return answer.StreamDescriptionSummary?.StreamStatus;
  });
}
