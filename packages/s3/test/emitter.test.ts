import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { gzip, ndjson, raw, s3Emitter } from "@kinesis-connectors/s3";
import { ACCOUNT_ID, BUCKET, linesIn, startS3 } from "./support/local-s3.js";
import { ARRIVAL_MS, bytesOf, keyOf } from "./support/support.js";

const MiB = 1024 * 1024;

/** Bytes that gzip cannot make much smaller, the same in every run. */
function noise(bytes: number, seed: string): Uint8Array {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes; at += 43) blocks.push(createHash("sha256").update(`${seed}${at}`).digest());
  return Buffer.from(Buffer.concat(blocks).toString("base64").slice(0, bytes));
}

describe("a batch", () => {
  it("becomes one object with its records in order, its headers and what it says about itself", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter({ prefix: "archive", compression: gzip(6), metadata: { team: "web" } });
    const batch = batchOf([{ a: 1 }, { a: 2 }, { a: 3 }], { gap: true });
    expect(await deliver(emitter, batch)).toEqual({ failed: [] });
    const [object, ...others] = s3.objects();
    expect(others).toEqual([]);
    expect(object?.key).toBe(keyOf(emitter, batch));
    expect(object?.key).toMatch(/^archive\/.*\.ndjson\.gz$/);
    expect(linesIn(object)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
    expect(object?.headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
    });
    expect(object?.metadata).toEqual({
      team: "web",
      "kc-batch-id": batch.batchId,
      "kc-record-count": "3",
      "kc-ids-sha256": planOf(emitter, batch).places[0]?.idsSha256,
      "kc-first": "49600000000000.0",
      "kc-last": "49600000000002.0",
      "kc-stream": "clicks",
      "kc-shard": "shardId-000000000003",
      "kc-first-arrival-ms": String(ARRIVAL_MS),
      "kc-gap": "true",
    });
  });

  it("is written without compression where none is asked for", async () => {
    await using s3 = await startS3();
    await deliver(s3.emitter({ format: ndjson() }), batchOf([bytesOf('{"a":1}')]));
    expect(s3.objects()[0]?.body.toString()).toBe('{"a":1}\n');
    expect(s3.objects()[0]?.headers["content-encoding"]).toBeUndefined();
  });

  it("without entries writes nothing, nor does the next owner whose filter now drops all", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    expect(await deliver(emitter, batchOf([]))).toEqual({ failed: [] });
    const plan = planOf(emitter, batchOf([1]));
    expect(await emitter.emit(batchOf([]), contextOf(plan, { inherited: true }))).toEqual({ failed: [] });
    expect(s3.calls()).toEqual([]);
  });

  it("emitted twice leaves the first object as it was", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    await deliver(emitter, batchOf([{ from: "first" }]));
    const before = s3.objects();
    await deliver(emitter, batchOf([{ from: "again" }]));
    expect(s3.objects()).toEqual(before);
    expect(s3.calls()).toEqual(["PutObject 200", "PutObject 412", "HeadObject 200"]);
  });

  it("goes to the recorded key, whatever the next owner is configured to", async () => {
    await using s3 = await startS3();
    const batch = batchOf([{ a: 1 }]);
    const plan = planOf(s3.emitter({ prefix: "old" }), batch);
    await s3
      .emitter({ prefix: "new", compression: gzip() })
      .emit(batch, contextOf(plan, { inherited: true }));
    expect(s3.objects().map(({ key }) => key)).toEqual([plan.places[0]?.key]);
    expect(plan.places[0]?.key).toMatch(/^old\//);
  });

  it("that the next owner transforms otherwise says what it holds, not what was planned", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    const batch = batchOf([{ a: 1 }, { a: 2 }]);
    const plan = planOf(emitter, batch);
    const fewer = { ...batch, entries: batch.entries.slice(1) };
    await emitter.emit(fewer, contextOf(plan, { inherited: true }));
    const [object] = s3.objects();
    expect(object?.key).toBe(plan.places[0]?.key);
    expect(object?.metadata["kc-record-count"]).toBe("1");
    expect(object?.metadata["kc-ids-sha256"]).toBe(planOf(emitter, fewer).places[0]?.idsSha256);
    expect(object?.metadata["kc-ids-sha256"]).not.toBe(plan.places[0]?.idsSha256);
  });

  it("of many writers at once is one object, and every writer is content", async () => {
    await using s3 = await startS3();
    const batch = batchOf([{ a: 1 }, { a: 2 }]);
    const results = await Promise.all(Array.from({ length: 12 }, () => deliver(s3.emitter(), batch)));
    expect(results).toEqual(results.map(() => ({ failed: [] })));
    expect(s3.objects()).toHaveLength(1);
    expect(s3.calls().filter((call) => call === "PutObject 200")).toHaveLength(1);
  });

  it("stops with KC_PLACE_TAKEN when its key holds what it did not write, and leaves that alone", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    const batch = batchOf([{ a: 1 }]);
    await deliver(emitter, { ...batch, application: "other", batchId: "f".repeat(32) });
    const before = s3.objects();
    const error = await failureFrom(deliver(emitter, batch));
    expect(hasCode(error, "KC_PLACE_TAKEN")).toBe(true);
    expect(error.message).toContain(keyOf(emitter, batch));
    expect(s3.objects()).toEqual(before);
  });

  it("with records that the format refuses returns them by name and writes nothing", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    const batch = batchOf<unknown>([{ a: 1 }, Symbol("a"), { a: 2 }, undefined]);
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry, action }) => [entry, action])).toEqual([
      [batch.entries[1], "dead-letter"],
      [batch.entries[3], "dead-letter"],
    ]);
    expect(failed.every(({ error }) => hasCode(error, "KC_RECORD_POISON"))).toBe(true);
    expect(s3.calls()).toEqual([]);
  });

  it("F56 of one record of 10 MiB, or of empty records, is an object like any other", async () => {
    await using s3 = await startS3();
    const large = noise(10 * MiB, "large");
    await deliver(s3.emitter(), batchOf([large]));
    expect(s3.objects()[0]?.body.length).toBe(large.length + 1);
    const lines = s3Emitter<Uint8Array>({ ...s3.connection, bucket: BUCKET, prefix: "raw", format: raw() });
    await deliver(lines, batchOf([bytesOf(""), bytesOf("")]));
    await lines.close?.();
    expect(s3.objects().at(-1)?.body.toString()).toBe("\n\n");
  });
});

