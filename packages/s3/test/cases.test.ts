import { readFile } from "node:fs/promises";
import { thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import {
  bytes,
  definePipeline,
  ExactNumber,
  hasCode,
  json,
  type KinesisRecord,
  type Logger,
  silentLogger,
  text,
  type Transformer,
} from "@kinesis-connectors/core";
import {
  type EpochUnit,
  lengthPrefixed,
  ndjson,
  ObjectWriter,
  type PointInTime,
  raw,
  s3DeadLetters,
  timePartition,
} from "@kinesis-connectors/s3";
import { BUCKET, linesIn, startS3 } from "./support/local-s3.js";
import { Shard } from "./support/run-shard.js";
import { bytesOf, record } from "./support/support.js";

const NO_RECORD = record(0, new Uint8Array());

const caseOf = (name: string): Promise<Buffer> => readFile(new URL(`cases/${name}`, import.meta.url));

describe("byte-order-mark", () => {
  const recordsOf = () =>
    Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (nth) => record(nth, await caseOf(`byte-order-mark/record-${nth}.bin`))),
    );

  it.each<[string, Transformer<never, unknown>]>([
    ["json().original()", json<never>().original()],
    ["bytes()", bytes() as Transformer<never, unknown>],
  ])(
    "of %s is in no line of an object, and a record of nothing else is a dead letter",
    async (_name, transformer) => {
      await using s3 = await startS3();
      const pipeline = definePipeline({
        transformer,
        emitter: s3.emitter({ prefix: "good" }),
        deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }),
      });
      await new Shard(await recordsOf()).run(pipeline);
      const good = s3.objects().filter(({ key }) => key.startsWith("good/"));
      expect(good.map(({ body }) => Buffer.from(body))).toEqual([
        await caseOf("byte-order-mark/expected.ndjson"),
      ]);
      const dead = s3.objects().filter(({ key }) => key.startsWith("dead/"));
      expect(dead.flatMap(linesIn)).toHaveLength(1);
    },
  );

  it("of raw() stays with its bytes", async () => {
    const writer = new ObjectWriter();
    const records = await recordsOf();
    for (const { data } of records) raw({ separator: "" }).write(data, writer, NO_RECORD);
    expect(writer.bytes()).toEqual(Buffer.concat(records.map(({ data }) => data)));
  });
});

