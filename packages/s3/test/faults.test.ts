import { S3Client } from "@aws-sdk/client-s3";
import {
  batchOf,
  contextOf,
  deliver,
  deliverStubbornly,
  failureFrom,
  keepingLogger,
  planOf,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { gzip } from "@kinesis-connectors/s3";
import { BUCKET, linesIn, startS3 } from "./support/local-s3.js";
import { keyOf } from "./support/support.js";

const MiB = 1024 * 1024;
const server = "s3" as const;
const inParts = { multipartAboveBytes: 1, partBytes: 5 * MiB };
const largeBatch = () =>
  batchOf(Array.from({ length: 11 }, (_, index) => ({ index, text: "x".repeat(MiB) })));

/** Faults that pass, at each request that a batch in parts or in one piece needs. */
const passing = [
  { kind: "error", status: 500, code: "InternalError" },
  { kind: "error", status: 503, code: "SlowDown" },
  { kind: "reset", at: "before-headers" },
  { kind: "reset", at: "inside-body" },
  { kind: "reply-lost" },
] as const;

describe("a stranger's object at the planned key", () => {
  it.each([
    ["PutObject", {}, () => batchOf([{ a: 1 }])],
    ["CompleteMultipartUpload", inParts, largeBatch],
  ])("that appears just before %s stops the shard, and stays as it is", async (operation, options, make) => {
    await using s3 = await startS3();
    const emitter = s3.emitter(options);
    const batch = make();
    const key = keyOf(emitter, batch);
    s3.aws.faults.add({
      server,
      operation,
      where: { key },
      effect: { kind: "foreign-object", body: "not ours" },
    });
    const error = await failureFrom(deliver(emitter, batch));
    expect(hasCode(error, "KC_PLACE_TAKEN")).toBe(true);
    expect(s3.aws.faults.unfired()).toEqual([]);
    expect(s3.archived().map((object) => [object.key, object.body.toString()])).toEqual([[key, "not ours"]]);
  });
});

describe("an answer that comes twice", () => {
  it("is not taken for that of the next write, which is there when it counts as written", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter({ maxSockets: 1 });
    const [first, second] = [batchOf([{ a: 1 }]), largeBatch()];
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      where: { key: keyOf(emitter, first) },
      effect: { kind: "surplus-answer", copies: 1, afterMs: 1_000 },
    });
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      where: { key: keyOf(emitter, second) },
      effect: { kind: "delay", delayMs: 3_000 },
    });
    expect(await deliver(emitter, first)).toEqual({ failed: [] });
    await deliverStubbornly(emitter, second, 20);
    expect(s3.archived().map(({ key }) => key)).toContain(keyOf(emitter, second));
    expect(s3.aws.faults.unfired()).toEqual([]);
  });
});

