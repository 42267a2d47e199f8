import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { CreateStreamFlags } from "../commands/create/stream.js";
import { toKinesis } from "../fleet/aws.js";
import { whereOf } from "../fleet/target.js";

const POLL_MS = 500;
/** A new stream takes a minute or two; with thousands of shards more. */
const ACTIVE_WAIT_MS = 600_000;
const DEFAULT_RETENTION_HOURS = 24;

/** `create stream NAME`. */
export async function createStream(
  context: CliContext,
  flags: CreateStreamFlags,
  name: string,
): Promise<void> {
  const connection = toKinesis(await whereOf(context, flags));
  await connection.checkEndpoint();
  const { client } = connection;
  try {
    const isThere = (await statusOf(context, client, name)) !== undefined;
    if (isThere) throw new CliError("KC_REFUSED", `the stream ${name} exists already; nothing was changed`);
    const plan = planOf(flags, name);
    if (flags.execute) await make(context, client, flags, name);
    if (flags.json) context.out.json({ stream: name, plan, isDone: flags.execute });
    else {
      for (const line of plan) context.out.line(flags.execute ? `done: ${line}` : `would ${line}`);
      if (!flags.execute) context.out.line("nothing has been changed (add --execute)");
    }
  } finally {
    connection.close();
  }
}

function planOf(flags: CreateStreamFlags, name: string): readonly string[] {
  const { shards, retention, kmsKey, noEncryption, tag = [] } = flags;
  return [
    `create the stream ${name}, ${shards === undefined ? "on demand" : `with ${shards} ${shards === 1 ? "shard" : "shards"}`}`,
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
  const options = { abortSignal: context.signal };
  await client.send(
    new CreateStreamCommand({
      StreamName: name,
      ...(shards === undefined
        ? { StreamModeDetails: { StreamMode: "ON_DEMAND" } }
        : { ShardCount: shards, StreamModeDetails: { StreamMode: "PROVISIONED" } }),
    }),
    options,
  );
  await untilActive(context, client, name);
  if (!noEncryption) {
    await client.send(
      new StartStreamEncryptionCommand({
        StreamName: name,
        EncryptionType: "KMS",
        KeyId: kmsKey ?? AWS_KEY,
      }),
      options,
    );
    await untilActive(context, client, name);
  }
  if (retention !== undefined && retention !== DEFAULT_RETENTION_HOURS) {
    await client.send(
      new IncreaseStreamRetentionPeriodCommand({ StreamName: name, RetentionPeriodHours: retention }),
      options,
    );
    await untilActive(context, client, name);
  }
  if (tag.length > 0)
    await client.send(
      new AddTagsToStreamCommand({
        StreamName: name,
        Tags: Object.fromEntries(tag.map(({ key, value }) => [key, value])),
      }),
      options,
    );
}

async function untilActive(context: CliContext, client: KinesisClient, name: string): Promise<void> {
  const { clock, signal } = context;
  const deadlineMs = clock.monotonicNow() + ACTIVE_WAIT_MS;
  for (;;) {
    const status = await statusOf(context, client, name);
    if (status === "ACTIVE") return;
    if (clock.monotonicNow() > deadlineMs)
      throw new CliError("KC_FAILED", `the stream ${name} is still ${status ?? "missing"}: look again later`);
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

async function statusOf(
  { signal }: CliContext,
  client: KinesisClient,
  name: string,
): Promise<string | undefined> {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }), {
      abortSignal: signal,
    });
    return answer.StreamDescriptionSummary?.StreamStatus;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ResourceNotFoundException") return undefined;
    throw thrown;
  }
}
