import { createServer } from "node:net";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  bytes,
  type DeadLetter,
  definePipeline,
  type Emitter,
  type Filter,
  json,
  type KinesisRecord,
  text,
  type Transformer,
} from "@kinesis-connectors/core";
import { awsExtended, claimChecks, type ClaimChecksOptions, lifion } from "@kinesis-connectors/s3";
import { recordsOf } from "@kinesis-connectors/testkit";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";
import { Shard } from "../support/run-shard.js";

interface Order {
  readonly id: number;
  readonly text: string;
}

const pointerTo = (key: string, bucket = BUCKET): string =>
  JSON.stringify({ "@S3Item": { bucket, eTag: "e", key } });
const recordWith = (data: string | Uint8Array): KinesisRecord => recordsOf([data])[0] as KinesisRecord;
const large = (id: number): Order => ({ id, text: `${id} `.repeat(1_000) });
const collecting = <Output>(into: Output[]): Emitter<Output> => ({
  capabilities: { duplicates: "none", ordering: "shard" },
  emit: async (batch) => {
    for (const { output } of batch.entries) into.push(output);
    return { failed: [] };
  },
});

/** A shard of these records through a transformer: what landed, and what stopped it. */
async function run<Model, Output>(
  transformer: Transformer<Model, Output>,
  data: readonly string[],
  filter?: Filter<Model>,
): Promise<{ outputs: Output[]; deadLetters: DeadLetter[]; failure: unknown }> {
  const outputs: Output[] = [];
  const deadLetters: DeadLetter[] = [];
  const pipeline = definePipeline<Model, Output>({
    transformer,
    ...(filter === undefined ? {} : { filter }),
    transformConcurrency: 8,
    emitter: collecting(outputs),
    deadLetters: collecting(deadLetters),
    retry: { baseDelayMs: 1, maxDelayMs: 20 },
  });
  try {
    await new Shard(recordsOf(data)).run(pipeline);
    return { outputs, deadLetters, failure: undefined };
  } catch (failure) {
    return { outputs, deadLetters, failure };
  }
}

let s3: LocalS3;
let options: ClaimChecksOptions;
beforeAll(async () => {
  s3 = await startS3({ buckets: [BUCKET, "others"] });
  options = { ...s3.connection, pointer: lifion(), buckets: [BUCKET] };
  for (let id = 0; id < 30; id += 1) await put(`order-${id}`, JSON.stringify(large(id)));
  await put("empty", "");
});
afterEach(() => s3.aws.faults.clear());
afterAll(() => s3[Symbol.asyncDispose]());

