import * as fc from "fast-check";

/** An answer to GetRecords, before it is written in either form. */
export interface AnswerFields {
  readonly Records: readonly RecordFields[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest?: number;
  readonly ChildShards?: readonly object[];
}

interface RecordFields {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: Uint8Array;
  readonly ApproximateArrivalTimestamp?: number;
  readonly EncryptionType?: string;
}

const digits = fc.bigInt({ min: 10n ** 55n, max: 10n ** 56n - 1n }).map(String);

const record: fc.Arbitrary<RecordFields> = fc.record(
  {
    SequenceNumber: digits,
    PartitionKey: fc.oneof(
      fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 30 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }),
    ),
    Data: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 250, maxLength: 400 })),
    ApproximateArrivalTimestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    EncryptionType: fc.constantFrom("NONE", "KMS"),
  },
  { requiredKeys: ["SequenceNumber", "PartitionKey", "Data"] },
);

const childShard = fc.record({
  ShardId: fc.constantFrom("shardId-000000000001", "shardId-000000000002"),
  ParentShards: fc.array(fc.constant("shardId-000000000000"), { minLength: 1, maxLength: 2 }),
  HashKeyRange: fc.record({ StartingHashKey: digits, EndingHashKey: digits }),
});

export const answerFields: fc.Arbitrary<AnswerFields> = fc.record(
  {
    Records: fc.array(record, { maxLength: 6 }),
    NextShardIterator: fc.base64String({ minLength: 4, maxLength: 300 }),
    MillisBehindLatest: fc.nat(),
    ChildShards: fc.array(childShard, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ["Records"] },
);

/** Decides, the same way in every run of the same numbers, how each part of an answer is written. */
export type Choose = (options: number) => number;

export const choices: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 60 }),
  // As the service writes, but for a place or two: that is where a reader that expects the usual goes wrong.
  fc.array(
    fc.oneof({ weight: 30, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat({ max: 1_000 }) }),
    { minLength: 1, maxLength: 60 },
  ),
);

export const chooser = (numbers: readonly number[]): Choose => {
  let at = 0;
  return (options) => {
    at += 1;
    return (numbers[at % numbers.length] ?? 0) % options;
  };
};

const shuffled = <Item>(items: readonly Item[], choose: Choose): Item[] => {
  const rest = [...items];
  const mixed: Item[] = [];
  while (rest.length > 0) mixed.push(...rest.splice(choose(rest.length), 1));
  return mixed;
};

const entriesOf = (value: object, choose: Choose): (readonly [string, unknown])[] => {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // Now and then a member that no version of the service has had yet.
  if (choose(7) === 0 && !("Depth" in value))
    entries.push(["Novelty", { Depth: [1, null, "two"], Other: true }]);
  return choose(3) === 0 ? shuffled(entries, choose) : entries;
};

/** Writes JSON as servers do and as they might: order, space, escapes, forms of numbers. */
export const writeJson = (answer: object, choose: Choose): Buffer => {
  const space = (): string => (choose(6) === 0 ? ([" ", "\n", "\t ", "\r\n"][choose(4)] ?? "") : "");
  const text = (value: string): string => {
    if (choose(8) !== 0) return JSON.stringify(value);
    const escaped = JSON.stringify(value).slice(1, -1).replaceAll("/", "\\/");
    return `"${escaped.replace(/^[A-Za-z0-9]/, (first) => `\\u00${first.charCodeAt(0).toString(16)}`)}"`;
  };
  const seconds = (ms: number): string =>
    [String(ms / 1_000), `${ms}E-3`, `${(ms / 1e12).toFixed(12)}e+9`, (ms / 1_000).toFixed(3)][choose(4)] ??
    "";
  const value = (member: unknown, name?: string): string => {
    if (member instanceof Uint8Array) return text(Buffer.from(member).toString("base64"));
    if (name === "ApproximateArrivalTimestamp") return seconds(Number(member));
    if (typeof member === "string") return text(member);
    if (Array.isArray(member)) {
      const elements: readonly unknown[] = member;
      return `[${space()}${elements.map((element) => value(element)).join(`${space()},${space()}`)}]`;
    }
    if (typeof member === "object" && member !== null) {
      const members = entriesOf(member, choose).map(
        ([key, inner]) => `${space()}"${key}"${space()}:${space()}${value(inner, key)}${space()}`,
      );
      return `{${members.join(",")}${space()}}`;
    }
    return JSON.stringify(member);
  };
  return Buffer.from(`${space()}${value(answer)}${space()}`, "utf8");
};

