import { describe, expect, it } from "vitest";
import {
  definePipeline,
  type Emitter,
  hasCode,
  json,
  KinesisConnectorError,
  type KinesisRecord,
  MiB,
} from "@kinesis-connectors/core";
import { toClaimChecks, type ToClaimChecksOptions } from "@kinesis-connectors/kinesis";
import { awsExtended, claimChecks, claimCheckStore, lifion } from "@kinesis-connectors/s3";
import { failureFrom, recordsOf, thrownBy } from "@kinesis-connectors/testkit";
import { runShard, startTarget } from "./support.js";

interface Document {
  readonly id: number;
  readonly text: string;
}

const BUCKET = "payloads";
const document = (id: number, bytes: number): Document => ({ id, text: `${id % 7}é`.repeat(bytes / 4) });
const [record] = recordsOf(["{}"]) as [KinesisRecord];
const stored = async (
  data: string | Uint8Array,
  options: Partial<ToClaimChecksOptions<string | Uint8Array>> = {},
): Promise<unknown> =>
  toClaimChecks<string | Uint8Array>({ put: async () => "pointer", maxInlineBytes: 10, ...options })(
    data,
    record,
  );

/** Records of 200 bytes, and one of nine of 2 MiB, which no record of Kinesis holds; there are three such payloads. */
const documents = Array.from({ length: 60 }, (_, id) =>
  document(id % 9 === 0 ? id % 27 : id, id % 9 === 0 ? 2 * MiB : 200),
);

describe("a stream copied with claim checks, and read again", () => {
  it.each([
    ["awsExtended", awsExtended()],
    ["lifion", lifion()],
  ])(
    "comes to what it was, with one object for each payload, also after a crash (%s)",
    async (_name, pointer) => {
      await using target = await startTarget({ s3: { buckets: [BUCKET] } });
      const { aws } = target;
      const connection = aws.clientOptions("s3");
      aws.faults.add({ server: "s3", operation: "PutObject", times: 3, effect: { kind: "reply-lost" } });
      const emitter = target.emitter<string | Uint8Array>();
      const copy = (emitter: Emitter<string | Uint8Array>) =>
        definePipeline<Document, string | Uint8Array>({
          transformer: json<Document>().to(
            toClaimChecks({
              put: claimCheckStore({ ...connection, bucket: BUCKET, prefix: "large", pointer }),
            }),
          ),
          transformConcurrency: 8,
          retry: { baseDelayMs: 1, maxDelayMs: 10 },
          emitter,
        });
      const source = recordsOf(
        documents.map((content) => ({ data: Buffer.from(JSON.stringify(content)), partitionKey: "one" })),
      );
      // The first process stores payloads and is gone before anything is put or committed.
      const gone = new Error("the process is gone");
      const dying: Emitter<string | Uint8Array> = {
        ...emitter,
        emit: () => Promise.reject(new KinesisConnectorError("KC_EMIT_REFUSED", "gone", { cause: gone })),
      };
      expect(hasCode(await failureFrom(runShard(copy(dying), source)), "KC_EMIT_REFUSED")).toBe(true);
      expect([...aws.s3.objects(BUCKET)]).toHaveLength(3);
      await runShard(copy(emitter), source);
      expect(aws.faults.unfired()).toEqual([]);
      expect([...aws.s3.objects(BUCKET)]).toHaveLength(3);
      expect(Math.max(...target.stored().map(({ data }) => data.length))).toBeLessThan(1_000);

      const read: Document[] = [];
      const back = definePipeline<Document, Document>({
        transformer: claimChecks(json<Document>(), { ...connection, buckets: [BUCKET], pointer }),
        transformConcurrency: 8,
        emitter: {
          capabilities: { duplicates: "none", ordering: "shard" },
          emit: async (batch) => {
            for (const { output } of batch.entries) read.push(output);
            return { failed: [] };
          },
        },
      });
      await runShard(back, recordsOf(target.stored().map(({ data }) => data)));
      expect(read).toEqual(documents);
    },
  );
});

describe("toClaimChecks()", () => {
  it("leaves what fits as it is, without a promise", () => {
    const put = () => Promise.reject(new Error("asked"));
    const encode = toClaimChecks<unknown>({ put, maxInlineBytes: 12 });
    expect(encode({ a: "ten" }, record)).toBe('{"a":"ten"}');
    expect(encode("éééééé", record)).toBe("éééééé");
    const bytes = Buffer.alloc(12);
    expect(encode(bytes, record)).toBe(bytes);
  });

  it("stores what is a byte too long, by its hash, and counts bytes and not characters", async () => {
    const put: [string, string][] = [];
    const options = {
      maxInlineBytes: 12,
      put: async (payload: Uint8Array, { sha256 }: { readonly sha256: string }) => {
        put.push([Buffer.from(payload).toString(), sha256]);
        return "pointer";
      },
    };
    expect(await stored("ééééééx", options)).toBe("pointer");
    expect(await stored(Buffer.alloc(13, "x"), options)).toBe("pointer");
    expect(put.map(([text]) => text)).toEqual(["ééééééx", "x".repeat(13)]);
    expect(put[1]?.[1]).toBe("ea156a2c16eb8f24fe98ec6a36b3cb23229dfdb192c100f49828704fed25e43e");
  });

  it("leaves 900 KiB in the record by default", async () => {
    const put = async (): Promise<string> => "pointer";
    const encode = toClaimChecks<Uint8Array>({ put });
    expect(encode(Buffer.alloc(900 * 1024), record)).toHaveLength(900 * 1024);
    expect(await encode(Buffer.alloc(900 * 1024 + 1), record)).toBe("pointer");
  });

  it("waits for a store of one's own that fails, and lets its coded errors through", async () => {
    const failing = (error: unknown) =>
      stored("x".repeat(11), {
        put: async () => {
          throw error;
        },
      });
    expect(await failureFrom(failing(new Error("down")))).toMatchObject({ code: "KC_LOOKUP_FAILED" });
    const refused = new KinesisConnectorError("KC_LOOKUP_REFUSED", "no");
    expect(await failureFrom(failing(refused))).toBe(refused);
    const mistake = new TypeError("x is not a function");
    expect(await failureFrom(failing(mistake))).toBe(mistake);
  });

  it("refuses a pointer that is none", async () => {
    for (const pointer of [undefined, 5, "a pointer that is too long itself"])
      expect(await failureFrom(stored("x".repeat(11), { put: async () => pointer as never }))).toMatchObject({
        code: "KC_OPTION_INVALID",
        message: expect.stringContaining("put must give the record"),
      });
  });

  it("makes poison of what can be no data", async () => {
    expect(await failureFrom(stored(`${"x".repeat(11)}\ud800`))).toMatchObject({ code: "KC_RECORD_POISON" });
    expect(await failureFrom(stored("", { encode: () => 5 as never }))).toMatchObject({
      code: "KC_RECORD_POISON",
    });
  });

  it.each([
    [{ put: "s3" }, /put must be a function/],
    [{ maxInlineBytes: 0 }, /maxInlineBytes/],
    [{ maxInlineBytes: 11 * MiB }, /maxInlineBytes/],
    [{ encode: 5 }, /encode must be a function/],
  ])("refuses %j", (options, message) => {
    expect(thrownBy(() => toClaimChecks({ put: async () => "", ...(options as object) }))).toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(message),
    });
  });
});
