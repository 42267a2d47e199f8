import { hash } from "node:crypto";

/**
 * The part of the hash-key space that one shard owns; both ends belong to it.
 * ListShards reports it as `HashKeyRange`, in decimal strings: `BigInt(range.StartingHashKey)`.
 */
export interface HashKeyRange {
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
}

/** The highest hash key, 2^128 - 1. */
export const maxHashKey: bigint = 2n ** 128n - 1n;

/** The whole hash-key space, as a stream of one shard owns it. */
export const fullHashKeyRange: HashKeyRange = { startingHashKey: 0n, endingHashKey: maxHashKey };

// The service's own pattern (PutRecord, ExplicitHashKey). Its 39 digits also keep a hostile string of a
// megabyte of digits away from BigInt, whose parsing takes more than linear time.
const decimalHashKey = /^(?:0|[1-9]\d{0,38})$/;

/**
 * The hash key that decides a record's shard: the MD5 of the partition key's UTF-8 bytes, read as an
 * unsigned 128-bit number. Source: PutRecord, `PartitionKey`.
 */
export const partitionHashKey = (partitionKey: string): bigint =>
  BigInt(`0x${hash("md5", partitionKey, "hex")}`);

/**
 * Reads an explicit hash key.
 *
 * @returns the number, or `undefined` if the text is no decimal number from 0 to 2^128 - 1.
 */
export const parseExplicitHashKey = (explicitHashKey: string): bigint | undefined => {
  if (!decimalHashKey.test(explicitHashKey)) return undefined;
  const hashKey = BigInt(explicitHashKey);
  return hashKey <= maxHashKey ? hashKey : undefined;
};

/** Whether the shard that owns `range` owns this hash key. */
export const isInHashKeyRange = (hashKey: bigint, range: HashKeyRange): boolean =>
  hashKey >= range.startingHashKey && hashKey <= range.endingHashKey;

/** Whether `range` holds every hash key, so that nothing can be outside. */
export const isFullHashKeyRange = (range: HashKeyRange): boolean =>
  range.startingHashKey <= 0n && range.endingHashKey >= maxHashKey;
