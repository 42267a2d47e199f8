import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { isSwitch, type Lease, type LeaseChange, type LeaseFacts } from "@kinesis-connectors/leases";
import { ATTRIBUTE, checkpointSub, checkpointText, streamText } from "./lease-row.js";

/** The part of an UpdateItem request that says what to write, and when. */
export interface LeaseUpdate {
  /** Left out where nothing is to be written: DynamoDB takes no empty one. */
  readonly UpdateExpression?: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  /** Left out where there are none, for the same reason. */
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/**
 * A change of a lease as an update expression. The condition is the KCL's, `leaseCounter` as seen, and the owner as seen besides:
 * owners are unique to a start of a process, so that a table restored from a backup, with counters that come again, fences too.
 */
export function updateOf(seen: Lease, change: LeaseChange): LeaseUpdate {
  const update = new Expression();
  if (change.type === "hand-off") {
    // KCL `initiateGracefulLeaseHandoff`: the counter stays, and is not looked at, because the owner raises it all the time.
    update.set(ATTRIBUTE.owner, { S: change.owner });
    update.set(ATTRIBUTE.checkpointOwner, { S: seen.owner ?? "" });
    const owner = update.equals(ATTRIBUTE.owner, { S: seen.owner ?? "" });
    return update.build(`${owner} AND ${update.absent(ATTRIBUTE.checkpointOwner)}`);
  }
  update.set(ATTRIBUTE.counter, { N: `${seen.counter + 1}` });
  switch (change.type) {
    case "take":
      update.set(ATTRIBUTE.protocolOwner, { S: change.owner });
      if (change.startTimestampMs !== undefined)
        update.set(ATTRIBUTE.startTimestampMs, { N: `${change.startTimestampMs}` });
      moveTo(update, seen, change.owner);
      break;
    case "assign":
      moveTo(update, seen, change.owner);
      break;
    case "renew":
      if (change.throughputKBps !== undefined)
        update.set(ATTRIBUTE.throughputKBps, { N: change.throughputKBps.toFixed(THROUGHPUT_DIGITS) });
      if (change.readThroughMs !== undefined)
        update.set(ATTRIBUTE.readThroughMs, { N: `${change.readThroughMs}` });
      if (change.pauseDoneMs !== undefined) update.set(ATTRIBUTE.pauseDoneMs, { N: `${change.pauseDoneMs}` });
      break;
    case "prepare": {
      const { checkpoint, state } = change.pending;
      update.set(ATTRIBUTE.pending, { S: checkpointText(checkpoint) });
      update.set(ATTRIBUTE.pendingSub, { N: `${checkpointSub(checkpoint)}` });
      if (state === undefined) update.remove(ATTRIBUTE.pendingState);
      else update.set(ATTRIBUTE.pendingState, { B: state });
      break;
    }
    case "commit":
      update.set(ATTRIBUTE.checkpoint, { S: checkpointText(change.checkpoint) });
      update.set(ATTRIBUTE.checkpointSub, { N: `${checkpointSub(change.checkpoint)}` });
      update.set(ATTRIBUTE.ownerSwitches, { N: "0" });
      if (change.childShardIds !== undefined && change.childShardIds.length > 0)
        update.set(ATTRIBUTE.childShardIds, { SS: [...change.childShardIds] });
      if (change.readThroughMs !== undefined)
        update.set(ATTRIBUTE.readThroughMs, { N: `${change.readThroughMs}` });
      if (change.stream !== undefined) update.set(ATTRIBUTE.stream, { S: streamText(change.stream) });
      update.removePending();
      break;
    case "evict":
      update.remove(ATTRIBUTE.owner);
      update.remove(ATTRIBUTE.checkpointOwner);
      break;
    case "reset":
      update.set(ATTRIBUTE.checkpoint, { S: checkpointText(change.checkpoint) });
      update.set(ATTRIBUTE.checkpointSub, { N: `${checkpointSub(change.checkpoint)}` });
      update.set(ATTRIBUTE.ownerSwitches, { N: "0" });
      update.setOrRemove(ATTRIBUTE.startTimestampMs, numberOf(change.startTimestampMs));
      update.setOrRemove(ATTRIBUTE.readThroughMs, numberOf(change.readThroughMs));
      update.removePending();
      update.remove(ATTRIBUTE.owner);
      update.remove(ATTRIBUTE.checkpointOwner);
      break;
  }
  const counter = update.equals(ATTRIBUTE.counter, { N: `${seen.counter}` });
  const conditions = [counter, update.is(ATTRIBUTE.owner, seen.owner)];
  if (change.type === "assign") conditions.push(update.is(ATTRIBUTE.checkpointOwner, seen.checkpointOwner));
  return update.build(conditions.join(" AND "));
}

// KCL `DynamoDBLeaseRenewer`: DEFAULT_THROUGHPUT_DIGIT_AFTER_DECIMAL.
const THROUGHPUT_DIGITS = 6;

function moveTo(update: Expression, seen: Lease, owner: string): void {
  update.set(ATTRIBUTE.owner, { S: owner });
  update.remove(ATTRIBUTE.checkpointOwner);
  update.remove(ATTRIBUTE.pauseDoneMs);
  if (isSwitch(seen, owner)) update.add(ATTRIBUTE.ownerSwitches, { N: "1" });
}

/** Facts about a shard as an update expression: only of a row that exists, without counter or owner (KCL `updateLeaseWithMetaInfo`). */
export function factsOf(facts: LeaseFacts): LeaseUpdate {
  const update = new Expression();
  if (facts.childShardIds !== undefined && facts.childShardIds.length > 0)
    update.set(ATTRIBUTE.childShardIds, { SS: [...facts.childShardIds] });
  if (facts.hashKeyRange !== undefined) {
    update.set(ATTRIBUTE.startingHashKey, { S: facts.hashKeyRange.startingHashKey });
    update.set(ATTRIBUTE.endingHashKey, { S: facts.hashKeyRange.endingHashKey });
  }
  if (facts.pausedMs !== undefined) update.setOrRemove(ATTRIBUTE.pausedMs, numberOf(facts.pausedMs));
  if (facts.pauseDoneMs !== undefined) update.setOrRemove(ATTRIBUTE.pauseDoneMs, numberOf(facts.pauseDoneMs));
  if (facts.pausedBy !== undefined)
    update.setOrRemove(ATTRIBUTE.pausedBy, facts.pausedBy === null ? undefined : { S: facts.pausedBy });
  return update.build(update.present(ATTRIBUTE.leaseKey));
}

function numberOf(value: number | null | undefined): AttributeValue | undefined {
  return value === undefined || value === null ? undefined : { N: `${value}` };
}

/** Collects the clauses; names and values are placeholders, because some names are reserved words of DynamoDB. */
class Expression {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, AttributeValue> = {};
  readonly #sets: string[] = [];
  readonly #removes: string[] = [];
  readonly #adds: string[] = [];
  #count = 0;