describe("epoch-units", () => {
  const units: readonly (readonly [string, EpochUnit])[] = [
    ["s", "s"],
    ["ms", "ms"],
    ["us", "us"],
    ["ns", "ns"],
    ["f", "s"],
  ];
  const arrived = record(0, bytesOf("{}"), { arrivalTimeMs: Date.UTC(2026, 7, 1, 0, 5) });
  const folderOf = (time: PointInTime, epochUnit: EpochUnit, at: KinesisRecord = arrived): string => {
    const { date, hour } = timePartition({ by: () => time, epochUnit })({}, at);
    return `date=${date}/hour=${hour}`;
  };

  it("of seconds to nanoseconds file a record alike", async () => {
    const lines = (await caseOf("epoch-units.ndjson")).toString("utf8").trimEnd().split("\n");
    for (const numbers of ["double", "exact"] as const) {
      const [first, zero] = lines.map((line) => {
        const found = json<Record<string, PointInTime>>({ numbers }).toModel(record(0, bytesOf(line)));
        return found as Record<string, PointInTime>;
      });
      for (const [field, unit] of units) {
        expect(folderOf(first?.[field] ?? "", unit)).toBe("date=2026-08-01/hour=00");
        expect(folderOf(zero?.[field] ?? "", unit)).toBe("date=1970-01-01/hour=00");
      }
    }
  });

  it("hold to the hour by the nanosecond, where there are more digits than a double has", () => {
    expect(folderOf("1785545999999999999", "ns")).toBe("date=2026-08-01/hour=00");
    expect(folderOf(1785545999999999999n, "ns")).toBe("date=2026-08-01/hour=00");
    expect(folderOf(new ExactNumber("1785545999.9999999999"), "s")).toBe("date=2026-08-01/hour=00");
    expect(folderOf("1785546000000000000", "ns")).toBe("date=2026-08-01/hour=01");
    expect(folderOf("999999", "ns")).toBe("date=1970-01-01/hour=00");
  });

  it("are refused where they are none, and digits in a text where no unit was told", () => {
    for (const time of ["-1", "1e3", "", "17855424001785542400178554240017", -1, 1n << 90n])
      expect(
        hasCode(
          thrownBy(() => folderOf(time, "s")),
          "KC_RECORD_POISON",
        ),
      ).toBe(true);
    const untold = timePartition({ by: () => "1785542400123" });
    expect(
      hasCode(
        thrownBy(() => untold({}, arrived)),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
    expect(thrownBy(() => timePartition({ epochUnit: "min" as EpochUnit })).message).toContain("epochUnit");
  });

  it("are asked for in one warning, where numbers are milliseconds from before the record by ten years", async () => {
    const warningsOf = async (
      options: Parameters<typeof timePartition<{ at: number }, { day: string }>>[0],
      seconds = 1785542400,
    ): Promise<string[]> => {
      await using s3 = await startS3();
      const warnings: string[] = [];
      const logger: Logger = {
        ...silentLogger,
        warn: (fields, message) => warnings.push(`${JSON.stringify(fields)} ${message}`),
      };
      const time = timePartition({ by: ({ at }) => at, pattern: { day: "dd" }, ...options });
      const pipeline = definePipeline({
        transformer: json<{ at: number }>(),
        emitter: s3.emitter({ partition: (output, of) => time(output as { at: number }, of) }),
        logger,
      });
      await new Shard([0, 1, 2].map((nth) => record(nth, bytesOf(`{"at":${seconds + nth}}`)))).run(pipeline);
      return warnings;
    };
    const told = await warningsOf({});
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/KC_OLD_TIME.*epochUnit.*maxLateMs/);
    expect(told[0]).not.toContain("17855424");
    expect(await warningsOf({ epochUnit: "s" })).toEqual([]);
    expect(await warningsOf({ maxLateMs: 1e13 })).toEqual([]);
    expect(await warningsOf({}, 1785542400000)).toEqual([]);
  });
});

describe("exact-numbers", () => {
  it("are in JSON lines digit for digit, after a change of the model", async () => {
    await using s3 = await startS3();
    const lines = (await caseOf("exact-numbers.ndjson")).toString("utf8").trimEnd().split("\n");
    const pipeline = definePipeline({
      transformer: json<object>({ numbers: "exact" }).to((model) => ({ ...model, added: true })),
      emitter: s3.emitter(),
    });
    await new Shard(lines.map((line, nth) => record(nth, bytesOf(line)))).run(pipeline);
    expect(s3.objects().flatMap(linesIn)).toEqual([
      '{"id":9007199254740993,"price":1.1,"big":123456789012345678901234567890,"added":true}',
      '{"id":-9223372036854775808,"price":0.12345678901234567890123,"big":0,"added":true}',
      '{"id":18446744073709551615,"price":100000000000000000000.5,"big":100,"added":true}',
    ]);
  });
});

describe("half a surrogate pair", () => {
  it("stays an escape in JSON lines, and is refused where UTF-8 would have another character in its place", () => {
    const writer = new ObjectWriter();
    ndjson().write({ a: "x\ud800" }, writer, NO_RECORD);
    expect(writer.bytes().toString()).toBe('{"a":"x\\ud800"}\n');
    for (const format of [raw(), lengthPrefixed()])
      for (const half of ["x\ud800", "\udc00"])
        expect(
          hasCode(
            thrownBy(() => format.write(half, writer, NO_RECORD)),
            "KC_RECORD_POISON",
          ),
        ).toBe(true);
  });

  it("comes from no record of text(), whose bytes would not be UTF-8", () => {
    const decode = (): unknown => text().toModel(record(0, Uint8Array.of(0xed, 0xa0, 0x80)));
    expect(hasCode(thrownBy(decode), "KC_RECORD_POISON")).toBe(true);
  });
});