async function put(Key: string, Body: string, Bucket = BUCKET): Promise<void> {
  const client = new S3Client({ ...s3.connection, forcePathStyle: true });
  await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  client.destroy();
}
const gets = (): number => s3.aws.journal.entries({ operation: "GetObject" }).length;
async function failureOf(given: Partial<ClaimChecksOptions>, data: string): Promise<Error> {
  try {
    await claimChecks(json<Order>(), { ...options, ...given }).toModel(recordWith(data));
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was decoded");
}

describe("claimChecks()", () => {
  it("decodes the object in place of the record that stands for it, and everything else as it is, at once", async () => {
    const transformer = claimChecks(json<Order>(), options);
    expect(await transformer.toModel(recordWith(pointerTo("order-3")))).toEqual(large(3));
    const before = gets();
    expect(transformer.toModel(recordWith('{"id":4,"text":"small"}'))).toEqual({ id: 4, text: "small" });
    expect(transformer.toModel(recordWith('{"@S3":1}'))).toEqual({ "@S3": 1 });
    expect(() => transformer.toModel(recordWith('{"@S3Item'))).toThrow("not a JSON document");
    expect(gets()).toBe(before);
  });

  it("looks at a record where it lies, and makes no view of its data", () => {
    const page = Buffer.from(`xx{"id":1}${pointerTo("order-1")}`);
    const record: KinesisRecord = {
      ...recordWith(""),
      page,
      dataStart: 2,
      dataEnd: 10,
      get data(): Uint8Array {
        throw new Error("a view was made");
      },
    };
    expect(claimChecks(json(), options).toModel(record)).toEqual({ id: 1 });
    expect(claimChecks(text(), { ...options, pointer: awsExtended() }).toModel(record)).toBe('{"id":1}');
  });

  it("passes the object's bytes on with original(), and reads them once for filter and destination", async () => {
    const before = gets();
    const { outputs } = await run(
      claimChecks(json<Order>(), options).original(),
      [pointerTo("order-5"), '{"id":1,"text":"small"}', pointerTo("order-6"), pointerTo("order-7")],
      ({ id }) => id !== 6,
    );
    expect(outputs.map((output) => Buffer.from(output).toString())).toEqual([
      JSON.stringify(large(5)),
      '{"id":1,"text":"small"}',
      JSON.stringify(large(7)),
    ]);
    expect(gets() - before).toBe(3);
  });

  it("keeps the order of the stream with several objects on their way", async () => {
    const ids = Array.from({ length: 30 }, (_, id) => id);
    const { outputs } = await run(
      claimChecks(json<Order>(), options).to(({ id }, record) => [id, record.data.length] as const),
      ids.map((id) => (id % 3 === 0 ? pointerTo(`order-${id}`) : JSON.stringify({ id, text: "s" }))),
    );
    expect(outputs.map(([id]) => id)).toEqual(ids);
    // What encodes is given the record as it came.
    expect(outputs[3]?.[1]).toBe(pointerTo("order-3").length);
  });

  it("reads empty objects, and those of other formats of one's own", async () => {
    expect(
      Buffer.from(
        (await claimChecks(bytes(), options).toModel(recordWith(pointerTo("empty")))) as Uint8Array,
      ),
    ).toHaveLength(0);
    const own = claimChecks(json<Order>(), {
      ...options,
      pointer: {
        beginnings: [Buffer.from([0xff, 0x01])],
        read: (data) =>
          data.length === 2 ? undefined : { bucket: BUCKET, key: Buffer.from(data.subarray(2)).toString() },
      },
    });
    expect(
      await own.toModel(recordWith(Buffer.concat([Buffer.from([0xff, 0x01]), Buffer.from("order-8")]))),
    ).toEqual(large(8));
    expect(() => own.toModel(recordWith(Buffer.from([0xff, 0x01])))).toThrow("not UTF-8");
  });
});

describe("a record that never comes to anything is poison", () => {
  it.each([
    ["an object that is not there", "nothing", BUCKET, {}, /not there \(404\)/],
    ["a bucket that nobody allowed", "order-1", "others", {}, /none of `buckets`/],
    ["a key that is too long", "x".repeat(1025), BUCKET, {}, /1025 bytes/],
    ["an empty key", "", BUCKET, {}, /0 bytes/],
    ["a key that leads out of the bucket's path", "../others/order-1", BUCKET, {}, /\. or \.\./],
    ["an object of more than maxBytes", "order-2", BUCKET, { maxBytes: 100 }, /more than 100 bytes/],
  ])("%s", async (_what, key, bucket, given, message) => {
    const error = await failureOf(given, pointerTo(key, bucket));
    expect(error).toMatchObject({ code: "KC_RECORD_POISON", message: expect.stringMatching(message) });
    expect(error.message).not.toContain(key === "" ? pointerTo(key) : key);
  });

  it("an object that is archived", async () => {
    s3.aws.faults.add({
      operation: "GetObject",
      effect: { kind: "error", status: 403, code: "InvalidObjectState" },
    });
    expect(await failureOf({}, pointerTo("order-1"))).toMatchObject({
      code: "KC_RECORD_POISON",
      message: expect.stringContaining("restore it"),
    });
  });

  it("takes an object of exactly maxBytes", async () => {
    const size = Buffer.byteLength(JSON.stringify(large(2)));
    const transformer = claimChecks(json<Order>(), { ...options, maxBytes: size });
    expect(await transformer.toModel(recordWith(pointerTo("order-2")))).toEqual(large(2));
    expect(await failureOf({ maxBytes: size - 1 }, pointerTo("order-2"))).toMatchObject({
      code: "KC_RECORD_POISON",
    });
  });

  it("each is a dead letter of its own, and the rest goes on", async () => {
    const { outputs, deadLetters } = await run(
      claimChecks(json<Order>(), options).to(({ id }) => id),
      [
        pointerTo("order-1"),
        pointerTo("gone"),
        '{"@S3Item":7}',
        pointerTo("order-2", "others"),
        pointerTo("order-9"),
      ],
    );
    expect(outputs).toEqual([1, 9]);
    expect(deadLetters.map(({ errorCode }) => errorCode)).toEqual(Array(3).fill("KC_RECORD_POISON"));
  });
});

describe("an S3 that does not answer is waited for", () => {
  it.each([
    ["SlowDown", { kind: "error", status: 503, code: "SlowDown" }],
    ["500", { kind: "error", status: 500, code: "InternalError" }],
    ["a reset", { kind: "reset", at: "before-headers" }],
    ["a reset inside the body", { kind: "reset", at: "inside-body" }],
    ["a body that ends too early", { kind: "truncated-body" }],
    ["a body that stands still", { kind: "stalled-body" }],
    ["a session that is over", { kind: "error", status: 400, code: "ExpiredToken" }],
  ] as const)("%s", async (_what, effect) => {
    const rule = s3.aws.faults.add({ operation: "GetObject", times: "always", effect });
    const { accessKeyId, secretAccessKey } = s3.connection.credentials;
    const credentials = async () => ({ accessKeyId, secretAccessKey });
    const error = await failureOf({ requestTimeoutMs: 500, credentials }, pointerTo("order-1"));
    s3.aws.faults.remove(rule);
    expect(error).toMatchObject({
      code: "KC_LOOKUP_FAILED",
      message: expect.stringContaining(`"${BUCKET}"`),
    });
    expect(error.message).not.toContain("order-1");
  });

  it("an outage in the midst of a shard makes no dead letter", async () => {
    s3.aws.faults.add({
      operation: "GetObject",
      times: 7,
      effect: { kind: "error", status: 500, code: "InternalError" },
    });
    expect(
      await run(
        claimChecks(json<Order>(), options).to(({ id }) => id),
        ['{"id":100}', pointerTo("order-1"), '{"id":101}', pointerTo("order-2")],
      ),
    ).toEqual({ outputs: [100, 1, 101, 2], deadLetters: [], failure: undefined });
    expect(s3.aws.faults.unfired()).toEqual([]);
  });
});

describe("an S3 that refuses stops the shard, and the error names the cure", () => {
  it.each([
    ["no rights", { status: 403, code: "AccessDenied" }, /s3:GetObject.*s3:ListBucket.*expectedBucketOwner/],
    ["no such bucket", { status: 404, code: "NoSuchBucket" }, /correct `buckets`/],
    ["wrong keys", { status: 403, code: "InvalidAccessKeyId" }, /check the credentials/],
    ["another region", { status: 301, code: "PermanentRedirect" }, /set `region`/],
    ["a session that nobody renews", { status: 400, code: "ExpiredToken" }, /renew the session/],
  ] as const)("%s", async (_what, effect, cure) => {
    const rule = s3.aws.faults.add({
      operation: "GetObject",
      times: "always",
      effect: { kind: "error", ...effect },
    });
    const error = await failureOf({}, pointerTo("order-1"));
    s3.aws.faults.remove(rule);
    expect(error).toMatchObject({ code: "KC_LOOKUP_REFUSED", message: expect.stringMatching(cure) });
  });

  it("no record becomes a dead letter by it", async () => {
    const rule = s3.aws.faults.add({
      operation: "GetObject",
      times: "always",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    const { deadLetters, failure } = await run(claimChecks(json<Order>(), options), [pointerTo("order-1")]);
    s3.aws.faults.remove(rule);
    expect(deadLetters).toEqual([]);
    expect(failure).toMatchObject({ code: "KC_LOOKUP_REFUSED" });
  });
});

const nowhere = (): undefined => undefined;

describe("options of claimChecks()", () => {
  it.each([
    [{ buckets: [] }, /buckets must name/],
    [{ buckets: ["s3://b"] }, /bucket must be the bare name/],
    [{ pointer: { beginnings: [], read: nowhere } }, /pointer must be awsExtended\(\)/],
    [{ pointer: { beginnings: [""], read: nowhere } }, /pointer must be/],
    [{ maxBytes: 0 }, /maxBytes/],
    [{ expectedBucketOwner: "me" }, /expectedBucketOwner/],
    [{ requestPayer: "me" as never }, /requestPayer/],
    [{ endpoint: "http://s3.example.com" }, /endpoint is http/],
  ] as const)("%j is refused", (given, message) => {
    expect(() => claimChecks(json(), { ...options, ...given })).toThrow(message);
  });

  it("what encodes comes behind it", () => {
    expect(() => claimChecks({ toModel: () => 1 } as never, options)).toThrow(
      /claimChecks\(json\(\), options\)/,
    );
  });
});

it("an endpoint that nobody listens at is an outage", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  expect(await failureOf({ endpoint: `http://127.0.0.1:${port}` }, pointerTo("order-1"))).toMatchObject({
    code: "KC_LOOKUP_FAILED",
  });
});
