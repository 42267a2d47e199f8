import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { awsExtended, claimCheckStore, type ClaimCheckStoreOptions, lifion } from "@kinesis-connectors/s3";
import { failureFrom, thrownBy } from "@kinesis-connectors/testkit";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";

const payload = Buffer.from(JSON.stringify({ id: 1, text: "x".repeat(1_000) }));
const sha256 = createHash("sha256").update(payload).digest("hex");
const storeOf = (s3: LocalS3, options: Partial<ClaimCheckStoreOptions> = {}) =>
  claimCheckStore({ ...s3.connection, bucket: BUCKET, prefix: "large", pointer: awsExtended(), ...options });

describe("claimCheckStore()", () => {
  it("stores a payload under its hash, with a checksum, and gives the record that stands for it", async () => {
    await using s3 = await startS3();
    const options = {
      contentType: "application/json",
      serverSideEncryption: "AES256",
      tags: { kind: "order" },
    } as const;
    const pointer = await storeOf(s3, options)(payload, { sha256 });
    expect(awsExtended().read(Buffer.from(pointer))).toEqual({ bucket: BUCKET, key: `large/${sha256}` });
    const [object] = s3.objects();
    expect(object?.key).toBe(`large/${sha256}`);
    expect(object?.body.equals(payload)).toBe(true);
    expect(object?.headers["content-type"]).toBe("application/json");
    expect(s3.calls()).toEqual(["PutObject 200"]);
  });

  it("gives lifion-kinesis the eTag without its quotes", async () => {
    await using s3 = await startS3();
    const pointer = await storeOf(s3, { pointer: lifion(), prefix: "" })(payload, { sha256 });
    expect(JSON.parse(String(pointer))).toEqual({
      "@S3Item": { bucket: BUCKET, eTag: createHash("md5").update(payload).digest("hex"), key: sha256 },
    });
  });

  it("the same payload is the same object, whatever became of the reply", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ operation: "PutObject", times: 2, effect: { kind: "reply-lost" } });
    const first = await storeOf(s3)(payload, { sha256 });
    expect(await storeOf(s3)(payload, { sha256 })).toBe(first);
    expect(s3.objects()).toHaveLength(1);
    expect(s3.aws.faults.unfired()).toEqual([]);
  });

  it.each([
    [{ status: 500, code: "InternalError" }, "KC_LOOKUP_FAILED", /did not answer for a payload in "clicks"/],
    [{ status: 403, code: "AccessDenied" }, "KC_LOOKUP_REFUSED", /grant s3:PutObject on the prefix/],
    [{ status: 404, code: "NoSuchBucket" }, "KC_LOOKUP_REFUSED", /correct `bucket`/],
  ] as const)("an S3 that says %j", async (effect, code, message) => {
    await using s3 = await startS3();
    s3.aws.faults.add({ operation: "PutObject", times: "always", effect: { kind: "error", ...effect } });
    const error = await failureFrom(storeOf(s3)(payload, { sha256 }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(s3.objects()).toEqual([]);
  });

  it("needs a pointer that can be written", () => {
    const pointer = { beginnings: ["{"], read: () => undefined };
    const options = { region: "eu-central-1", bucket: BUCKET, pointer };
    expect(thrownBy(() => claimCheckStore(options))).toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("write"),
    });
  });
});