describe("a large batch", () => {
  it("goes up in parts with the headers of a small one, once, also by several writers", async () => {
    await using s3 = await startS3();
    const settings = {
      compression: gzip(1),
      multipartAboveBytes: 6 * MiB,
      partBytes: 5 * MiB,
      serverSideEncryption: "aws:kms",
      sseKmsKeyId: "alias/archive",
      bucketKeyEnabled: true,
      storageClass: "STANDARD_IA",
      expectedBucketOwner: ACCOUNT_ID,
    } as const;
    const outputs = Array.from({ length: 24 }, (_, index) => noise(MiB, `part${index}`));
    const batch = batchOf(outputs);
    await Promise.all([deliver(s3.emitter(settings), batch), deliver(s3.emitter(settings), batch)]);
    const [object, ...others] = s3.objects();
    expect(others).toEqual([]);
    expect(linesIn(object).map((line) => line.length)).toEqual(outputs.map((output) => output.length));
    expect(linesIn(object).join("")).toBe(Buffer.concat(outputs).toString());
    expect(object?.etag).toMatch(/-\d"$/);
    await deliver(s3.emitter(settings), batchOf([{ small: true }]));
    const small = s3.objects().find((other) => other.key !== object?.key);
    const stored = {
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/archive",
      "x-amz-server-side-encryption-bucket-key-enabled": "true",
      "x-amz-storage-class": "STANDARD_IA",
    };
    expect(object?.headers).toMatchObject(stored);
    expect(small?.headers).toMatchObject(stored);
    expect(Object.keys(object?.metadata ?? {})).toEqual(Object.keys(small?.metadata ?? {}));
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
  });

  it("never replaces what is at its key: an own object stays, another's stops it, and no parts are left", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter({ multipartAboveBytes: 1 });
    const batch = batchOf([{ from: "first" }]);
    await deliver(emitter, batch);
    const before = s3.objects();
    await deliver(emitter, batchOf([{ from: "again" }]));
    const error = await failureFrom(deliver(emitter, { ...batch, batchId: "f".repeat(32) }));
    expect(hasCode(error, "KC_PLACE_TAKEN")).toBe(true);
    expect(s3.objects()).toEqual(before);
    expect(s3.calls().filter((call) => call.startsWith("Complete"))).toEqual([
      "CompleteMultipartUpload 200",
      "CompleteMultipartUpload 412",
      "CompleteMultipartUpload 412",
    ]);
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
  });

  it("that lost its shard in the middle rejects with the signal's reason and leaves no parts", async () => {
    await using s3 = await startS3();
    const lost = new AbortController();
    const reason = new Error("lease lost");
    s3.aws.faults.add({
      server: "s3",
      operation: "UploadPart",
      nth: 2,
      times: "always",
      effect: { kind: "delay", delayMs: 60_000 },
    });
    const emission = deliver(
      s3.emitter({ multipartAboveBytes: 1, partBytes: 5 * MiB, partConcurrency: 1 }),
      batchOf(Array.from({ length: 11 }, (_, index) => noise(MiB, `lost${index}`))),
      { signal: lost.signal },
    );
    while (s3.aws.faults.unfired().length > 0) await new Promise((resolve) => setImmediate(resolve));
    lost.abort(reason);
    expect(await failureFrom(emission)).toBe(reason);
    expect(s3.objects()).toEqual([]);
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
    expect(s3.calls()).toContain("AbortMultipartUpload 204");
  });
});

describe("the next owner asks whether a batch is written", () => {
  it("and hears yes only when the key holds that very batch", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter();
    const batch = batchOf([{ a: 1 }]);
    const context = contextOf(planOf(emitter, batch), { inherited: true });
    expect(await emitter.isWritten?.(batch, context)).toBe(false);
    await deliver(emitter, batch);
    expect(await emitter.isWritten?.(batch, context)).toBe(true);
    expect(await emitter.isWritten?.({ ...batch, batchId: "0".repeat(32) }, context)).toBe(false);
    expect(await emitter.isWritten?.(batch, contextOf({ places: [] }))).toBe(true);
  });

  it("and hears no where S3 answers 403 for a missing key; the write then decides", async () => {
    await using s3 = await startS3({ listDenied: true });
    const emitter = s3.emitter();
    const batch = batchOf([{ a: 1 }]);
    expect(await emitter.isWritten?.(batch, contextOf(planOf(emitter, batch)))).toBe(false);
    expect(s3.calls()).toEqual(["HeadObject 403"]);
    await deliver(emitter, batch);
    expect(await emitter.isWritten?.(batch, contextOf(planOf(emitter, batch)))).toBe(true);
  });
});