/** Writes AWS-CBOR in every framing that RFC 8949 allows: widths of heads, pieces, tags, floats, order. */
export const writeCbor = (answer: object, choose: Choose): Buffer => {
  const head = (major: number, argument: number): Buffer => {
    const width = choose(6);
    const type = major << 5;
    if (argument < 24 && width < 4) return Buffer.from([type | argument]);
    if (argument < 0x1_00 && width < 5) return Buffer.from([type | 24, argument]);
    if (argument < 0x1_00_00 && width < 5) return Buffer.from([type | 25, argument >> 8, argument & 255]);
    const wide = Buffer.alloc(9);
    if (argument < 0x1_0000_0000 && choose(2) === 0) {
      wide.writeUInt8(type | 26, 0);
      wide.writeUInt32BE(argument, 1);
      return wide.subarray(0, 5);
    }
    wide.writeUInt8(type | 27, 0);
    wide.writeBigUInt64BE(BigInt(argument), 1);
    return wide;
  };
  const string = (major: number, bytes: Buffer): Buffer => {
    if (choose(3) !== 0) return Buffer.concat([head(major, bytes.length), bytes]);
    const pieces: Buffer[] = [Buffer.from([(major << 5) | 31])];
    let at = 0;
    while (at < bytes.length && choose(5) !== 0) {
      let next = Math.min(bytes.length, at + 1 + choose(20));
      // Text must not be cut inside a character.
      if (major === 3) while (next < bytes.length && ((bytes[next] ?? 0) & 0xc0) === 0x80) next += 1;
      pieces.push(head(major, next - at), bytes.subarray(at, next));
      at = next;
    }
    if (at < bytes.length) pieces.push(head(major, bytes.length - at), bytes.subarray(at));
    return Buffer.concat([...pieces, Buffer.from([0xff])]);
  };
  const container = (major: number, size: number, contents: readonly Buffer[]): Buffer =>
    choose(2) === 0
      ? Buffer.concat([head(major, size), ...contents])
      : Buffer.concat([Buffer.from([(major << 5) | 31]), ...contents, Buffer.from([0xff])]);
  const number = (value: number): Buffer => {
    if (choose(8) === 0) {
      const float = Buffer.alloc(9, 0xfb);
      float.writeDoubleBE(value, 1);
      return float;
    }
    return value < 0 ? head(1, -1 - value) : head(0, value);
  };
  const value = (member: unknown, name?: string): Buffer => {
    const tagged = choose(11) === 0 ? head(6, 55_799) : Buffer.alloc(0);
    return Buffer.concat([tagged, bare(member, name)]);
  };
  const bare = (member: unknown, name?: string): Buffer => {
    if (member instanceof Uint8Array) return string(2, Buffer.from(member));
    if (typeof member === "string") return string(3, Buffer.from(member, "utf8"));
    if (typeof member === "number") {
      return name === "ApproximateArrivalTimestamp"
        ? Buffer.concat([head(6, 1), number(member)])
        : number(member);
    }
    if (member === null) return Buffer.from([0xf6]);
    if (typeof member === "boolean") return Buffer.from([member ? 0xf5 : 0xf4]);
    if (Array.isArray(member)) {
      const elements: readonly unknown[] = member;
      return container(
        4,
        elements.length,
        elements.map((element) => value(element)),
      );
    }
    const members = entriesOf(member ?? {}, choose);
    return container(
      5,
      members.length,
      members.map(([key, inner]) => Buffer.concat([string(3, Buffer.from(key)), value(inner, key)])),
    );
  };
  return value(answer);
};

/** What may happen to bytes on their way. */
export const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat({ max: 7 })).map(([at, bit]) => (bytes: Buffer) => {
    const damaged = Buffer.from(bytes);
    damaged[at % bytes.length] = (damaged[at % bytes.length] ?? 0) ^ (1 << bit);
    return damaged;
  }),
  fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => (bytes: Buffer) => {
    const damaged = Buffer.from(bytes);
    damaged[at % bytes.length] = byte;
    return damaged;
  }),
  fc.tuple(fc.nat(), fc.nat({ max: 30 })).map(
    ([at, count]) =>
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, at % bytes.length), bytes.subarray((at % bytes.length) + count)]),
  ),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 10 })).map(
    ([at, more]) =>
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, at % bytes.length), more, bytes.subarray(at % bytes.length)]),
  ),
);

/** What comes of reading: the answer, or the error. */
export const outcome = <Answer>(read: () => Answer): Answer | Error => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
};