  set(attribute: string, value: AttributeValue): void {
    this.#sets.push(`${this.#name(attribute)} = ${this.#value(value)}`);
  }

  remove(attribute: string): void {
    this.#removes.push(this.#name(attribute));
  }

  /** Removes the attribute where there is no value. */
  setOrRemove(attribute: string, value: AttributeValue | undefined): void {
    if (value === undefined) this.remove(attribute);
    else this.set(attribute, value);
  }

  removePending(): void {
    this.remove(ATTRIBUTE.pending);
    this.remove(ATTRIBUTE.pendingSub);
    this.remove(ATTRIBUTE.pendingState);
  }

  add(attribute: string, value: AttributeValue): void {
    this.#adds.push(`${this.#name(attribute)} ${this.#value(value)}`);
  }

  equals(attribute: string, value: AttributeValue): string {
    return `${this.#name(attribute)} = ${this.#value(value)}`;
  }

  /** Whether the attribute still is the text that was seen, or still is not there. */
  is(attribute: string, seen: string | undefined): string {
    return seen === undefined ? this.absent(attribute) : this.equals(attribute, { S: seen });
  }

  absent(attribute: string): string {
    return `attribute_not_exists(${this.#name(attribute)})`;
  }

  present(attribute: string): string {
    return `attribute_exists(${this.#name(attribute)})`;
  }

  build(condition: string): LeaseUpdate {
    const clause = (word: string, parts: readonly string[]): string[] =>
      parts.length === 0 ? [] : [`${word} ${parts.join(", ")}`];
    const expression = [
      ...clause("SET", this.#sets),
      ...clause("REMOVE", this.#removes),
      ...clause("ADD", this.#adds),
    ].join(" ");
    return {
      ...(expression === "" ? {} : { UpdateExpression: expression }),
      ConditionExpression: condition,
      ExpressionAttributeNames: this.#names,
      ...(this.#count === 0 ? {} : { ExpressionAttributeValues: this.#values }),
    };
  }

  #name(attribute: string): string {
    this.#names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  #value(value: AttributeValue): string {
    const placeholder = `:v${this.#count++}`;
    this.#values[placeholder] = value;
    return placeholder;
  }
}