describe("throttling and outage", () => {
  it("F05 SlowDown a hundred times ends in one object at the same key", async () => {
    await using s3 = await startS3();
    const effect = { kind: "error", status: 503, code: "SlowDown" } as const;
    s3.aws.faults.add({ server, operation: "PutObject", times: 100, effect });
    // Without the client's own repetitions and their pauses.
    const client = new S3Client({ ...s3.connection, maxAttempts: 1 });
    expect((await deliverStubbornly(s3.emitter({ client }), batchOf([{ a: 1 }]), 200)).attempts).toBe(101);
    client.destroy();
    expect(s3.objects()).toHaveLength(1);
    expect(new Set(s3.aws.journal.entries().map((entry) => entry.parameters["key"])).size).toBe(1);
  });

  for (const effect of passing) {
    const name =
      effect.kind === "error" ? effect.code : effect.kind === "reset" ? `reset ${effect.at}` : effect.kind;
    it(`F06 ${name} at PutObject ends in one whole object`, async () => {
      await using s3 = await startS3();
      s3.aws.faults.add({ server, operation: "PutObject", effect });
      await deliverStubbornly(s3.emitter({ compression: gzip() }), batchOf([{ a: 1 }, { a: 2 }]), 5);
      expect(s3.objects().map(linesIn)).toEqual([['{"a":1}', '{"a":2}']]);
      expect(s3.aws.faults.unfired()).toEqual([]);
    });

    for (const operation of ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]) {
      it(`F06 ${name} at ${operation} ends in one whole object`, async () => {
        await using s3 = await startS3();
        s3.aws.faults.add({ server, operation, effect });
        const batch = largeBatch();
        await deliverStubbornly(s3.emitter(inParts), batch, 5);
        expect(s3.objects()).toHaveLength(1);
        expect(linesIn(s3.objects()[0])).toEqual(batch.entries.map(({ output }) => JSON.stringify(output)));
        expect(s3.aws.faults.unfired()).toEqual([]);
      });
    }
  }

  it("F06 a part that keeps failing frees the upload; the next try starts a new one", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "UploadPart",
      times: 3,
      effect: { kind: "error", status: 500, code: "InternalError" },
    });
    const emitter = s3.emitter({ ...inParts, partConcurrency: 1 });
    const batch = largeBatch();
    const error = await failureFrom(deliver(emitter, batch));
    expect(error.name).toBe("InternalError");
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
    await deliver(emitter, batch);
    expect(s3.objects()).toHaveLength(1);
  });

  it("F06 a failed upload that cannot be freed is told in the log, and is no further failure", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "UploadPart",
      times: "always",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    s3.aws.faults.add({
      server,
      operation: "AbortMultipartUpload",
      times: "always",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    const logger = keepingLogger();
    const error = await failureFrom(deliver(s3.emitter(inParts), largeBatch(), { logger }));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(logger.lines.join("\n")).toMatch(/could not be aborted.*AccessDenied/);
  });

  it("F06 Complete that answers 200 with an error inside is not taken for success", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "CompleteMultipartUpload",
      times: 3,
      effect: { kind: "success-with-error", code: "InternalError" },
    });
    const emitter = s3.emitter(inParts);
    const batch = largeBatch();
    await failureFrom(deliver(emitter, batch));
    expect(s3.objects()).toEqual([]);
    expect(s3.calls()).toContain("HeadObject 404");
    await deliver(emitter, batch);
    expect(s3.objects()).toHaveLength(1);
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
  });

  it("F06 Complete that was applied and always answers with an error is found done by looking", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "CompleteMultipartUpload",
      phase: "after",
      times: "always",
      effect: { kind: "error", status: 500, code: "InternalError" },
    });
    expect(await deliver(s3.emitter(inParts), largeBatch())).toEqual({ failed: [] });
    expect(s3.objects()).toHaveLength(1);
  });

  it("F07 an answer that never comes ends in a time-out; the late first attempt changes nothing", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ server, operation: "PutObject", effect: { kind: "delay", delayMs: 3_000 } });
    const { attempts: tries } = await deliverStubbornly(
      s3.emitter({ requestTimeoutMs: 1_000 }),
      batchOf([{ a: 1 }]),
      20,
    );
    expect(tries).toBeGreaterThan(1);
    const puts = () => s3.aws.journal.entries({ operation: "PutObject" });
    while (puts().length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(puts().filter((entry) => entry.applied && entry.status !== 412)).toHaveLength(1);
    expect(s3.objects()).toHaveLength(1);
  });

  it("F07 a request body that the server stops reading ends in a time-out and one object", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ server, operation: "PutObject", effect: { kind: "stalled-request", forMs: 60_000 } });
    const batch = batchOf(Array.from({ length: 4 }, () => "x".repeat(2 * MiB)));
    const emitter = s3.emitter({ requestTimeoutMs: 2_000 });
    expect((await failureFrom(deliver(emitter, batch))).name).toBe("TimeoutError");
    await deliverStubbornly(emitter, batch, 20);
    expect(s3.objects()).toHaveLength(1);
  });

  it("F09 throttling by KMS is tried again; a disabled key stops with the cure", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      effect: { kind: "error", status: 400, code: "KMS.ThrottlingException" },
    });
    s3.aws.faults.add({
      server,
      operation: "PutObject",
      nth: 2,
      effect: { kind: "error", status: 400, code: "KMS.DisabledException" },
    });
    const emitter = s3.emitter({ serverSideEncryption: "aws:kms", sseKmsKeyId: "alias/archive" });
    const throttled = await failureFrom(deliver(emitter, batchOf([1])));
    expect(hasCode(throttled, "KC_EMIT_REFUSED")).toBe(false);
    const disabled = await failureFrom(deliver(emitter, batchOf([1])));
    expect(hasCode(disabled, "KC_EMIT_REFUSED")).toBe(true);
    expect(disabled.message).toMatch(/KMS\.DisabledException.*sseKmsKeyId/);
  });

  it("a conflict (409) is tried again, in parts from the start", async () => {
    await using s3 = await startS3();
    for (const operation of ["PutObject", "CompleteMultipartUpload"]) {
      s3.aws.faults.add({
        server,
        operation,
        effect: { kind: "error", status: 409, code: "ConditionalRequestConflict" },
      });
    }
    expect((await deliverStubbornly(s3.emitter(), batchOf([1]), 5)).attempts).toBe(2);
    expect(
      (await deliverStubbornly(s3.emitter({ ...inParts, prefix: "parts" }), largeBatch(), 5)).attempts,
    ).toBe(2);
    expect(s3.calls().filter((call) => call === "CreateMultipartUpload 200")).toHaveLength(2);
    expect(s3.objects()).toHaveLength(2);
    expect(s3.aws.s3.openUploads(BUCKET)).toBe(0);
  });
});

describe("leases and zombies", () => {
  it("F25 the next owner completes a batch whose owner had not written; the zombie's late write changes nothing", async () => {
    await using s3 = await startS3();
    const owner = s3.emitter();
    const nextOwner = s3.emitter({ prefix: "moved" });
    const batch = batchOf([{ a: 1 }]);
    const plan = planOf(owner, batch);
    const inherited = contextOf(plan, { inherited: true });
    expect(await nextOwner.isWritten?.(batch, inherited)).toBe(false);
    await nextOwner.emit(batch, inherited);
    const before = s3.objects();
    await owner.emit(batch, contextOf(plan));
    expect(s3.objects()).toEqual(before);
    expect(s3.calls().slice(-2)).toEqual(["PutObject 412", "HeadObject 200"]);
  });

  it("F25 a zombie whose signal is aborted sends nothing", async () => {
    await using s3 = await startS3();
    const reason = new Error("lease lost");
    expect(
      await failureFrom(deliver(s3.emitter(), batchOf([1]), { signal: AbortSignal.abort(reason) })),
    ).toBe(reason);
    expect(s3.calls()).toEqual([]);
  });

  it("F25 a write under way when the shard is lost rejects at once with the reason", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ server, operation: "PutObject", effect: { kind: "stalled-request", forMs: 60_000 } });
    const lost = new AbortController();
    const reason = new Error("lease lost");
    const emission = failureFrom(deliver(s3.emitter(), batchOf([1]), { signal: lost.signal }));
    while (s3.aws.faults.unfired().length > 0) await new Promise((resolve) => setImmediate(resolve));
    lost.abort(reason);
    expect(await emission).toBe(reason);
  });
});
