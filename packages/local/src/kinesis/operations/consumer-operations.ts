import type { LoopbackResponse } from "../../http/exchange.js";
import { findFault } from "../../faults.js";
import type { WireForm } from "../protocol/codec.js";
import { inUse, invalidArgument, limitExceeded, notFound } from "../errors.js";
import { optionalInteger, optionalText, optionalTime, structure, text, word } from "../protocol/input.js";
import { positionTypes, requireShard, startAt } from "../streams/iterators.js";
import type { Call, Operations } from "./operation.js";
import { TokenBucket } from "../streams/rates.js";
import type { RegisteredConsumer, Stream } from "../streams/stream.js";
import { Subscription } from "../streams/subscription.js";
import { isInput, WireTime, type WireObject } from "../protocol/values.js";

function describe(consumer: RegisteredConsumer): WireObject {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: consumer.arn,
    ConsumerStatus: consumer.status,
    ConsumerCreationTimestamp: new WireTime(consumer.createdMs),
  };
}

/** The consumer a request names: by ConsumerARN, or by StreamARN and ConsumerName. */
function consumerOf({ account, input }: Call): {
  readonly stream: Stream;
  readonly consumer: RegisteredConsumer;
} {
  const arn = optionalText(input, "ConsumerARN");
  if (arn !== undefined) return account.consumerByArn(arn);
  const stream = account.stream({ StreamARN: text(input, "StreamARN") });
  const name = text(input, "ConsumerName", 128);
  const consumer = stream.consumers.get(name);
  if (!consumer)
    throw notFound(`Consumer ${name} of stream ${stream.name} under account ${account.accountId} not found.`);
  return { stream, consumer };
}

function registerConsumer({ account, input }: Call): WireObject {
  account.takeControlCall("RegisterStreamConsumer");
  const stream = account.liveStream({ StreamARN: text(input, "StreamARN") });
  const consumer = account.registerConsumer(stream, text(input, "ConsumerName", 128));
  if (isInput(input["Tags"]))
    for (const [key, value] of Object.entries(input["Tags"])) consumer.tags.set(key, String(value));
  return { Consumer: describe(consumer) };
}

function deregisterConsumer(call: Call): WireObject {
  call.account.takeControlCall("DeregisterStreamConsumer");
  const { stream, consumer } = consumerOf(call);
  call.account.deregisterConsumer(stream, consumer);
  return {};
}

function describeConsumer(call: Call): WireObject {
  call.account.takeControlCall("DescribeStreamConsumer", call.account.limits.describeStreamSummaryPerSecond);
  const { stream, consumer } = consumerOf(call);
  return { ConsumerDescription: { ...describe(consumer), StreamARN: stream.arn } };
}

function listConsumers({ account, input }: Call): WireObject {
  account.takeControlCall("ListStreamConsumers");
  const stream = account.stream({ StreamARN: text(input, "StreamARN") });
  const maxResults = optionalInteger(input, "MaxResults", 1, 10_000) ?? 100;
  const token = optionalText(input, "NextToken");
  const [start] = token === undefined ? [""] : (account.tokens.open("consumers", token) ?? []);
  if (typeof start !== "string") throw invalidArgument("Invalid NextToken.");
  const rest = [...stream.consumers.values()]
    .filter((consumer) => consumer.name > start)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = rest.slice(0, maxResults);
  const last = page.at(-1);
  return {
    Consumers: page.map((consumer) => describe(consumer)),
    NextToken: last && rest.length > page.length ? account.tokens.issue("consumers", [last.name]) : undefined,
  };
}

/** Starts a subscription, or throws what the call is refused with. */
export function subscribe(call: Call, response: LoopbackResponse, form: WireForm): void {
  const { account, input } = call;
  const { limits, clock } = account;
  const { stream, consumer } = account.consumerByArn(text(input, "ConsumerARN"));
  if (consumer.status === "DELETING") throw notFound(`Consumer ${consumer.arn} not found.`);
  if (consumer.status !== "ACTIVE")
    throw inUse(`Consumer ${consumer.arn} is ${consumer.status}, not ACTIVE.`);
  account.liveStream({ StreamARN: stream.arn });
  const shard = requireShard(account, stream, text(input, "ShardId", 128));
  if (!account.rates.takeCall(`SubscribeToShard ${consumer.arn} ${shard.id}`, limits.subscribePerSecond))
    throw limitExceeded(`Rate exceeded for SubscribeToShard of ${shard.id} by consumer ${consumer.arn}.`);
  const startingPosition = structure(input, "StartingPosition");
  const position = startAt(account, stream, shard, {
    type: word(startingPosition, "Type", positionTypes),
    sequenceNumber: optionalText(startingPosition, "SequenceNumber"),
    timestampMs: optionalTime(startingPosition, "Timestamp"),
  });
  const now = clock.now();
  const lastMs = consumer.subscribedMs.get(shard.id) ?? -Infinity;
  if (now - lastMs < limits.resubscribeAfterMs)
    throw inUse(
      `Another active subscription exists for this consumer: ${account.accountId}:${stream.name}:${shard.id}:${consumer.name}`,
    );
  consumer.subscribedMs.set(shard.id, now);
  // SubscribeToShard page of the API reference: a later call takes over and the earlier subscription ends.
  consumer.subscriptions
    .get(shard.id)
    ?.fail(inUse("Another subscription of this consumer took over this shard."));
  const subscription: Subscription = new Subscription({
    shard,
    position,
    response,
    form,
    clock,
    ageMs: limits.subscriptionAgeMs,
    idleMs: call.behaviour.idleEventMs,
    bytesPerSecond: new TokenBucket(clock, limits.fanOutBytesPerSecond),
    horizonMs: () => stream.horizonMs(clock.now()),
    fault: findFault(call.faults, "event-stream"),
    onEnd: () => {
      if (consumer.subscriptions.get(shard.id) === subscription) consumer.subscriptions.delete(shard.id);
    },
  });
  consumer.subscriptions.set(shard.id, subscription);
}

export const consumerOperations: Operations = {
  RegisterStreamConsumer: { run: registerConsumer, changes: true },
  DeregisterStreamConsumer: { run: deregisterConsumer, changes: true },
  DescribeStreamConsumer: { run: describeConsumer, changes: false },
  ListStreamConsumers: { run: listConsumers, changes: false },
};
