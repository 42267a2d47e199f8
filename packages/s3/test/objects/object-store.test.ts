import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "@kinesis-connectors/core";
import { objectStore } from "../../src/objects.js";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";

const context = { signal: new AbortController().signal, logger: silentLogger, clock: systemClock };
const place = { bucket: BUCKET, key: "a/b" };
const type = "application/octet-stream";

let s3: LocalS3;
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(() => s3[Symbol.asyncDispose]());

describe("objects under names that stand for their bytes", () => {
  it("are written once and read back; one that is not there is undefined", async () => {
    const store = objectStore(s3.connection);
    const bytes = Uint8Array.of(1, 2, 3);
    await store.write(place, bytes, type, context);
    await store.write(place, bytes, type, context);
    expect(s3.calls()).toEqual(["PutObject 200", "PutObject 412"]);
    expect(new Uint8Array((await store.read(place, context)) ?? [])).toEqual(bytes);
    expect(await store.read({ bucket: BUCKET, key: "none" }, context)).toBeUndefined();
    store.close();
  });

  it("are written over where the store knows no conditional writes, in parts too", async () => {
    const store = objectStore({ ...s3.connection, multipartAboveBytes: 2 });
    s3.aws.faults.add({
      server: "s3",
      operation: "CompleteMultipartUpload",
      effect: { kind: "error", status: 501, code: "NotImplemented" },
      times: 1,
    });
    await store.write(place, Uint8Array.of(1, 2, 3), type, context);
    await store.write(place, Uint8Array.of(1, 2, 3), type, context);
    expect(s3.objects().map(({ key, body }) => [key, body.length])).toEqual([["a/b", 3]]);
    store.close();
  });

  it("are tried again by whoever asked, and refused with the cure", async () => {
    const store = objectStore(s3.connection);
    const rule = { server: "s3", operation: "PutObject" } as const;
    s3.aws.faults.add({ ...rule, effect: { kind: "error", status: 403, code: "AccessDenied" }, times: 1 });
    await expect(store.write(place, Uint8Array.of(1), type, context)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(`S3 refused ${BUCKET}/a/b (AccessDenied): grant s3:PutObject`),
    });
    s3.aws.faults.add({ ...rule, effect: { kind: "error", status: 503, code: "SlowDown" }, times: 4 });
    await expect(store.write(place, Uint8Array.of(1), type, context)).rejects.toThrow("SlowDown");
    await store.write(place, Uint8Array.of(1), type, context);
    await expect(store.read({ bucket: "nobody-has-it", key: "a" }, context)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
    });
    store.close();
  });
});
