import {
  createAggregator,
  fullHashKeyRange,
  type HashKeyRange,
  partitionHashKey,
} from "@kinesis-connectors/wire";
import { array, assert, constantFrom, integer, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";

import type { StreamRecord } from "../../src/kinesis/kinesis-api.js";
import { toUserRecords } from "../../src/reading/user-records.js";
import { startReading, texts } from "./support.js";

const streamRecord = (sequenceNumber: string, data: Uint8Array, partitionKey = "k"): StreamRecord => ({
  sequenceNumber,
  partitionKey,
  data,
  arrivalTimeMs: 1_767_225_600_000,
});

/** One aggregate of these texts, all with the partition key `k` unless said otherwise. */
function aggregate(items: readonly string[], partitionKeys: readonly string[] = []): Uint8Array {
  const aggregator = createAggregator();
  items.forEach((item, index) => {
    aggregator.add({ data: Buffer.from(item), partitionKey: partitionKeys[index] ?? "k" });
  });
  return aggregator.flush()?.data ?? new Uint8Array(0);
}

const places = (records: readonly { sequenceNumber: string; subSequenceNumber: number }[]): string[] =>
  records.map(({ sequenceNumber, subSequenceNumber }) => `${sequenceNumber}.${subSequenceNumber}`);

describe("user records of an answer", () => {
  it("takes aggregates apart and numbers what is inside", () => {
    const { records, scannedEnd, bytes, dataBytes } = toUserRecords(
      [
        streamRecord("8", Buffer.from("plain")),
        streamRecord("9", aggregate(["a", "b", "c"])),
        streamRecord("10", Buffer.from("last")),
      ],
      fullHashKeyRange,
      undefined,
    );
    expect(texts(records)).toEqual(["plain", "a", "b", "c", "last"]);
    expect(places(records)).toEqual(["8.0", "9.0", "9.1", "9.2", "10.0"]);
    expect(scannedEnd).toEqual({ sequenceNumber: "10", subSequenceNumber: 0 });
    expect(bytes).toBeGreaterThan(9);
    expect(dataBytes).toBe("plainabclast".length);
  });

  it.each(["json", "cbor"] as const)(
    "counts the data that producers put, without keys and the answer's form, of plain pages and of aggregates (%s)",
    async (wireFormat) => {
      await using reading = await startReading({
        local: { kinesis: { cbor: wireFormat === "json" ? "refuse" : "definite" } },
      });
      const reader = reading.open({ type: "trim-horizon" });
      reading.put("four", "", "seven77");
      const plain = await reading.next(reader);
      expect([plain.records.length, plain.dataBytes]).toEqual([3, 11]);
      expect(plain.bytes).toBeGreaterThan(100);
      reading.put("xyz", aggregate(["a", "bc", "def"]));
      const opened = await reading.next(reader);
      expect([opened.records.length, opened.dataBytes]).toEqual([4, 9]);
      await reader.close();
    },
  );

  it("F52 resumes inside an aggregate, after the sub-sequence number of the checkpoint", () => {
    const answer = [streamRecord("9", aggregate(["a", "b", "c"])), streamRecord("10", aggregate(["d", "e"]))];
    for (const [sub, expected] of [
      [-1, ["a", "b", "c", "d", "e"]],
      [0, ["b", "c", "d", "e"]],
      [1, ["c", "d", "e"]],
      [2, ["d", "e"]],
    ] as const) {
      const after = { sequenceNumber: "9", subSequenceNumber: sub };
      expect(texts(toUserRecords(answer, fullHashKeyRange, after).records)).toEqual(expected);
    }
  });

  it("F73 compares places as numbers: 10 comes after 9", () => {
    const answer = ["8", "9", "10", "11"].map((number) => streamRecord(number, Buffer.from(number)));
    const after = { sequenceNumber: "9", subSequenceNumber: 0 };
    expect(texts(toUserRecords(answer, fullHashKeyRange, after).records)).toEqual(["10", "11"]);
  });

  it("F51 K50 leaves an aggregate with a record of another shard out as a whole, counts it, and moves past it", () => {
    const inside = partitionHashKey("k");
    const range: HashKeyRange = { startingHashKey: inside, endingHashKey: inside };
    const answer = [
      streamRecord("8", aggregate(["kept", "kept too"])),
      streamRecord("9", aggregate(["mine", "not mine", "mine"], ["k", "another key", "k"])),
    ];
    const { records, dropped, scannedEnd } = toUserRecords(answer, range, undefined);
    expect(texts(records)).toEqual(["kept", "kept too"]);
    expect(dropped).toEqual([{ sequenceNumber: "9", userRecords: 3 }]);
    expect(scannedEnd).toEqual({ sequenceNumber: "9", subSequenceNumber: 2 });
  });

  it("F50 an aggregate with a wrong MD5 is the user's own data, delivered as it is", () => {
    const damaged = Uint8Array.from(aggregate(["a", "b"]));
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const { records } = toUserRecords([streamRecord("9", damaged)], fullHashKeyRange, undefined);
    expect(records).toHaveLength(1);
    expect(records[0]?.data).toEqual(damaged);
    expect(records[0]?.failure).toBeUndefined();
  });

  it("F50 an aggregate that names a key outside its table is one record that says so, without its data in the text", () => {
    // magic | protobuf { records: [{ partition_key_index: 5, data: "secret" }] } | MD5, made by the format's own rules.
    const malformed = Buffer.from("84mawhoKCAUaBnNlY3JldHjAeOfQbVNv3KG/OGRoBI4=", "base64");
    const { records, scannedEnd } = toUserRecords(
      [streamRecord("9", malformed)],
      fullHashKeyRange,
      undefined,
    );
    expect(records).toHaveLength(1);
    expect(records[0]?.failure?.code).toBe("KC_RECORD_POISON");
    expect(records[0]?.failure?.message).not.toContain("secret");
    expect(scannedEnd).toEqual({ sequenceNumber: "9", subSequenceNumber: 0 });
  });

  it("an empty answer leaves reading where it was", () => {
    const after = { sequenceNumber: "9", subSequenceNumber: 3 };
    expect(toUserRecords([], fullHashKeyRange, after)).toMatchObject({ records: [], scannedEnd: after });
  });

  it("gives the same records whatever place reading was interrupted at", () => {
    const item = record({ aggregated: integer({ min: 0, max: 4 }), data: uint8Array({ maxLength: 20 }) });
    assert(
      property(array(item, { maxLength: 8 }), constantFrom(0.1, 0.5, 0.9), (items, share) => {
        const answer = items.map(({ aggregated, data }, index) =>
          streamRecord(
            `${index + 1}00`,
            aggregated === 0
              ? data
              : aggregate(Array.from({ length: aggregated + 1 }, (_, sub) => `${index}.${sub}`)),
          ),
        );
        const whole = toUserRecords(answer, fullHashKeyRange, undefined).records;
        const cut = whole[Math.floor(whole.length * share)];
        if (cut === undefined) return;
        const rest = toUserRecords(answer, fullHashKeyRange, cut).records;
        expect(places(rest)).toEqual(places(whole.slice(whole.indexOf(cut) + 1)));
      }),
    );
  });
});

describe("reading aggregates from a stream", () => {
  it("F51 tells the end of what was read when the last aggregate was left out, and says so by event", async () => {
    await using fixture = await startReading();
    const inside = partitionHashKey("k");
    fixture.put("plain");
    const [, dropped] = [
      ...fixture.put(aggregate(["x", "y"], ["other", "other"]), aggregate(["z", "z"], ["other", "k"])),
    ];
    const reader = fixture.open(
      { type: "trim-horizon" },
      {},
      { range: { startingHashKey: inside, endingHashKey: inside } },
    );
    const page = await fixture.next(reader);
    expect(texts(page.records)).toEqual(["plain"]);
    expect(page.scannedEnd).toEqual({ sequenceNumber: dropped, subSequenceNumber: 1 });
    expect(fixture.events.filter((event) => event.type === "aggregate-drop")).toHaveLength(2);
    const next = await fixture.next(reader);
    expect(next.scannedEnd).toBeUndefined();
  });

  it("F52 F10 an iterator renewed after an aggregate hands over none of it again", async () => {
    await using fixture = await startReading();
    fixture.put(aggregate(["a", "b", "c"]));
    const reader = fixture.open({ type: "trim-horizon" });
    expect(texts((await fixture.next(reader)).records)).toEqual(["a", "b", "c"]);
    fixture.time.skip(301_000);
    fixture.put(aggregate(["d", "e"]));
    expect(texts((await fixture.next(reader)).records)).toEqual(["d", "e"]);
  });
});
