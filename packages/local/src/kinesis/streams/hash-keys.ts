import { hash } from "node:crypto";
import { invalidArgument } from "../errors.js";

/** Hash keys are unsigned 128-bit numbers: MD5 of the partition key, PutRecord page of the API reference. */
export const maxHashKey: bigint = 2n ** 128n - 1n;

/** A hash key as 32 hexadecimal digits, so that order of text is order of numbers. */
export function hashKeyHex(hashKey: bigint): string {
  return hashKey.toString(16).padStart(32, "0");
}

/** Where a partition key lands, as 32 hexadecimal digits. */
export function partitionKeyHashHex(partitionKey: string): string {
  return hash("md5", partitionKey, "hex");
}

/** Reads a decimal hash key. */
export function parseHashKey(text: string, name: string): bigint {
  const value = /^(?:0|[1-9]\d{0,38})$/u.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value > maxHashKey)
    throw invalidArgument(
      `Invalid ${name}. ${name} must be in the range: [0, 2^128-1]. Specified value was ${text}`,
    );
  return value;
}

/** `count` ranges of equal size over all hash keys; the last takes the remainder. */
export function evenRanges(count: number): readonly { readonly start: bigint; readonly end: bigint }[] {
  const size = (maxHashKey + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    start: size * BigInt(index),
    end: index === count - 1 ? maxHashKey : size * BigInt(index + 1) - 1n,
  }));
}
