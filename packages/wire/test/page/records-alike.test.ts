import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readRecordsJson, WireFormatError } from "../../src/index.js";
import { damage, outcome } from "../support/answers.js";
import { decodeJsonWithSdk, seenOfPage, seenOfSdk } from "../support/sdk-decoder.js";

/** How all records of an answer are written: the order of members, and the space around them. */
interface Style {
  readonly order: readonly string[];
  readonly comma: string;
  readonly colon: string;
  readonly closing: string;
}

const members = ["Data", "PartitionKey", "SequenceNumber", "ApproximateArrivalTimestamp", "EncryptionType"];
const space = fc.constantFrom("", "", "", " ", "\n\t", "    ");
const style: fc.Arbitrary<Style> = fc.record({
  order: fc
    .shuffledSubarray(members, { minLength: 3 })
    .map((order) => order.concat(members.slice(0, 3).filter((name) => !order.includes(name)))),
  comma: space.map((between) => `,${between}`),
  colon: space.map((between) => `:${between}`),
  closing: space,
});

const digits = fc.bigInt({ min: 1n, max: 10n ** 56n }).map(String);
const record = fc.record({
  Data: fc.uint8Array({ maxLength: 12 }).map((data) => JSON.stringify(Buffer.from(data).toString("base64"))),
  PartitionKey: fc
    .oneof(digits, fc.uuid(), fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }))
    .map((key) => JSON.stringify(key)),
  SequenceNumber: digits.map((number) => JSON.stringify(number)),
  ApproximateArrivalTimestamp: fc
    .integer({ min: 0, max: 4_102_444_800_000 })
    .chain((ms) => fc.constantFrom(String(ms / 1_000), `${ms}E-3`, `${(ms / 1e12).toFixed(12)}E9`)),
  // Nearly always the same, as it is in a shard.
  EncryptionType: fc.constantFrom('"KMS"', '"KMS"', '"KMS"', '"KMS"', '"KMS"', '"NONE"'),
});
type Values = Readonly<Record<string, string>>;

const write = ({ order, comma, colon, closing }: Style, values: Values): string =>
  `{${order.map((name) => `"${name}"${colon}${values[name] ?? ""}`).join(comma)}${closing}}`;

/** An answer whose records are written in one way, but for a few. */
const answer = fc
  .tuple(style, style, fc.array(fc.tuple(record, fc.nat({ max: 9 })), { minLength: 1, maxLength: 16 }))
  .map(([usual, other, records]) => {
    const written = records.map(([values, chance]) => {
      if (chance === 0) return write(other, values);
      if (chance === 1) return write({ ...usual, order: usual.order.toReversed() }, values);
      return write(usual, values);
    });
    return Buffer.from(`{"MillisBehindLatest":0,"Records":[${written.join(usual.comma)}]}`);
  });

describe("records written alike", () => {
  it("are read as the SDK reads them, those between that are not as well", async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (body) => {
        const sdk = seenOfSdk(await decodeJsonWithSdk(body));
        expect(seenOfPage(readRecordsJson(Buffer.from(body)))).toEqual(sdk);
      }),
      { numRuns: 400 },
    );
  });

  it("are refused or read as the SDK reads them when one was damaged", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(answer, damage, async (sound, harm) => {
        const body = harm(sound);
        const page = outcome(() => readRecordsJson(Buffer.from(body)));
        expect(page instanceof Error && !(page instanceof WireFormatError)).toBe(false);
        if (page instanceof Error) {
          refused += 1;
          return;
        }
        expect(seenOfPage(page)).toEqual(seenOfSdk(await decodeJsonWithSdk(body)));
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  it("are read to the last one in an answer of many, each written otherwise than the one before", async () => {
    const [left, right]: readonly [Style, Style] = [
      { order: members, comma: ",", colon: ":", closing: "" },
      { order: members.toReversed(), comma: ", ", colon: ": ", closing: " " },
    ];
    const written = Array.from({ length: 100 }, (_, index) =>
      write(index % 2 === 0 ? left : right, {
        Data: '"aGVsbG8="',
        PartitionKey: '"k"',
        SequenceNumber: `"${index}"`,
        ApproximateArrivalTimestamp: "1.7E9",
        EncryptionType: index % 3 === 0 ? '"KMS"' : '"NONE"',
      }),
    );
    const body = Buffer.from(`{"Records":[${written.join(",")}]}`);
    expect(seenOfPage(readRecordsJson(Buffer.from(body)))).toEqual(seenOfSdk(await decodeJsonWithSdk(body)));
  });
});
